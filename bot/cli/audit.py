"""`midwatch audit export | check`: the append-only log of who did what, out of the configured database."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.errors import BadInput
from bot.model.value import moment, rfc3339

if TYPE_CHECKING:
    from bot.backends.records.audit import SqlAudit

app = typer.Typer(help="Read the log of who did what.", no_args_is_help=True)

_Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command()
def export(
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="RFC 3339, included.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="RFC 3339, excluded.")] = None,
    as_json: _Json = False,
) -> None:
    """One JSON object a line, oldest first; each with its digest and that of the line before."""
    asyncio.run(_export(_time(since, "--since", float("-inf")), _time(until, "--until", float("inf")), as_json))


@app.command()
def check(as_json: _Json = False) -> None:
    """Whether every line stands as it was written and none was taken out of the middle."""
    number = asyncio.run(_check())
    if as_json:
        typer.echo(json.dumps({"sound": number is None, "broken_at": number}))
    elif number is None:
        typer.echo("The audit log is sound.")
    else:
        raise BadInput(f"line {number} was altered, or a line before it is missing", place="audit log")


async def _export(since: float, until: float, as_json: bool) -> None:
    async with _opened() as audit:
        if as_json:
            typer.echo(json.dumps([_told(row) async for row in audit.lines(since, until)], ensure_ascii=False))
            return
        async for row in audit.lines(since, until):
            typer.echo(json.dumps(_told(row), ensure_ascii=False))


async def _check() -> int | None:
    async with _opened() as audit:
        return await audit.broken_at()


@asynccontextmanager
async def _opened() -> AsyncIterator["SqlAudit"]:
    """BadInput where there is no database yet: this command makes none."""
    from bot import settings
    from bot.backends.records import records

    chosen = settings.load()
    if chosen.database_url is None and not await asyncio.to_thread((chosen.home / "midwatch.db").is_file):
        raise BadInput("there is no database here yet", place=str(chosen.home))
    async with records(chosen.sqlalchemy_url) as kept:
        yield kept.audit


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "at": rfc3339(moment(row["at"]))}


def _time(text: str | None, place: str, default: float) -> float:
    if text is None:
        return default
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput("is no RFC 3339 time", place=place) from None
    if at.tzinfo is None:
        raise BadInput("needs a zone, such as Z", place=place)
    return at.timestamp()
