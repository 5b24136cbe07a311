"""One suite for what readiness keeps: on the in-memory twins and SQLite always, on PostgreSQL under the marker `real`."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.backends.records import records
from bot.errors import BadInput
from bot.model.incident import Vote
from bot.model.outcome import Course, Milestone, MilestoneKind
from bot.model.readiness import Act, ActKind, Due, Firing, FiringState, Role, Rotation
from bot.model.value import moment
from tests.contract.test_records import T0, _fresh_database, a_page, a_report
from tests.drills.made import DAY, NOW, marked, person, shift
from tests.fakes_readiness import MemoryMarks, MemoryReadiness
from tests.postgres import postgres


@dataclass
class Books:
    marks: Any
    readiness: Any
    opened: Any = None  # the whole Records, where there is a database


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.real)])
async def books(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Books]:
    if request.param == "memory":
        yield Books(MemoryMarks(), MemoryReadiness())
        return
    url = f"sqlite+aiosqlite:///{tmp_path / 'midwatch.db'}"
    if request.param == "postgres":
        url = await _fresh_database(request.getfixturevalue("postgres_url"))
    async with records(url) as opened:
        yield Books(opened.marks, opened.readiness, opened)


async def test_a_mark_is_kept_once_and_reads_back_as_it_was(books: Books) -> None:
    first, second = marked(days_ago=2), marked("D2", "tool.loop", 1, confidence=0.7, seconds=90.0)
    assert await books.marks.keep("p1:U1", second) == 1
    assert await books.marks.keep("p2:U1", first) == 2
    assert await books.marks.keep("p1:U1", first) == 1  # a crash between the mark and its message asks again
    assert await books.marks.marked() == (first, second)
    assert await books.marks.marked((NOW - 1.5 * DAY).timestamp()) == (second,)


async def test_a_corrected_mark_takes_the_place_of_the_disputed_one(books: Books) -> None:
    one, other = marked(score=40.0), marked("D2", "tool.loop")
    await books.marks.keep("p2:U1", other)
    number = await books.marks.keep("p1:U1", one)
    assert await books.marks.disputed() == {}
    await books.marks.dispute(number)
    assert await books.marks.disputed() == {one.scenario: 1}
    better = one.model_copy(update={"score": 80.0, "passed": True})
    await books.marks.correct(number, better)
    assert set(await books.marks.marked()) == {better, other}
    assert await books.marks.disputed() == {one.scenario: 1}
    assert await books.marks.disputed(NOW.timestamp()) == {}


async def test_a_due_time_is_recorded_once(books: Books) -> None:
    due = Due(schedule="weekly", at=NOW)
    fired = Firing(due=due, state=FiringState.FIRED, at=NOW, why="3 of 4 asked")
    late = Firing(due=due, state=FiringState.DROPPED, at=NOW + DAY, why="nobody was there")
    earlier = Firing(due=Due(schedule="weekly", at=NOW - 7 * DAY), state=FiringState.MADE_UP, at=NOW)
    assert await books.readiness.record(fired) is True
    assert await books.readiness.record(late) is False
    assert await books.readiness.record(earlier) is True
    assert await books.readiness.firings("weekly") == (earlier, fired)
    assert await books.readiness.firings("monthly") == ()


async def test_a_schedule_is_known_since_the_first_time_whatever_its_cron_becomes(books: Books) -> None:
    assert await books.readiness.since("weekly", "0 9 * * mon", "UTC", 100.0) == 100.0
    assert await books.readiness.since("weekly", "0 9 * * tue", "Europe/Berlin", 900.0) == 100.0
    await books.readiness.plan("weekly", 1234.0)
    assert await books.readiness.planned() == {"weekly": 1234.0}


async def test_acts_are_kept_in_order_of_time(books: Books) -> None:
    def an_act(who: str, days_ago: float) -> Act:
        return Act(kind=ActKind.OVERRIDE, person=who, by="UBOSS", why="<!channel> \x00", at=NOW - days_ago * DAY)

    for act in (an_act("U1", 1), an_act("U2", 2), an_act("U1", 3)):
        await books.readiness.log(act)
    assert [one.at for one in await books.readiness.acts("U1")] == [NOW - 3 * DAY, NOW - DAY]
    assert [one.person for one in await books.readiness.acts()] == ["U1", "U2", "U1"]


async def test_a_shift_that_ended_is_remembered_when_its_source_has_forgotten_it(books: Books) -> None:
    shadow, primary = shift(Role.SHADOW, 20), shift(Role.PRIMARY, 10, "U2")
    assert await books.readiness.served([primary, shadow]) == 2
    assert await books.readiness.served([shadow]) == 0
    assert await books.readiness.shifts() == (shadow, primary)
    assert await books.readiness.shifts("U2") == (primary,)


async def closed(books: Books, cause: str = "retrieval.timeout", at: float = T0, service: str = "assistant", key: str = "k1") -> str:
    """An incident that was triaged, taken by U1, and resolved twenty minutes later."""
    page = a_page(service=service, dedup_key=key)
    incident = await books.opened.intake.receive(page, delivery_id=None, raw=b"{}", received_at=at)
    await books.opened.incidents.save_report(incident.id, a_report(cause))
    await books.opened.incidents.acknowledge(incident.id, "U1")
    done = a_page(service=service, dedup_key=key, status="resolved")
    await books.opened.intake.receive(done, delivery_id=None, raw=b"{}", received_at=at + 1200)
    return incident.id


def said(incident: str, kind: MilestoneKind, minutes: float, **more: Any) -> Milestone:
    return Milestone(incident=incident, kind=kind, by="U1", at=moment(T0 + 60 * minutes), **more)


@pytest.mark.parametrize("how", ["review", "vote", "none"])
async def test_a_closed_incident_comes_back_with_what_was_said_and_its_label(books: Books, how: str) -> None:
    if books.opened is None:
        return await _twin_of_outcomes()
    incident = await closed(books)
    named = said(incident, MilestoneKind.NAMED, 4, layer="retrieval", evidence=("F1",))
    await books.opened.outcomes.add(named)
    if how != "none":
        await books.opened.incidents.vote(Vote(incident_id=incident, user="U1", right=False, cause="retrieval.error", at=moment(T0 + 1300)))
    if how == "review":
        await books.opened.outcomes.add(said(incident, MilestoneKind.REVIEWED, 3000, layer="tool", cause="tool.error"))
    (course,) = await books.opened.outcomes.courses(T0, T0 + 1201)
    assert course.incident == incident and course.milestones[0] == named
    assert course.told.cause == "retrieval.timeout" and course.told.confidence == 0.91
    label = (course.label.cause, course.label.layer, course.label.source) if course.label else None
    assert label == {"review": ("tool.error", "tool", "review"), "vote": ("retrieval.error", "retrieval", "vote"), "none": None}[how]
    assert await books.opened.outcomes.courses(T0, T0 + 1200) == ()  # half-open
    return None


async def _twin_of_outcomes() -> None:
    from tests.fakes_readiness import MemoryOutcomes

    twin = MemoryOutcomes([Course(incident="INC-1", paged_at=moment(T0), resolved_at=moment(T0 + 1200))])
    named = said("INC-1", MilestoneKind.NAMED, 4, layer="retrieval", evidence=("F1",))
    await twin.add(named)
    (course,) = await twin.courses(T0, T0 + 1201)
    assert course.milestones == (named,) and await twin.courses(T0, T0 + 1200) == ()
    with pytest.raises(BadInput):
        await twin.add(said("INC-9", MilestoneKind.NAMED, 4))


async def test_a_milestone_needs_its_incident(books: Books) -> None:
    if books.opened is None:
        return await _twin_of_outcomes()
    with pytest.raises(BadInput, match="no such incident"):
        await books.opened.outcomes.add(said("INC-99", MilestoneKind.NAMED, 1, layer="tool"))
    return None


async def test_pages_are_counted_for_who_took_them(books: Books) -> None:
    if books.opened is None:  # the twin of PagesTaken holds what a test puts in
        return
    first = await closed(books)
    await closed(books, at=T0 + 9000, service="other", key="k2")
    await books.opened.outcomes.add(said(first, MilestoneKind.REVIEWED, 90, layer="tool", cause="tool.error"))
    rotation = Rotation(name="assistant", zone="UTC", services=("assistant",), people=(person(id="Uada", known_as=("U1",)),))
    taken = await books.opened.outcomes.taken(rotation)
    assert [(one.incident, one.at, one.cause) for one in taken["Uada"]] == [(first, moment(T0), "tool.error")]
    everything = rotation.model_copy(update={"services": ()})
    assert len((await books.opened.outcomes.taken(everything))["Uada"]) == 2
