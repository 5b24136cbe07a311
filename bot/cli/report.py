"""`midwatch report`: what people say about an incident's course, and the report of a month."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.errors import BadInput
from bot.model.value import moment

if TYPE_CHECKING:
    from bot.drills.outcome.month import Report

app = typer.Typer(help="How incidents went and what drills taught.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command()
def month(
    name: Annotated[str, typer.Argument(metavar="YYYY-MM", help="Which month, in UTC.")],
    to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="Write Markdown with pictures into this folder.")] = None,
    as_json: Json = False,
) -> None:
    """Count a month: incidents, the engine's accuracy on closed ones, drills as questions, coverage."""
    found = asyncio.run(_counted(name))
    if to is not None:
        from bot.drills.outcome.markdown import write

        written = write(found, to)
        typer.echo(str(written), err=as_json)
    if as_json:
        typer.echo(json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=2))
    elif to is None:
        from bot.drills.outcome.markdown import text

        typer.echo("\n".join(line for line in text(found).splitlines() if not line.startswith("![")))


async def _counted(name: str) -> Report:
    from bot import checks, settings
    from bot.backends.records import records
    from bot.backends.rotations import rotations
    from bot.drills.outcome.month import first_needed, report
    from bot.drills.outcome.month import month as the_month

    of = the_month(name)
    chosen = settings.load()
    known = rotations(chosen.playbooks)
    async with records(chosen.sqlalchemy_url) as kept:
        since = first_needed(of).timestamp()
        courses = await kept.outcomes.courses(since, of.end.timestamp())
        drills, disputed = await kept.marks.marked(since), await kept.marks.disputed(since)
        taken = {one.name: await kept.outcomes.taken(one) for one in known}
    return report(of, courses, drills, disputed, known, taken, [check.slug for check in checks.load()])


@app.command()
def note(
    incident: Annotated[str, typer.Argument(help="As the card names it: INC-7.")],
    kind: Annotated[str, typer.Argument(help="named, escalated, mitigated or reviewed.")],
    by: Annotated[str, typer.Option("--by", help="Who says so.")],
    layer: Annotated[str | None, typer.Option("--layer", help="Which layer; none where nothing was wrong.")] = None,
    cause: Annotated[str | None, typer.Option("--cause", help="Which cause of the catalogue; gives the layer too.")] = None,
    evidence: Annotated[list[str] | None, typer.Option("--evidence", help="A finding, trace or link. May be repeated.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="When, RFC 3339; now by default.")] = None,
) -> None:
    """Keep what somebody said about an incident: a layer named, a call for help, relief for users, what the review found."""
    from bot.model.outcome import Milestone, MilestoneKind

    if kind not in tuple(MilestoneKind):
        raise BadInput("must be named, escalated, mitigated or reviewed", place="KIND")
    said_layer = _layer(layer, cause)
    if kind in (MilestoneKind.NAMED, MilestoneKind.REVIEWED) and said_layer is None:
        raise BadInput("needs the layer or the cause", place="--layer")
    when = _moment(at)
    milestone = Milestone(
        incident=incident,
        kind=MilestoneKind(kind),
        by=by,
        at=moment(when),
        layer=said_layer,
        cause=cause,
        evidence=tuple(evidence or ())[:20],
    )
    asyncio.run(_add(milestone))
    typer.echo(f"{incident}: {kind}{f' {cause or said_layer}' if said_layer else ''}")


async def _add(milestone: object) -> None:
    from bot import settings
    from bot.backends.records import records
    from bot.model.outcome import Milestone

    assert isinstance(milestone, Milestone)
    async with records(settings.load().sqlalchemy_url) as kept:
        await kept.outcomes.add(milestone)


def _layer(layer: str | None, cause: str | None) -> str | None:
    from bot import checks

    known = {check.slug: check.layer for check in checks.load()}
    if cause is not None and cause not in known:
        raise BadInput(f"unknown cause {cause[:60]!r}", place="--cause")
    if layer is not None and layer not in known.values():
        raise BadInput(f"must be one of {', '.join(sorted(set(known.values())))}", place="--layer")
    if cause is not None and layer not in (None, known[cause]):
        raise BadInput(f"{cause} is not of that layer", place="--layer")
    return known[cause] if cause is not None else layer


def _moment(at: str | None) -> float:
    from datetime import UTC, datetime

    if at is None:
        return time.time()
    try:
        read = datetime.fromisoformat(at)
    except ValueError:
        raise BadInput("must be RFC 3339, as 2026-03-02T02:07:00Z", place="--at") from None
    return (read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp()
