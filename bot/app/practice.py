"""Drills: where they are played, when team drills come due, and what is done then."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime

from bot.app.people import Door
from bot.app.upkeep import repeating
from bot.backends.drills_dbos import Convene
from bot.backends.records import Records
from bot.backends.replay import drill_room
from bot.backends.rotations import roster, rotations
from bot.backends.shelf_live import LiveShelf
from bot.drills.library import offers_in
from bot.drills.readiness.desk import Desk
from bot.drills.readiness.weekly import Weekly
from bot.drills.repetition.choose import Offer
from bot.drills.repetition.convene import Convener
from bot.model.readiness import WEEKLY, Due
from bot.model.value import moment
from bot.settings import Settings
from bot.slack import Lesson, Play, people
from bot.slack.readiness import SlackHerald
from bot.timetable import Planned

MARKS_EVERY_S = 20.0  # a mark that could not be sent at once; people wait for it


async def drills(
    stack: AsyncExitStack, settings: Settings, door: Door, kept: Records, shelf: LiveShelf | None, clock: Callable[[], float]
) -> Play | None:
    """Drills in Slack, in a channel of their own; marks that are due are sent while inside, also after a crash."""
    if door.bolt is None or settings.slack_drill_channel is None:
        return None
    room = drill_room(settings.playbooks / "drills", kept.drills, kept.marks, shelf.shelf if shelf is not None else None, clock)
    play = Play(Lesson(room, kept.drills, people.Members(door.bolt.client), door.bolt.client, settings.slack_drill_channel))
    await stack.enter_async_context(repeating(play.deliver, MARKS_EVERY_S, "marks that are due were not sent"))
    return play


async def team_drills(
    settings: Settings, door: Door, kept: Records, play: Play | None, clock: Callable[[], float]
) -> tuple[list[Planned], Convene | None]:
    """What comes due by rotation, and what is done then. BadSettings: a rotation's file cannot be used."""
    known = await asyncio.to_thread(rotations, settings.playbooks)
    if play is None or door.bolt is None:
        return [], None
    known = tuple(one if one.channel else one.model_copy(update={"channel": settings.slack_drill_channel}) for one in known)

    def now() -> datetime:
        return moment(clock())

    def library() -> tuple[Offer, ...]:
        return offers_in(settings.playbooks / "drills")

    convener = Convener(known, library, kept.marks, kept.outcomes, kept.readiness, play, now)
    weekly = Weekly(
        rotations=known,
        desk=lambda one: Desk(one, kept.marks, kept.readiness, kept.outcomes),
        duty=lambda one: roster(one, settings.rotation_tokens),
        offers=library,
        ledger=kept.readiness,
        herald=SlackHerald(door.bolt.client),
        now=now,
    )

    async def convene(due: Due, *, made_up: bool) -> None:
        await (weekly.look if due.schedule.startswith(WEEKLY) else convener.convene)(due, made_up=made_up)

    drills = [Planned(drill, one.zone) for one in known for drill in one.drills]
    return [*drills, *(Planned(one.weekly, one.zone) for one in known if one.sources)], convene
