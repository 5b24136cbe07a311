"""What people find in Slack outside the incidents' channel: their home tab, and a shortcut on every message."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from bot.app.people import Door
from bot.backends.blind import Blind, Connected
from bot.backends.playbooks import Services
from bot.backends.records import Records
from bot.backends.rotations import rotations
from bot.backends.work_dbos import DbosWork
from bot.drills.library import offers_in
from bot.drills.readiness.desk import Desk
from bot.drills.readiness.own import Own, own
from bot.drills.repetition.choose import Offer
from bot.model.value import moment
from bot.ports import Spans
from bot.settings import Settings
from bot.slack import Home, Play, Shortcut
from bot.slack import incident as buttons
from bot.slack.drill import COMMAND
from bot.web import Meters

Clock = Callable[[], float]


async def home_of(
    settings: Settings, door: Door, kept: Records, spans: Spans, known: Services, play: Play | None, clock: Clock
) -> Callable[[buttons.Desk], Home] | None:
    """None without Slack. BadSettings: a rotation's file cannot be used."""
    if door.bolt is None:
        return None
    client = door.bolt.client
    connected = Connected(
        metrics=settings.prometheus_url is not None,
        runbooks=await asyncio.to_thread(settings.runbooks.is_dir),
        without_prompts=tuple(service.name for service in known.all if service.prompts is None),
        services=len(known.all),
    )
    blind = Blind(connected, spans, kept.past, clock)
    mine = await _own(settings, kept, clock) if play is not None else None
    return lambda desk: Home(desk, client, mine, blind.told, COMMAND)


async def _own(settings: Settings, kept: Records, clock: Clock) -> Callable[[str], Awaitable[tuple[Own, ...]]]:
    teams = await asyncio.to_thread(rotations, settings.playbooks)
    desks = [Desk(one, kept.marks, kept.readiness, kept.outcomes) for one in teams]

    def library() -> Sequence[Offer]:
        return offers_in(settings.playbooks / "drills")

    async def mine(person: str) -> tuple[Own, ...]:
        on_one = any(desk.rotation.person(person) is not None for desk in desks)
        return await own(desks, person, await asyncio.to_thread(library), moment(clock())) if on_one else ()

    return mine


def shortcut_of(
    settings: Settings, door: Door, kept: Records, work: DbosWork, known: Services, meters: Meters
) -> Callable[[buttons.Desk], Shortcut] | None:
    if door.bolt is None:
        return None
    names = tuple(sorted(service.name for service in known.all))
    return lambda desk: Shortcut(desk, kept.intake, work, names, settings.slack_channel, meters.paged)
