"""When a person is left alone: at night, the day after a night page, on leave, and when this week's share is done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.model.drill import DrillType, MarkedDrill
from bot.model.readiness import Person, RealPage

NIGHT_FROM, NIGHT_TO = time(22, 0), time(7, 0)  # local, where the person is
AFTER_NIGHT_PAGE = timedelta(hours=24)
DAILY_MINUTES = 5.0
WEEK = timedelta(days=7)  # the load is counted over a week: one 2am page alone takes ten minutes
JITTER = timedelta(minutes=30)  # drills must not come to everybody at once, nor at an hour that can be waited for
STEP = timedelta(minutes=15)  # how finely the next free moment is looked for
HORIZON = timedelta(days=60)  # somebody away for longer is asked about on their return

MINUTES = {
    DrillType.FLASH_CARD: 1.0,
    DrillType.TRACE_READ: 3.0,
    DrillType.PAIRS: 3.0,
    DrillType.TWO_WINDOWS: 3.0,
    DrillType.PAGE: 10.0,
    DrillType.RED_HERRING: 8.0,
    DrillType.ROLLBACK: 10.0,
    DrillType.COST_BURN: 8.0,
    DrillType.TELEMETRY_GAP: 8.0,
    DrillType.WHEEL: 45.0,
}
"""What a drill of a type takes (catalogue 5.2)."""


def at_night(at: datetime, zone: str) -> bool:
    """Whether that is night in the zone, whatever the offset is on that day."""
    local = at.astimezone(ZoneInfo(zone)).time()
    return local >= NIGHT_FROM or local < NIGHT_TO


def why_not(person: Person, at: datetime, pages: Iterable[RealPage], drills: Iterable[MarkedDrill] = ()) -> str | None:
    """Why this person gets no drill at that moment, in words; None when they may."""
    if any(leave.start <= at < leave.end for leave in person.leave):
        return "on leave"
    if at_night(at, person.zone):
        return "it is night there"
    nightly = (page.at for page in pages if at_night(page.at, person.zone))
    if any(timedelta() <= at - page < AFTER_NIGHT_PAGE for page in nightly):
        return "was paged in the night"
    if minutes_of_week(drills, at) >= DAILY_MINUTES * WEEK.days:
        return "has done this week's share"
    return None


def next_free(person: Person, at: datetime, pages: tuple[RealPage, ...], drills: tuple[MarkedDrill, ...] = ()) -> datetime | None:
    """The first moment from `at` on when this person may be asked; None when there is none in sixty days."""
    moment = at
    while moment - at <= HORIZON:
        if why_not(person, moment, pages, drills) is None:
            return moment
        moment += STEP
    return None


def minutes_of_week(drills: Iterable[MarkedDrill], at: datetime) -> float:
    """Minutes of the drills in the seven days before `at`. A wheel is an appointment of a group and does not count."""
    recent = (one for one in drills if timedelta() <= at - one.at < WEEK and one.drill_type is not DrillType.WHEEL)
    return sum(MINUTES[one.drill_type] for one in recent)


def jittered(person: str, at: datetime) -> datetime:
    """Later by up to half an hour, by who it is and which day: the same in every replica, and not to be waited for."""
    digest = hashlib.sha256(f"{person}@{at.date().isoformat()}".encode()).digest()
    return at + JITTER * (int.from_bytes(digest[:4], "big") / 2**32)
