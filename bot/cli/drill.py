"""`midwatch drill`: practise the diagnosis itself. Evidence is shown only when it is asked for; the mark explains every point."""

from __future__ import annotations

import asyncio
import secrets
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from bot.cli.drill_disputes import disputes
from bot.cli.drill_schedule import schedule
from bot.cli.drill_workshop import workshop
from bot.drills.answered import engine, expert, naive
from bot.drills.exercise import Exercise, Workshop
from bot.drills.marking.answer_reader import read_answers
from bot.drills.marking.answers import Answers
from bot.drills.scenarios.recipe import Recipe, frozen, recipes
from bot.drills.table import laid
from bot.errors import BadInput
from bot.settings import drill_folder
from bot.simulator.splits import causes as known_causes

app = typer.Typer(help="Practise the diagnosis on incidents whose truth is known.", no_args_is_help=True)
app.command("schedule")(schedule)
app.command("disputes")(disputes)

FRESH = 1 << 31  # seeds of drills that nobody asked for by number

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Folder = Annotated[Path | None, typer.Option("--drills", metavar="DIR", help="Folder of recipes; those of Midwatch by default.")]


@app.command("list")
def list_(as_json: Json = False, folder: Folder = None) -> None:
    """Name the drills. The names say nothing of what is wrong."""
    home = folder or drill_folder()
    rows = [_row(one) for one in (recipes(home) if home else ())]
    rows += [{"name": path.name, "type": "D5", "title": "A frozen incident", "minutes": 10, "competencies": []} for path in _frozen(home)]
    if as_json:
        _print({"drills": rows})
        return
    from bot.terminal.drill import table

    Console().print(table(rows))


def _row(recipe: Recipe) -> dict[str, object]:
    return {
        "name": recipe.name,
        "type": recipe.type.value,
        "title": recipe.title,
        "minutes": recipe.takes_minutes,
        "competencies": [one.value for one in recipe.competencies],
    }


def _frozen(home: Path | None) -> tuple[Path, ...]:
    return frozen(home) if home else ()


@app.command("causes")
def causes(as_json: Json = False) -> None:
    """Name the causes that an answer may name."""
    _print({"causes": list(known_causes())}) if as_json else typer.echo("\n".join(known_causes()))


@app.command("run")
def run(
    scenario: Annotated[str | None, typer.Argument(help="A name of `drill list`, a recipe, or a bundle with its truth.")] = None,
    answers: Annotated[Path | None, typer.Option("--answers", metavar="FILE", help="Mark these answers (YAML or JSON).")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Which of the recipe's incidents; a new one by default.")] = None,
    as_json: Json = False,
    folder: Folder = None,
) -> None:
    """Play a drill here, or mark a file of answers. Without a scenario, one is drawn."""
    shop = workshop(folder)
    if answers is not None:
        if scenario is None:
            raise BadInput("which drill are these the answers to?", place="SCENARIO")
        _mark(shop, scenario, answers, seed, as_json)
        return
    if as_json:
        raise BadInput("needs --answers FILE: a drill that is played asks its questions here", place="--json")
    from bot.terminal.drill import play

    chosen = scenario or _any(shop)
    asyncio.run(play(Console(), shop, chosen, secrets.randbelow(FRESH) if seed is None else seed, sys.stdin.readline))


def _any(shop: Workshop) -> str:
    names = [one.name for one in recipes(shop.folder)] if shop.folder else []
    if not names:
        raise BadInput("there are no recipes to draw from", place="--drills")
    return secrets.choice(names)


def _mark(shop: Workshop, scenario: str, file: Path, seed: int | None, as_json: bool) -> None:
    said = read_answers(file)  # before the incident is made: a typing error should not take seconds to be told
    made = asyncio.run(laid(shop, scenario, said.seed if seed is None else seed))
    marked = made.mark(said)
    for note in said.notes:
        sys.stderr.write(f"midwatch: {file}: {note}\n")
    if as_json:
        _print({**marked.document(), "scenario": made.scenario, "drill": made.name, "seed": made.seed, "type": made.type.value})
        return
    from bot.terminal.drill import debriefed

    Console().print(debriefed(made, said, marked))


@app.command("answers")
def answers_of(
    scenario: Annotated[str, typer.Argument(help="A name of `drill list`, a recipe, or a bundle with its truth.")],
    by: Annotated[str, typer.Option("--by", help="expert, engine or ladder.")] = "expert",
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Which of the recipe's incidents.")] = None,
    folder: Folder = None,
) -> None:
    """Print somebody else's answers as a file for `drill run --answers`: spoils the drill."""
    if by not in ("expert", "engine", "ladder"):
        raise BadInput("must be expert, engine or ladder", place="--by")
    made = asyncio.run(workshop(folder).exercise(scenario, seed))
    from bot.drills.marking.written import written

    typer.echo(written(_by(made, by), made.seed), nl=False)


def _by(made: Exercise, by: str) -> Answers:
    if by == "expert":
        return expert(made.key)
    return engine(made.seen.report, made.seen.received_at) if by == "engine" else naive(made.seen.naive)


@app.command("freeze")
def freeze_(
    bundle: Annotated[Path, typer.Argument(metavar="INCIDENT", help="The incident's bundle.")],
    name: Annotated[str, typer.Option("--name", help="What the drill is called; it should not say what was wrong.")],
    cause: Annotated[list[str] | None, typer.Option("--cause", help="What it was; none.* where nothing was. Repeatable.")] = None,
    where: Annotated[list[str] | None, typer.Option("--slice", metavar="DIM=VALUE", help="Whom it hit. May be repeated.")] = None,
    onset: Annotated[str | None, typer.Option("--onset", help="When it began, RFC 3339.")] = None,
    innocent: Annotated[list[str] | None, typer.Option("--innocent", help="Id or object of a change that did not do it.")] = None,
    happened: Annotated[str, typer.Option("--happened", help="Two sentences for the debrief.")] = "",
    to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="Folder of drills; that of Midwatch by default.")] = None,
) -> None:
    """Turn a real incident into a drill: redacted, customers and people renamed."""
    from bot.drills.freeze import freeze

    home = to or drill_folder()
    if home is None:
        raise BadInput("name the folder of drills", place="--to")
    typer.echo(str(freeze(bundle, home, name, _truth(cause or [], where or [], onset, innocent or [], happened))))


def _truth(cause: list[str], where: list[str], onset: str | None, innocent: list[str], happened: str) -> dict[str, object]:
    for one in cause:
        if one not in known_causes():
            raise BadInput(f"unknown cause {one!r}; they are listed by `midwatch drill causes`", place="--cause")
    for one in where:
        if "=" not in one:
            raise BadInput("must be DIM=VALUE", place="--slice")
    quiet = bool(cause) and cause[0].startswith("none.")
    return {
        "verdict": "insufficient_data" if not cause else "no_fault" if quiet else "fault",
        "layer": None if quiet or not cause else cause[0].partition(".")[0],
        "causes": cause,
        "accept": [[one] for one in cause],
        "slice": dict(one.split("=", 1) for one in where),
        "onset": onset,
        "red_herrings": innocent,
        "happened": happened,
    }


def _print(document: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
