"""`midwatch ready`: who may carry the pager, what is missing, and what would help."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot import settings
from bot.errors import BadInput, NotAllowed
from bot.model.value import moment, rfc3339

if TYPE_CHECKING:
    from bot.drills.readiness.desk import Desk, Next
    from bot.drills.repetition.choose import Offer
    from bot.model.readiness import Readiness, Rotation

T = TypeVar("T")

app = typer.Typer(help="Who may carry the pager, and what is missing.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
OfRotation = Annotated[str | None, typer.Option("--rotation", help="Which rotation, where there are several.")]


@dataclass(frozen=True)
class Opened:
    desk: Desk
    chosen: settings.Settings
    now: datetime


@app.command()
def show(
    person: Annotated[str, typer.Argument(help="Whose readiness: an id, an email or a login of the rotation.")],
    viewer: Annotated[str | None, typer.Option("--as", help="Who asks: the person (by default) or their mentor.")] = None,
    rotation: OfRotation = None,
    as_json: Json = False,
) -> None:
    """Show one person's gate and levels, to them and their mentor."""

    async def go() -> Readiness:
        async with _opened(rotation) as opened:
            return await opened.desk.show(person, viewer or person, opened.now)

    found = _run(go())
    if as_json:
        _print(found.model_dump(mode="json"))
        return
    from bot.terminal.readiness import readiness_view

    _show(readiness_view(found))


@app.command("next")
def next_(
    person: Annotated[str, typer.Argument(help="Who wants to drill.")],
    rotation: OfRotation = None,
    as_json: Json = False,
) -> None:
    """Name the drills that would help this person most, and when they may be asked."""

    async def go() -> Next:
        async with _opened(rotation) as opened:
            return await opened.desk.next(person, _library(opened.chosen), opened.now)

    found = _run(go())
    if as_json:
        drills = [{"scenario": one.scenario, "drill_type": one.drill_type.value, "minutes": one.minutes} for one in found.drills]
        _print({"drills": drills, "wait": found.wait, "free_at": rfc3339(found.free_at) if found.free_at is not None else None})
        return
    if found.wait is not None:
        when = f"from {found.free_at:%Y-%m-%d %H:%M} UTC on" if found.free_at is not None else "not within sixty days"
        typer.echo(f"not now ({found.wait}): {when}")
    typer.echo("\n".join(f"midwatch drill run {one.scenario}  # {one.minutes:g} min" for one in found.drills) or "nothing is due")


@app.command()
def team(rotation: OfRotation = None, as_json: Json = False) -> None:
    """Show a team of four or more people in figures that name nobody."""

    async def go() -> object:
        from bot import checks

        async with _opened(rotation) as opened:
            return await opened.desk.team([check.slug for check in checks.load()], opened.now)

    found = _run(go())
    from bot.drills.readiness.team import TeamView

    assert isinstance(found, TeamView)
    if as_json:
        _print(found.model_dump(mode="json") | {"covered_share": round(found.coverage.share, 4)})
        return
    from bot.terminal.readiness import team_table

    _show(team_table(found))


@app.command()
def week(
    viewer: Annotated[str | None, typer.Option("--as", help="Who asks: sees the details of their own and of whom they mentor.")] = None,
    rotation: OfRotation = None,
    as_json: Json = False,
) -> None:
    """Read the rotation and say who of next week's primaries lacks what. Shifts that ended are remembered."""
    from bot.drills.readiness.desk import Week

    async def go() -> tuple[Week, Rotation, tuple[str, ...]]:
        from bot.backends.rotations import roster

        async with _opened(rotation) as opened, roster(opened.desk.rotation, opened.chosen.rotation_tokens) as duty:
            found = await opened.desk.week(duty, _library(opened.chosen), opened.now)
            until = opened.now.timestamp() + 7 * 86400
            return found, opened.desk.rotation, await duty.strangers(opened.now.timestamp(), until)

    found, of, strangers = _run(go())
    lines = [_said(of, viewer, one.person, one.text, one.public) for one in found.notices]
    if as_json:
        _print(_document(found, of, viewer, strangers))
        return
    for name in strangers:
        typer.echo(f"{of.name}: {_line(name)} is on the rotation and not in its file", err=True)
    ready = len(found.shifts) - len(found.notices)
    typer.echo(
        "\n".join([*lines, f"{ready} of {len(found.shifts)} primary shifts of the coming week are with somebody whose gate is open."])
    )


def _document(found: object, of: Rotation, viewer: str | None, strangers: tuple[str, ...]) -> dict[str, object]:
    from bot.drills.readiness.desk import Week

    assert isinstance(found, Week)
    notices = []
    for one in found.notices:
        private = _private(of, viewer, one.person)
        notices.append(
            one.model_dump(mode="json") if private else {"person": one.person, "text": one.public, "standing": one.standing.value}
        )
    shifts = [shift.model_dump(mode="json") for shift in found.shifts]
    return {"rotation": of.name, "notices": notices, "shifts": shifts, "remembered": found.new_shifts, "strangers": list(strangers)}


def _said(of: Rotation, viewer: str | None, person: str, text: str, public: str) -> str:
    return text if _private(of, viewer, person) else public


def _private(of: Rotation, viewer: str | None, person: str) -> bool:
    from bot.drills.readiness.team import may_read

    asks = of.person(viewer or "")
    try:
        may_read(asks.id if asks is not None else "", person, of)
    except NotAllowed:
        return False
    return True


@app.command()
def override(
    person: Annotated[str, typer.Argument(help="Who is to carry the pager although their gate is closed.")],
    by: Annotated[str, typer.Option("--by", help="The manager who says so.")],
    why: Annotated[str, typer.Option("--why", help="The reason; it is kept.")],
    rotation: OfRotation = None,
) -> None:
    """Let somebody be primary for seven days. Logged for good."""
    from bot.drills.readiness.gate import OVERRIDE

    async def go() -> str:
        async with _opened(rotation) as opened:
            act = await opened.desk.override(person, by, why, opened.now)
            return f"{act.person} may be primary until {act.at + OVERRIDE:%Y-%m-%d %H:%M} UTC, by {_line(act.by)}: {_line(act.why)}"

    typer.echo(_run(go()))


@app.command()
def access(
    person: Annotated[str, typer.Argument(help="Whose access.")],
    system: Annotated[str, typer.Argument(help="A system of the rotation's file.")],
    rotation: OfRotation = None,
) -> None:
    """Prove access with the person's own token, asked for here and kept nowhere."""

    async def go(token: str) -> None:
        from bot.backends.access_ping import ping

        async with _opened(rotation) as opened:
            url = opened.desk.rotation.systems.get(system)
            if url is None:
                raise BadInput(f"is no system of {opened.desk.rotation.name}", place=system[:40])
            await ping(system, url, token)
            await opened.desk.proven(person, system, opened.now)

    _run(go(typer.prompt("Token", hide_input=True, err=True)))
    typer.echo(f"access to {_line(system)} is proven")


def _library(chosen: settings.Settings) -> tuple[Offer, ...]:
    from bot.drills.library import offers_in

    own = chosen.playbooks / "drills"
    return offers_in(own if own.is_dir() else settings.drill_folder())


@asynccontextmanager
async def _opened(rotation: str | None) -> AsyncIterator[Opened]:
    from bot.backends.records import records
    from bot.backends.rotations import rotations
    from bot.drills.readiness.desk import Desk

    chosen = settings.load()
    of = pick(rotations(chosen.playbooks), rotation)
    async with records(chosen.sqlalchemy_url) as kept:
        yield Opened(Desk(of, kept.marks, kept.readiness, kept.outcomes), chosen, moment(time.time()))


def pick(known: tuple[Rotation, ...], wanted: str | None) -> Rotation:
    """The rotation asked for, or the only one there is."""
    names = ", ".join(one.name for one in known) or "none: playbooks/rotations has no file"
    found = [one for one in known if wanted in (None, one.name)]
    if len(found) != 1:
        raise BadInput(
            f"which rotation? There are: {names}" if wanted is None else f"no such rotation; there are: {names}", place="--rotation"
        )
    return found[0]


def _run(work: Coroutine[object, object, T]) -> T:
    """What somebody may not read or do is a wrong request, not a fault of ours."""
    try:
        return asyncio.run(work)
    except NotAllowed as error:
        raise BadInput(str(error)) from None


def _show(renderable: object) -> None:
    from rich.console import Console

    Console().print(renderable)


def _print(document: object) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _line(said: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in said)[:200]
