"""`midwatch drill schedule`: when team drills come due, and what became of the last ones."""

from __future__ import annotations

import asyncio
import json
import time
from itertools import islice
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from bot.model.value import moment, rfc3339

if TYPE_CHECKING:
    from bot.model.readiness import Firing, Rotation

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
LAST = 10  # firings shown of each drill


def schedule(
    n: Annotated[int, typer.Option("-n", min=1, max=100, help="How many due times of each drill.")] = 3,
    as_json: Json = False,
) -> None:
    """List when team drills come due, in the team's time and in UTC, and what became of the last ones."""
    rotations, fired = asyncio.run(_read())
    planned = _planned(rotations, n)
    if as_json:
        told = [
            {"drill": one.due.schedule, "due_at": rfc3339(one.due.at), "state": one.state.value, "at": rfc3339(one.at), "why": one.why}
            for one in fired
        ]
        typer.echo(json.dumps({"planned": planned, "firings": told}, ensure_ascii=False, indent=2))
        return
    from rich.console import Console

    from bot.terminal.readiness import firings_table

    rows = [(str(one["drill"]), str(one["cron"]), str(one["local"]), str(one["due_at"]), str(one["missed"])) for one in planned]
    Console().print(firings_table(rows, fired) if rows else "no team drill is planned: playbooks/rotations/*.yaml, `drills`")


def _planned(rotations: tuple[Rotation, ...], n: int) -> list[dict[str, object]]:
    from bot.timetable import occurrences

    now = moment(time.time())
    found: list[dict[str, object]] = []
    for rotation in rotations:
        for drill in rotation.drills:
            for at in islice(occurrences(drill.cron, rotation.zone, now), n):
                local = at.astimezone(ZoneInfo(rotation.zone))
                row = {
                    "rotation": rotation.name,
                    "drill": drill.id,
                    "cron": drill.cron,
                    "zone": rotation.zone,
                    "missed": drill.missed.value,
                }
                found.append({**row, "due_at": rfc3339(at), "local": f"{local:%a %Y-%m-%d %H:%M %Z}"})
    return found


async def _read() -> tuple[tuple[Rotation, ...], list[Firing]]:
    from bot import settings
    from bot.backends.records import records
    from bot.backends.rotations import rotations

    chosen = settings.load()
    known = rotations(chosen.playbooks)
    async with records(chosen.sqlalchemy_url) as kept:
        fired = [one for rotation in known for drill in rotation.drills for one in (await kept.readiness.firings(drill.id))[-LAST:]]
    return known, sorted(fired, key=lambda one: (one.due.at, one.due.schedule))
