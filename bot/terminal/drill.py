"""A drill at a terminal: the page, evidence when it is asked for, the answers, the mark and the debrief."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.drills.debrief import efficiency, walk
from bot.drills.exercise import Exercise, Workshop
from bot.drills.marking.answer_reader import understand
from bot.drills.marking.answers import Answers
from bot.drills.marking.mark import Mark
from bot.drills.quiz import Quiz
from bot.drills.table import Drill, laid
from bot.drills.topics import NAMES, TOPICS, hints, shown
from bot.errors import BadInput
from bot.wording.literal import one_line, several_lines

QUESTIONS: tuple[tuple[str, str], ...] = (
    ("layer", "Which layer? model, prompt, retrieval, tool, cost, infra, telemetry; none = no fault; unknown = cannot be told"),
    ("cause", "Which cause? (an id such as retrieval.timeout; several, with commas, where they cannot be told apart)"),
    ("slice", "For whom? (such as tenant=acme-3; everybody)"),
    ("onset", "Since when? (such as 22:04 UTC)"),
    ("evidence", "Two facts that would be false if it were something else (separated by ;)"),
    ("missing", "What can't you see that you would need? (empty: nothing)"),
    ("blamed", "Which change is to blame? (empty: none)"),
    ("action", "First action"),
    ("verify", "How would you see that it worked?"),
    ("status", "One line for the channel, with how sure you are"),
    ("escalation", "Whom do you wake, if anybody?"),
    ("confidence", "How sure are you? 50 to 99 %"),
)
HELP = "Ask for evidence by name, `hint` (costs 5 points), `answer` when you know, `quit`."


def table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    drawn = Table("name", "type", "minutes", "competencies", "about", box=None, pad_edge=False)
    for one in rows:
        drawn.add_row(one["name"], one["type"], str(one["minutes"]), " ".join(one["competencies"]), Text(one["title"]))
    return drawn


async def play(console: Console, shop: Workshop, scenario: str, seed: int, read: Callable[[], str]) -> Mark | None:
    """`read` gives one line of what the person types, "" at its end. None: they left."""
    console.print(Text("Making a fresh incident ...", style="dim"))
    made = await laid(shop, scenario, seed)
    if isinstance(made, Quiz):
        return _quiz(console, made, read)
    console.print(Panel(_page(made), title=f"DRILL {made.name}", subtitle=f"{made.minutes} min", title_align="left"))
    begun = time.monotonic()
    asked, used = _look_around(console, made, read)
    if asked is None:
        return None
    answers = _asked_for_answers(console, read)
    if answers is None:
        return None
    answers = replace(answers, asked=tuple(asked), hints=used, seconds=time.monotonic() - begun)
    marked = made.mark(answers)
    console.print(debriefed(made, answers, marked))
    console.print(Text(f"The same incident again: midwatch drill run {scenario} --seed {seed}", style="dim"))
    return marked


def _quiz(console: Console, made: Quiz, read: Callable[[], str]) -> Mark | None:
    console.print(Panel(Text("\n".join(made.shown)), title=f"DRILL {made.name}", subtitle=f"{made.minutes} min", title_align="left"))
    said: dict[str, object] = {}
    for blank in made.blanks:
        console.print(Text(f"{blank.asks}\n> ", style="bold"), end="")
        line = read()
        if not line:
            return None
        said |= {blank.key: line.strip()} if line.strip() else {}
    try:
        answers = understand(said, "answer")
    except BadInput as error:
        console.print(Text(str(error), style="red"))
        return None
    marked = made.mark(answers)
    console.print(debriefed(made, answers, marked))
    return marked


def _page(made: Exercise) -> Text:
    page = made.seen.page
    told = made.recipe.told if made.recipe else ""
    lines = [one_line(page.title, 200), several_lines(page.description or "", 600), several_lines(told, 1200)]
    return Text("\n".join(line for line in lines if line) + "\n\nThis is a drill: nobody is paged, and nothing of it is real.")


def _look_around(console: Console, made: Exercise, read: Callable[[], str]) -> tuple[list[str] | None, int]:
    """What was asked for, and how many hints; (None, _) when the person left."""
    asked: list[str] = []
    used = 0
    console.print(Text("\n".join(f"{one.name:<10} {one.asks}" for one in TOPICS)))
    while True:
        console.print(Text(f"{HELP}\n> ", style="bold"), end="")
        line = read()
        word = line.strip().casefold()
        if not line or word in ("quit", "q"):
            return None, used
        if word == "answer":
            return asked, used
        if word == "hint":
            ready = hints(made)
            console.print(Text(ready[used] if used < len(ready) else "There are no more hints.", style="yellow"))
            used = min(used + 1, len(ready))
        elif word in NAMES:
            asked.append(word)
            console.print(Text("\n".join(shown(made, word))))
        elif word:
            console.print(Text(f"There is no such evidence; there are {', '.join(NAMES)}.", style="dim"))


def _asked_for_answers(console: Console, read: Callable[[], str]) -> Answers | None:
    """One question after the other; what cannot be read is asked again."""
    said: dict[str, object] = {}
    for key, question in QUESTIONS:
        while True:
            console.print(Text(f"{question}\n> ", style="bold"), end="")
            line = read()
            if not line:
                return None
            try:
                said = said | answered(key, line)
                understand(said, "answer")
            except BadInput as error:
                said.pop(key, None)
                console.print(Text(str(error), style="red"))
            else:
                break
    return understand(said, "answer")


def answered(key: str, line: str) -> dict[str, object]:
    """What was typed under a question, as a key of the answers file; {} where nothing was."""
    text = line.strip()
    if not text:
        return {}
    if key == "evidence":
        return {key: [part.strip() for part in text.split(";") if part.strip()]}
    if key in ("cause", "missing", "blamed"):
        listed = [part.strip() for part in text.split(",") if part.strip()]
        return {key: listed[0] if len(listed) == 1 else listed}
    if key == "slice" and "=" in text:
        return {key: dict(part.strip().split("=", 1) for part in text.split(",") if "=" in part)}
    return {key: text}


def debriefed(made: Drill, answers: Answers, marked: Mark) -> RenderableType:
    """The mark with its reasons, then the walk an expert would have taken."""
    points = Table("part", "points", "why", "evidence", box=None, pad_edge=False)
    for one in marked.parts:
        given = f"{one.points:g}" + (f" of {one.of:g}" if one.of else "")
        points.add_row(one.name, given, Text(one_line(one.why, 300)), Text(" ".join(one.evidence)))
    word, colour = ("passed", "bold green") if marked.passed else ("not passed", "bold red")
    verdict = Text(f"{marked.score:g} of 100: {word}", style=colour)
    if isinstance(made, Quiz):
        return Group(verdict, points)
    steps = Text("\n".join(f"{place}. {step}" for place, step in enumerate(walk(made), start=1)))
    asked = Text(efficiency(made, answers.asked), style="dim")
    return Group(verdict, points, Panel(steps, title="What an expert would have done", title_align="left"), asked)
