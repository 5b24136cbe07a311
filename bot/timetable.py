"""When team drills come due: cron in the team's own time, kept in UTC. The only file that names apscheduler.

APScheduler only wakes this process up. That a due time starts one drill, however many replicas wake up, is the work of `DrillWork`
(a workflow whose id is the due time's key); that none is lost while nobody runs is the work of the ledger, read at every start.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger

from bot.drills.repetition.quiet import STEP, at_night
from bot.errors import BadSettings, SourceUnavailable
from bot.model.readiness import Due, Firing, FiringState, Missed, Schedule
from bot.model.value import moment
from bot.ports import DrillLedger, DrillWork

log = logging.getLogger(__name__)

AGAIN_S = 30.0  # after this a start that could not be stored is tried again
LATE = timedelta(minutes=5)  # a drill started later than that was made up
WIDEST_GAP = timedelta(hours=25)  # wall clocks are read from this much before: no zone ever skipped more than a day
MOST_MISSED = 1_000  # due times looked back at; who was away for longer starts anew

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NUMBERED = re.compile(r"^([0-7])(?:-([0-7]))?(?:/(\d+))?$")


@dataclass(frozen=True)
class Planned:
    """A schedule, and the zone its cron is written in."""

    schedule: Schedule
    zone: str


def occurrences(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """Due times after `after`, in UTC, oldest first. BadSettings when the cron line cannot be read.

    A time that the zone skips in spring comes when the clock would have shown it (02:30 at 03:30); one that it has twice in autumn comes
    once, the first time. The trigger itself works on wall clocks as though they were UTC, where nothing is skipped and nothing twice.
    """
    trigger = _trigger(cron)
    place = ZoneInfo(zone)
    wall = after.astimezone(place).replace(tzinfo=UTC, fold=0) - WIDEST_GAP
    latest = after.astimezone(UTC)
    while (found := trigger.get_next_fire_time(None, wall)) is not None:
        instant = found.replace(tzinfo=place, fold=0).astimezone(UTC)
        if instant > latest:
            latest = instant
            yield instant
        wall = found + timedelta(seconds=1)


def _trigger(cron: str) -> CronTrigger:
    fields = cron.split()
    if len(fields) != 5:
        raise BadSettings("a cron line has five fields: minute hour day month weekday", place=f"cron {cron!r}")
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*":  # cron would take either, APScheduler both; a person means one of them
        raise BadSettings("either the day of the month or the weekday, not both", place=f"cron {cron!r}")
    try:
        return CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=_named(weekday), timezone=UTC)
    except ValueError as error:
        raise BadSettings(f"cannot be read: {error}", place=f"cron {cron!r}") from None


def _named(weekdays: str) -> str:
    """Cron counts from Sunday, APScheduler from Monday: numbers become names."""
    parts = []
    for part in weekdays.lower().split(","):
        numbered = _NUMBERED.match(part)
        if numbered is None:
            parts.append(part)
            continue
        first, last, step = int(numbered[1]), int(numbered[2] or numbered[1]), int(numbered[3] or 1)
        if last < first or step < 1:
            raise ValueError(f"weekdays {part}")
        parts += [_DAYS[day] for day in range(first, last + 1, step)]
    return ",".join(dict.fromkeys(parts))


class Timetable:
    """`clock` gives epoch seconds; APScheduler waits for what is left until the due time by that clock."""

    def __init__(self, planned: Sequence[Planned], ledger: DrillLedger, work: DrillWork, clock: Callable[[], float] = time.time) -> None:
        self._planned = {one.schedule.id: one for one in planned}
        self._ledger = ledger
        self._work = work
        self._clock = clock
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "max_instances": 1})

    async def open(self) -> None:
        """Settle what was missed, then plan what comes. BadSettings when a cron line never comes due."""
        self._scheduler.start()
        for one in self._planned.values():
            now = moment(self._clock())
            await self._settle(one, now)
            await self._plan(one, now)

    def close(self) -> None:
        self._scheduler.shutdown(wait=False)

    async def _settle(self, one: Planned, now: datetime) -> None:
        """Of the due times nobody was there for, the newest is made up where the rule says so; the rest is dropped."""
        schedule = one.schedule
        since = await self._ledger.since(schedule.id, schedule.cron, one.zone, now.timestamp())
        known = await self._ledger.firings(schedule.id)
        last = max([moment(since), *(firing.due.at for firing in known)])
        missed = [at for at in islice(occurrences(schedule.cron, one.zone, last), MOST_MISSED) if at <= now]
        for at in missed:
            due = Due(schedule=schedule.id, at=at)
            when = self._make_up_at(one, at, now) if at == missed[-1] else None
            if when is None:
                why = "nobody was there to start it" if at == missed[-1] else "a later one was due as well"
                await self._ledger.record(Firing(due=due, state=FiringState.DROPPED, at=now, why=why))
            else:
                self._wake(due, when, again=False)

    def _make_up_at(self, one: Planned, due: datetime, now: datetime) -> datetime | None:
        """At once, or in the team's morning; None where the rule or its hours say that it is dropped."""
        if now - due <= LATE:  # not missed: another replica may be at it this moment
            return now
        if one.schedule.missed is Missed.DROP:
            return None
        until = due + timedelta(hours=one.schedule.within_hours)
        when = now
        while when <= until and at_night(when, one.zone) and not at_night(due, one.zone):
            when += STEP
        return when if when <= until else None

    async def _plan(self, one: Planned, after: datetime) -> None:
        coming = next(occurrences(one.schedule.cron, one.zone, after), None)
        if coming is None:
            raise BadSettings("never comes due", place=f"drill {one.schedule.id}: cron {one.schedule.cron!r}")
        try:
            await self._ledger.plan(one.schedule.id, coming.timestamp())
        except SourceUnavailable as error:  # the plan in the database is for people to read; the drill does not hang on it
            log.warning("the plan of %s was not written: %s", one.schedule.id, error)
        self._wake(Due(schedule=one.schedule.id, at=coming), coming, again=True)

    def _wake(self, due: Due, when: datetime, *, again: bool) -> None:
        """`again`: the schedule's next due time is planned after this one."""
        left = max(0.0, when.timestamp() - self._clock())
        at = datetime.now(UTC) + timedelta(seconds=left)
        self._scheduler.add_job(self._come, DateTrigger(at), args=(due, again), id=due.key, replace_existing=True)

    async def _come(self, due: Due, again: bool) -> None:
        try:
            await self._work.convene(due, made_up=moment(self._clock()) - due.at > LATE)
        except SourceUnavailable as error:
            log.warning("drill %s could not be stored, it is tried again: %s", due.key, error)
            self._wake(due, moment(self._clock() + AGAIN_S), again=again)
            return
        except Exception:  # the next due time must be planned whatever became of this one
            log.exception("drill %s was not started", due.key)
        if again:
            await self._plan(self._planned[due.schedule], due.at)


@asynccontextmanager
async def timetable(
    planned: Sequence[Planned], ledger: DrillLedger, work: DrillWork, clock: Callable[[], float] = time.time
) -> AsyncIterator[Timetable]:
    opened = Timetable(planned, ledger, work, clock)
    try:
        await opened.open()
        yield opened
    finally:
        opened.close()
