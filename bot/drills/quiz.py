"""The short drills: flash cards, a trace to read, two incidents that look alike, two windows, a rollback. Marked exactly."""

from __future__ import annotations

from dataclasses import dataclass

from bot.drills.exercise import Exercise
from bot.drills.marking import saying
from bot.drills.marking.answers import Answers
from bot.drills.marking.mark import Mark, closed
from bot.drills.marking.words import words
from bot.drills.scenarios.recipe import Recipe
from bot.drills.topics import shown
from bot.engine.groups import GROUPS
from bot.engine.needs import path_of
from bot.errors import BadInput
from bot.model.change import Change
from bot.model.drill import DrillType, Part
from bot.model.report import Verdict

QUIZZES = frozenset({DrillType.FLASH_CARD, DrillType.TRACE_READ, DrillType.PAIRS, DrillType.TWO_WINDOWS, DrillType.ROLLBACK})
WINDOWS = {
    "changed": "it changed",
    "noise": "noise, or the ordinary season",
    "mix_shift": "who asks has changed",
    "insufficient": "too little is known",
}
ALSO = {
    "changed": ("fault",),
    "noise": ("noise_or_seasonal", "no_fault"),
    "mix_shift": ("mix",),
    "insufficient": ("insufficient_data",),
}
"""Other words for the same."""


@dataclass(frozen=True)
class Blank:
    """One question. `accepts`: right answers, as `_plain` writes them; where `loose`, two shared words with one of them are enough."""

    key: str
    asks: str
    accepts: frozenset[str]
    points: float
    why: str
    evidence: tuple[str, ...] = ()
    loose: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quiz:
    """`shown`: what is looked at, line by line."""

    name: str
    scenario: str
    seed: int
    type: DrillType
    question: str
    shown: tuple[str, ...]
    blanks: tuple[Blank, ...]
    recipe: Recipe
    cause: str | None = None

    @property
    def minutes(self) -> int:
        return self.recipe.takes_minutes

    def mark(self, answers: Answers) -> Mark:
        """Exact; a confidence, where one is said, counts by Brier as everywhere."""
        parts = [_marked(blank, answers) for blank in self.blanks]
        right = parts[0].points == parts[0].of
        parts += [saying.confidence(answers, right)] if answers.confidence is not None else []
        parts += (
            [Part(name="hints", points=saying.HINT * answers.hints, of=0.0, why=f"{answers.hints} hints", evidence=("hints",))]
            if answers.hints
            else []
        )
        return closed(parts, right)


def _marked(blank: Blank, answers: Answers) -> Part:
    said = _said(blank.key, answers)
    plain = _plain(said)
    right = plain in blank.accepts or (blank.loose and any(len(words(said) & words(one)) >= 2 for one in blank.accepts))
    why = f"right: {blank.why}" if right else f"{said[:60] or 'not answered'}; {blank.why}"
    return Part(name=blank.key, points=blank.points if right else 0.0, of=blank.points, why=why, evidence=blank.evidence)


def _said(key: str, answers: Answers) -> str:
    if key == "layer":
        return answers.layer or {Verdict.NO_FAULT: "none", Verdict.INSUFFICIENT: "unknown"}.get(answers.verdict or Verdict.FAULT, "")
    if key == "cause":
        return answers.causes[0] if len(answers.causes) == 1 else ""
    if key == "verify":
        return " ".join((answers.verify, *(one.verify for one in answers.actions)))
    return answers.fields.get(key, "")


def _plain(text: str) -> str:
    return "_".join(text.strip().strip("`'\".").casefold().replace("-", "_").split())


def _accepts(*texts: str) -> frozenset[str]:
    return frozenset(_plain(text) for text in texts if text)


def card(recipe: Recipe) -> Quiz:
    if recipe.card is None:
        raise BadInput("a flash card needs `card`", place=recipe.name)
    one = recipe.card
    letters = tuple(f"{chr(97 + at)}) {choice}" for at, choice in enumerate(one.choices))
    letter = chr(97 + one.choices.index(one.answer))
    blank = Blank("answer", one.question, _accepts(one.answer, letter), 100.0, one.why, ("card",), choices=one.choices)
    return Quiz(recipe.name, recipe.name, 0, recipe.type, one.question, letters, (blank,), recipe)


def windows(made: Exercise, recipe: Recipe) -> Quiz:
    """Before and now, in numbers: did it change, is it noise, has the mix changed, or is too little known?"""
    truth = made.key.truth
    mixed = "none.mix_shift" in truth.causes
    right = {Verdict.FAULT: "changed", Verdict.INSUFFICIENT: "insufficient"}.get(truth.verdict, "mix_shift" if mixed else "noise")
    question = f"Two windows of one signal. What is it? {', '.join(f'{key} ({told})' for key, told in WINDOWS.items())}"
    why = f"it was {right}: {WINDOWS[right]}"
    blank = Blank("answer", question, _accepts(right, *ALSO[right]), 100.0, why, ("F1",), choices=tuple(WINDOWS))
    lines = (*shown(made, "impact"), *shown(made, "course"), *shown(made, "who"))
    return _quiz(made, recipe, question, lines, (blank,))


def rollback(made: Exercise, recipe: Recipe) -> Quiz:
    """Which prompt goes back to which version, and how to see that it worked."""
    edit = _guilty(made)
    if edit is None:
        raise BadInput("no prompt was edited in this incident: a rollback needs one", place=recipe.name)
    wanted = tuple(step.verify for step in made.key.steps if step.verify)
    blanks = (
        Blank("prompt", "Which prompt?", _accepts(edit.object), 35.0, f"it was {edit.object}", (edit.id,)),
        Blank("to", "Back to which version?", _accepts(edit.before or ""), 35.0, f"it ran as {edit.before} before", (edit.id,)),
        Blank("verify", "How do you see that it worked?", frozenset(wanted), 30.0, wanted[0] if wanted else "", ("runbook",), loose=True),
    )
    lines = (*shown(made, "impact"), *shown(made, "prompt"), *shown(made, "changes"))
    return _quiz(made, recipe, "A prompt has to go back, in staging. Which, to what, and how do you see that it worked?", lines, blanks)


def _guilty(made: Exercise) -> Change | None:
    innocent = {one.id for one in made.key.herrings}
    edits = [one for one in made.key.changes if one.kind.value == "prompt" and one.id not in innocent]
    return max(edits, key=lambda one: (one.time, one.id)) if edits else None


def pair(first: Exercise, second: Exercise, recipe: Recipe) -> Quiz:
    """Two look-alikes of one ambiguity group: which field tells them apart, and what is A?"""
    causes = (first.key.truth.causes[0], second.key.truth.causes[0])
    group = next((one for one in GROUPS if set(causes) <= set(one.members)), None)
    if group is None:
        raise BadInput(f"{' and '.join(causes)} are in no ambiguity group", place=recipe.name)
    fields = tuple(path_of(kind, column) for kind, column in group.fields)
    accepted = _accepts(*fields, *(column for _, column in group.fields), *(path.rpartition(".")[2] for path in fields))
    told = tuple(sorted(causes))
    question = f"Two incidents look alike: {' and '.join(told)}, in some order. Which recorded field tells them apart, and which is A?"
    found = tuple(one.id for one in first.key.found[:2])
    blanks = (
        Blank("discriminator", "Which field?", accepted, 50.0, " or ".join(fields), ("catalogue 1.9",)),
        Blank("cause", "What is A?", _accepts(causes[0]), 50.0, f"A was {causes[0]}", found, choices=told),
    )
    lines = tuple(f"{name}  {line}" for name, one in (("A", first), ("B", second)) for line in _facts(one, causes))
    return _quiz(first, recipe, question, lines, blanks)


def _facts(made: Exercise, causes: tuple[str, str]) -> list[str]:
    own = [one for one in made.seen.report.findings if one.check in causes]
    return [*shown(made, "impact"), *(one.claim for one in sorted(own, key=lambda one: one.claim))][:7]


def _quiz(made: Exercise, recipe: Recipe, question: str, lines: tuple[str, ...], blanks: tuple[Blank, ...]) -> Quiz:
    cause = made.key.truth.causes[0] if made.key.truth.causes else None
    return Quiz(made.name, recipe.name, made.seed, recipe.type, question, lines, blanks, recipe, cause)
