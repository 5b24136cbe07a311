"""Due times in UTC, what was missed, and a start that could not be stored. The three replicas are in test_replicas.py."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest

from bot import timetable as table
from bot.drills.repetition.choose import team_of
from bot.drills.repetition.convene import Convener, best_for_all
from bot.errors import BadSettings, SourceUnavailable
from bot.model.readiness import Due, Leave, Missed, Rotation, Schedule
from bot.model.value import moment
from bot.timetable import Planned, occurrences, timetable
from tests.drills.made import DAY, NOW, K, marked, offer, page, person
from tests.fakes_readiness import MemoryDrillWork, MemoryMarks, MemoryPagesTaken, MemoryReadiness, MemoryStage

HOUR = timedelta(hours=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(cron: str, zone: str, after: str, n: int = 3) -> list[str]:
    return [one.strftime("%m-%d %H:%M") for one in islice(occurrences(cron, zone, utc(after)), n)]


CHANGES = [
    (
        "30 10 * * *",
        "Europe/Berlin",
        "2026-03-28T00:00",
        ["03-28 09:30", "03-29 08:30", "03-30 08:30"],
    ),  # an hour earlier in UTC from then on
    ("30 10 * * *", "Europe/Berlin", "2026-10-24T00:00", ["10-24 08:30", "10-25 09:30", "10-26 09:30"]),
    ("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00", ["03-28 01:30", "03-29 01:30", "03-30 00:30"]),  # 02:30 is skipped: 03:30
    ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", ["10-25 00:30", "10-26 01:30", "10-27 01:30"]),  # 02:30 comes twice: the first
    ("30 1 * * *", "America/New_York", "2026-10-31T12:00", ["11-01 05:30", "11-02 06:30", "11-03 06:30"]),
    ("30 2 * * *", "America/New_York", "2026-03-07T12:00", ["03-08 07:30", "03-09 06:30", "03-10 06:30"]),
    ("0,30 2-3 * * *", "America/New_York", "2026-03-08T05:00", ["03-08 07:00", "03-08 07:30", "03-09 06:00"]),  # four times become two
    ("0 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00", ["10-03 15:30", "10-04 15:00", "10-05 15:00"]),  # a change of half an hour
    ("0 12 * * *", "Pacific/Apia", "2011-12-29T00:00", ["12-29 22:00", "12-30 22:00", "12-31 22:00"]),  # a day that never was
    ("0 9 * * 1-5", "UTC", "2026-06-12T12:00", ["06-15 09:00", "06-16 09:00", "06-17 09:00"]),  # cron counts weekdays from Sunday
    ("0 9 * * 0", "UTC", "2026-06-12T12:00", ["06-14 09:00", "06-21 09:00", "06-28 09:00"]),
    ("0 9 * * 7", "UTC", "2026-06-12T12:00", ["06-14 09:00", "06-21 09:00", "06-28 09:00"]),
    ("0 9 * * tue,4", "UTC", "2026-06-12T12:00", ["06-16 09:00", "06-18 09:00", "06-23 09:00"]),
]


@pytest.mark.parametrize(("cron", "zone", "after", "expected"), CHANGES)
def test_due_times_follow_the_teams_clock(cron: str, zone: str, after: str, expected: list[str]) -> None:
    assert due(cron, zone, after) == expected


def test_a_time_inside_the_repeated_hour_has_only_what_is_later() -> None:
    assert due("30 1 * * *", "America/New_York", "2026-11-01T05:45", 1) == ["11-02 06:30"]
    assert due("30 1 * * *", "America/New_York", "2026-11-01T06:45", 1) == ["11-02 06:30"]
    assert due("30 2 * * *", "America/New_York", "2026-03-08T07:15", 1) == ["03-08 07:30"]  # the clock shows 03:15 already


def test_two_years_of_a_daily_drill_have_no_day_twice_and_none_missing() -> None:
    for zone in ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Tokyo"):
        for cron in ("30 1 * * *", "30 2 * * *", "15 3 * * *"):
            found = list(islice(occurrences(cron, zone, utc("2026-01-01T00:00")), 730))
            gaps = {b - a for a, b in pairwise(found)}
            assert gaps <= {DAY, DAY - HOUR, DAY + HOUR, DAY - HOUR / 2, DAY + HOUR / 2}


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 9 * *", "five fields"),
        ("0 9 1 * mon", "not both"),
        ("61 9 * * *", "cannot be read"),
        ("0 9 * * 5-2", "cannot be read"),
        ("a b * d e", "cannot be read"),
    ],
)
def test_a_cron_line_that_cannot_be_read_is_named(cron: str, said: str) -> None:
    with pytest.raises(BadSettings, match=said) as error:
        next(occurrences(cron, "UTC", NOW))
    assert cron in str(error.value)


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now.timestamp()


@asynccontextmanager
async def opened(
    schedule: Schedule, ledger: MemoryReadiness, work: MemoryDrillWork, clock: Callable[[], float], zone: str = "UTC"
) -> AsyncIterator[None]:
    async with timetable([Planned(schedule, zone)], ledger, work, clock):
        await asyncio.sleep(0.15)  # APScheduler wakes up at once what is due at once
        yield


DAILY = Schedule(id="daily", cron="0 10 * * *")


async def test_the_next_due_time_is_planned_and_kept_in_utc() -> None:
    ledger, work = MemoryReadiness(), MemoryDrillWork()
    async with opened(DAILY, ledger, work, Clock(NOW), "Europe/Berlin"):
        assert ledger.plans == {"daily": utc("2026-06-11T08:00").timestamp()}
    assert work.asked == [] and ledger.recorded == {}  # nothing before it was first known was ever missed


async def test_what_comes_due_while_it_runs_is_convened_and_the_next_is_planned() -> None:
    ledger, work = MemoryReadiness(), MemoryDrillWork()
    async with opened(DAILY, ledger, work, Clock(utc("2026-06-10T09:59:59.9"))):
        await asyncio.sleep(0.1)
    assert work.started == {Due(schedule="daily", at=utc("2026-06-10T10:00")).key: False}
    assert ledger.plans["daily"] == utc("2026-06-11T10:00").timestamp()


async def missed(schedule: Schedule, back: str, zone: str = "UTC") -> tuple[dict[str, bool], list[tuple[str, str]]]:
    """First known on the first of June at noon, away until `back` -> what was started (made up?), what was dropped."""
    ledger, work = MemoryReadiness(known={schedule.id: utc("2026-06-01T12:00").timestamp()}), MemoryDrillWork()
    async with opened(schedule, ledger, work, Clock(utc(back)), zone):
        pass
    started = {f"{moment(float(key.split('@')[1])):%m-%d}": made_up for key, made_up in work.started.items()}
    return started, [(f"{one.due.at:%m-%d}", one.why) for one in await ledger.firings(schedule.id)]


async def test_the_newest_missed_one_is_made_up_and_older_ones_are_dropped() -> None:
    started, dropped = await missed(DAILY, "2026-06-04T15:00")
    assert started == {"06-04": True}
    assert dropped == [("06-02", "a later one was due as well"), ("06-03", "a later one was due as well")]


async def test_what_is_too_old_is_dropped() -> None:
    weekly = Schedule(id="daily", cron="0 10 * * tue", within_hours=24)
    assert await missed(weekly, "2026-06-03T09:59") == ({"06-02": True}, [])
    assert await missed(weekly, "2026-06-03T10:01") == ({}, [("06-02", "nobody was there to start it")])


async def test_the_rule_may_be_to_drop() -> None:
    started, dropped = await missed(DAILY.model_copy(update={"missed": Missed.DROP}), "2026-06-02T15:00")
    assert started == {} and dropped == [("06-02", "nobody was there to start it")]


async def test_one_that_is_seconds_late_was_not_missed() -> None:
    started, dropped = await missed(DAILY.model_copy(update={"missed": Missed.DROP}), "2026-06-02T10:00:30")
    assert started == {"06-02": False} and dropped == []


async def test_nothing_is_made_up_in_the_teams_night() -> None:
    ledger, work = MemoryReadiness(known={"daily": utc("2026-06-01T12:00").timestamp()}), MemoryDrillWork()
    async with opened(DAILY, ledger, work, Clock(utc("2026-06-02T23:30"))):  # 23:30; the morning is within the 24 hours
        assert work.asked == [] and ledger.recorded == {}
    short = DAILY.model_copy(update={"within_hours": 14.0})
    assert await missed(short, "2026-06-02T23:30") == ({}, [("06-02", "nobody was there to start it")])  # too old by the morning


async def test_a_recorded_one_is_not_missed_again() -> None:
    ledger, work = MemoryReadiness(), MemoryDrillWork()
    ledger.known["daily"] = utc("2026-06-01T12:00").timestamp()
    for _ in range(2):
        async with opened(DAILY.model_copy(update={"missed": Missed.DROP}), ledger, work, Clock(utc("2026-06-03T15:00"))):
            pass
    assert len(ledger.recorded) == 2 and work.asked == []


async def test_a_start_that_could_not_be_stored_is_tried_again() -> None:
    ledger, work = MemoryReadiness(known={"daily": utc("2026-06-01T12:00").timestamp()}), MemoryDrillWork(down=1)
    clock = Clock(utc("2026-06-02T10:01"))
    async with opened(DAILY, ledger, work, clock):
        assert work.started == {} and len(work.asked) == 1
    async with opened(DAILY, ledger, work, clock):  # or by the next start of the process, whichever comes first
        assert len(work.started) == 1
    assert table.LATE.total_seconds() > table.AGAIN_S


async def test_a_schedule_that_never_comes_due_is_refused() -> None:
    with pytest.raises(BadSettings, match="never comes due"):
        async with opened(Schedule(id="daily", cron="0 10 31 2 *"), MemoryReadiness(), MemoryDrillWork(), Clock(NOW)):
            pass


def rotation(*people, drills=(DAILY,)) -> Rotation:
    return Rotation(name="assistant", zone="UTC", channel="C1", people=people or (person(),), drills=drills)


def convener(
    *people, marks=(), pages=None, offers=None, now: datetime = NOW, down: bool = False
) -> tuple[Convener, MemoryStage, MemoryReadiness]:
    stage, ledger = MemoryStage(), MemoryReadiness()
    library = [offer("D5", "retrieval.timeout"), offer("D5", "tool.loop", K.TOOL)] if offers is None else offers
    made = Convener(
        [rotation(*people)], lambda: library, MemoryMarks(list(marks)), MemoryPagesTaken(pages or {}, down), ledger, stage, lambda: now
    )
    return made, stage, ledger


DUE = Due(schedule="daily", at=NOW)


async def test_everybody_awake_is_asked_and_the_others_are_left_alone_with_the_reason() -> None:
    people = (
        person(id="U1"),
        person(id="U2", zone="Asia/Tokyo"),
        person(id="U3", zone="America/New_York"),
        person(id="U4", leave=(Leave(start=NOW - DAY, end=NOW + DAY),)),
        person(id="U5"),
    )
    made, stage, ledger = convener(*people, pages={"U5": (page(utc("2026-06-10T01:00")),)})
    await made.convene(DUE, made_up=False)
    (drill,) = stage.opened
    assert drill.people == ("U1", "U2") and drill.key == DUE.key and drill.channel == "C1"
    assert dict(drill.left_out) == {"U3": "it is night there", "U4": "on leave", "U5": "was paged in the night"}
    assert [(one.state.value, one.why) for one in ledger.recorded.values()] == [("fired", "2 of 5 asked")]


async def test_with_nobody_to_ask_it_is_dropped() -> None:
    made, stage, ledger = convener(person(zone="America/New_York"))
    await made.convene(DUE, made_up=False)
    assert stage.opened == [] and [one.why for one in ledger.recorded.values()] == ["nobody may be asked now"]


@pytest.mark.parametrize(
    ("due", "offers", "why"),
    [(Due(schedule="gone", at=NOW), None, "the schedule is gone"), (DUE, [offer("D1")], "the library has no drill of the types D5")],
)
async def test_what_cannot_be_asked_is_dropped_and_says_why(due: Due, offers: list | None, why: str) -> None:
    made, stage, ledger = convener(offers=offers)
    await made.convene(due, made_up=False)
    assert stage.opened == [] and [one.why for one in ledger.recorded.values()] == [why]


async def test_without_knowing_whose_night_it_was_nobody_is_drilled() -> None:
    made, stage, ledger = convener(down=True)
    with pytest.raises(SourceUnavailable, match="in the night"):
        await made.convene(DUE, made_up=False)
    assert stage.opened == [] and ledger.recorded == {}


async def test_asked_again_it_is_the_same_drill_recorded_once() -> None:
    made, stage, ledger = convener()
    await made.convene(DUE, made_up=True)
    await made.convene(DUE, made_up=False)
    assert stage.opened[0] == stage.opened[1] and [one.state.value for one in ledger.recorded.values()] == ["made_up"]


def test_the_team_gets_what_is_worth_most_to_all_of_them() -> None:
    knows = [marked("D5", "retrieval.timeout", 2, 95)]
    library = [offer("D5", "retrieval.timeout"), offer("D5", "retrieval.error")]
    assert best_for_all(library, [[], []], team_of((), ()), NOW).cause == "retrieval.timeout"
    assert best_for_all(library, [knows, knows], team_of((), ()), NOW).cause == "retrieval.error"
