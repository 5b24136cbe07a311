"""`midwatch drill disputes`: marks that participants call wrong, and a person's word on each."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Annotated

import orjson
import typer

from bot.backends.records import records
from bot.drills.exercise import Workshop
from bot.drills.room import Room
from bot.errors import BadInput
from bot.settings import load
from bot.wording.literal import one_line

Row = dict[str, object]


def disputes(
    decide: Annotated[int | None, typer.Option("--decide", metavar="NUMBER", help="Decide this one.")] = None,
    by: Annotated[str, typer.Option("--by", help="Who decides; not its participant.")] = "",
    why: Annotated[str, typer.Option("--why", help="The decision, in words; it is stored with the mark.")] = "",
    score: Annotated[float | None, typer.Option("--score", min=0, max=100, help="The new score; without it the mark stands.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
) -> None:
    """List disputed marks, or decide one. The database is the service's own."""
    from bot.cli.drill_workshop import workshop

    if decide is not None and not (by and why):
        raise BadInput("a decision needs --by and --why", place="--decide")
    rows = asyncio.run(_disputes(workshop(None), decide, by, why, score))
    if as_json:
        sys.stdout.buffer.write(orjson.dumps({"disputes": rows}, option=orjson.OPT_INDENT_2) + b"\n")
        return
    for row in rows:
        typer.echo(f"{row['number']}  {row['drill']}  {row['participant']}: {one_line(str(row['said']), 160)}")
    if not rows:
        typer.echo("Nothing is disputed.")


async def _disputes(shop: Workshop, decide: int | None, by: str, why: str, score: float | None) -> list[Row]:
    async with records(load().sqlalchemy_url) as kept:
        if decide is None:
            return [one.model_dump(mode="json", exclude_none=True) for one in await kept.drills.disputes()]
        decided = await Room(shop, kept.drills, kept.marks, time.time).decide(decide, by, why, score)
        if decided is None:
            raise BadInput("no such dispute, decided already, or one's own", place=f"--decide {decide}")
        return [decided.model_dump(mode="json", exclude_none=True)]
