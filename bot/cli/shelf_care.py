"""`midwatch runbooks lint | check | vote`: keep a shelf of runbooks in order."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from bot.errors import BadInput
from bot.shelf import golden as marking
from bot.shelf import trust
from bot.shelf.golden import Golden, Marks
from bot.shelf.lint import Known
from bot.shelf.search import Ranking
from bot.shelf.shelf import Asked

GOLDEN_LIMIT = 10_000  # lines; every one is embedded
COLOURS = {"error": "bold red", "warning": "yellow", "info": "dim"}

Search = Callable[[Path, Sequence[Asked], int], Awaitable[tuple[Ranking, ...]]]


def lint(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of Markdown files.")],
    today: Annotated[str | None, typer.Option("--today", metavar="DATE", help="Count a runbook's age from this day.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with exit code 2 when there is an error among the findings.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """Show what is stale, dead, unfinished or no longer true of runbooks. Findings are no error unless --strict."""
    from bot.shelf.lint import lint as looked_through
    from bot.shelf.read import read_folders

    shelved = read_folders(folders)
    found = looked_through([document.runbook for document in shelved.documents], _known(), _day(today))
    for note in shelved.notes:
        typer.echo(note, err=True)
    if as_json:
        rows = [{"path": f.path, "line": f.line, "rule": f.rule, "severity": f.severity, "claim": f.claim} for f in found]
        typer.echo(json.dumps(rows, ensure_ascii=False))
    else:
        console = Console(soft_wrap=True)
        for one in found:
            place = Text(f"{one.path}:{one.line}  ").append(one.severity, COLOURS[one.severity])
            console.print(place.append(f"  {one.rule}  {one.claim}"))
        console.print(f"{len(shelved.documents)} runbooks, {len(found)} findings.")
    if strict and (worst := next((one for one in found if one.severity == "error"), None)):
        raise BadInput(worst.claim, place=f"{worst.path}:{worst.line}")


def _known() -> Known:
    """The causes, commands and settings of this version, and the services of its playbooks."""
    from bot import checks
    from bot.cli import COMMANDS
    from bot.settings import Settings

    commands: set[str] = set()
    for command in COMMANDS:
        commands.add(command.name)
        if command.group:
            loaded = command.load()
            commands |= {f"{command.name} {one.name or getattr(one.callback, '__name__', '')}" for one in loaded.registered_commands}
    return Known(
        causes=frozenset({check.slug for check in checks.load()} | {"none.mix_shift", "none.noise_or_seasonal"}),
        commands=frozenset(commands),
        settings=frozenset(f"MIDWATCH_{name.upper()}" for name in Settings.model_fields),
    )


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is no date; write 2026-11-21", place="--today") from None


def check(search: Search) -> Callable[..., None]:
    """The command, with the search it asks."""

    def check(
        file: Annotated[Path, typer.Argument(metavar="GOLDEN", help="JSON lines of {id, query, expected: [ids or paths], groups?}.")],
        index_folder: Annotated[Path, typer.Option("--index", help="An index made by `midwatch runbooks index`.")] = Path("var/index"),
        was: Annotated[Path | None, typer.Option("--was", metavar="FILE", help="The marks it must keep; default: beside GOLDEN.")] = None,
        write: Annotated[bool, typer.Option("--write", help="Keep the marks of this run as those to hold.")] = False,
        allowed: Annotated[float, typer.Option("--allowed", min=0.0, max=1.0, help="How much a mark may drop (a share).")] = 0.0,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    ) -> None:
        """Ask golden queries, and fail (exit code 2) when recall dropped or more wrong runbooks are named than before."""
        golden = read_golden(file)
        kept = was or file.with_suffix(".marks.json")
        rankings = asyncio.run(_asked(search, index_folder, golden))
        now = marking.mark(golden, rankings)
        worse = () if write else marking.drops(_marks(kept), now, allowed)
        missed = [one.id for one, ranking in zip(golden, rankings, strict=True) if one.expected and marking.place(one, ranking) != 1]
        if write:
            kept.write_text(now.model_dump_json(indent=1) + "\n", encoding="utf-8")
        if as_json:
            typer.echo(json.dumps({**now.model_dump(), "not_first": missed}))
        else:
            typer.echo("  ".join(f"{name} {value}" for name, value in now.model_dump().items()))
            typer.echo(f"not first: {', '.join(missed) or 'none'}")
        if worse:
            said = ", ".join(f"{drop.mark} was {drop.was:.3f}, is {drop.now:.3f}" for drop in worse)
            raise BadInput(f"the shelf got worse: {said} (n={now.n}, without a runbook {now.n_none})", place=str(file))

    return check


async def _asked(search: Search, index_folder: Path, golden: Sequence[Golden]) -> tuple[Ranking, ...]:
    return await search(index_folder, [one.asked for one in golden], marking.DEEP)


def read_golden(file: Path) -> list[Golden]:
    """BadInput names the line."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read: {error}", place=str(file)) from None
    if len(lines) > GOLDEN_LIMIT:
        raise BadInput(f"more than {GOLDEN_LIMIT} lines", place=str(file))
    found = [_golden(text, f"{file}:{number}") for number, text in enumerate(lines, start=1) if text.strip()]
    if not found:
        raise BadInput("no golden queries", place=str(file))
    return found


def _golden(text: str, place: str) -> Golden:
    try:
        row: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error.msg}", place=place) from None
    if not isinstance(row, dict) or not isinstance(row.get("query"), str):
        raise BadInput("expected {id, query, expected, groups?} with a text under query", place=place)
    for key in ("expected", "groups"):
        if not isinstance(row.get(key, []), list) or not all(isinstance(one, str) for one in row.get(key, [])):
            raise BadInput(f"{key} must be a list of texts", place=place)
    return Golden(str(row.get("id", place)), Asked(row["query"], frozenset(row.get("groups", []))), frozenset(row.get("expected", [])))


def _marks(file: Path) -> Marks:
    try:
        return Marks.model_validate_json(file.read_bytes())
    except OSError:
        raise BadInput("no marks to hold yet; keep those of today with --write", place=str(file)) from None
    except ValidationError:
        raise BadInput("is not what `midwatch runbooks check --write` keeps", place=str(file)) from None


def vote(
    runbook: Annotated[str, typer.Argument(metavar="ID", help="The runbook's id.")],
    verdict: Annotated[str, typer.Argument(metavar="helped|wrong|outdated")],
    index_folder: Annotated[Path, typer.Option("--index", help="The index whose search shall mind it.")] = Path("var/index"),
    note: Annotated[str, typer.Option("--note", help="Why, for the owner.")] = "",
    user: Annotated[str | None, typer.Option("--user", help="Who says so; default: the user of this machine.")] = None,
) -> None:
    """Say whether a runbook helped. Votes against it lower its standing in search; each person counts once."""
    from bot.shelf import index

    if runbook not in {entry.runbook.id for entry in index.read(index_folder).documents}:
        raise BadInput(f"no runbook of this id in {index_folder}", place=runbook[:100])
    at = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        cast = trust.RunbookVote.model_validate(
            {"runbook": runbook, "user": user or getpass.getuser(), "verdict": verdict, "at": at, "note": note}
        )
    except ValidationError:
        raise BadInput(f"{verdict[:40]!r} is none of helped, wrong, outdated", place="runbooks vote") from None
    trust.add(index_folder, cast)
    typer.echo(f"{runbook}: trust {trust.trust(trust.votes(index_folder)).get(runbook, 1.0):.2f}")
