"""One suite for the book of drills: on the in-memory twin and SQLite always, on PostgreSQL under the marker `real`."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.backends.records import records
from bot.model.drill import OpenDrill
from bot.model.incident import MessageRef
from bot.model.value import moment
from bot.ports import DrillBook
from tests.contract.test_records import _fresh_database
from tests.fakes_drills import MemoryDrills
from tests.postgres import postgres

T0 = 1_772_417_220.0
ANNA, BEN = "UANNA", "UBEN"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.real)])
async def book(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[DrillBook]:
    if request.param == "memory":
        yield MemoryDrills()
        return
    url = f"sqlite+aiosqlite:///{tmp_path / 'midwatch.db'}"
    if request.param == "postgres":
        url = await _fresh_database(request.getfixturevalue("server"))
    async with records(url) as opened:
        yield opened.drills


def a_drill(drill_id: str = "dr-1", seed: int = 7) -> OpenDrill:
    return OpenDrill(id=drill_id, scenario="night-01", seed=seed, channel="#drills", people=(ANNA,), opened_at=moment(T0))


async def test_a_drill_is_opened_once_whoever_asks(book: DrillBook) -> None:
    first = await book.open(a_drill())
    again = await book.open(a_drill(seed=8))
    assert first == again == await book.get("dr-1")
    assert again.seed == 7
    assert again.people == (ANNA,)
    assert await book.get("dr-2") is None


async def test_its_place_is_kept_and_it_is_closed_by_one(book: DrillBook) -> None:
    await book.open(a_drill())
    await book.placed("dr-1", MessageRef(channel="C1", ts="1.2"))
    assert await book.close("dr-1", T0 + 60)
    assert not await book.close("dr-1", T0 + 90)
    assert not await book.close("dr-9", T0)
    stored = await book.get("dr-1")
    assert stored is not None
    assert stored.message == MessageRef(channel="C1", ts="1.2")
    assert stored.closed_at == moment(T0 + 60)


async def test_a_sitting_begins_once_and_remembers_what_was_asked(book: DrillBook) -> None:
    await book.open(a_drill())
    await book.sit("dr-1", ANNA, T0 + 5)
    await book.asked("dr-1", ANNA, "changes")
    await book.asked("dr-1", ANNA, "retrieval")
    assert [await book.hinted("dr-1", ANNA, 2) for _ in range(3)] == [1, 2, 2]
    seat = await book.sit("dr-1", ANNA, T0 + 500)
    assert seat.begun_at == moment(T0 + 5)
    assert seat.asked == ("changes", "retrieval")
    assert seat.hints == 2


async def test_questions_at_the_same_time_are_all_kept(book: DrillBook) -> None:
    await book.open(a_drill())
    await book.sit("dr-1", ANNA, T0)
    await asyncio.gather(*(book.asked("dr-1", ANNA, f"t{n}") for n in range(6)))
    assert sorted((await book.sit("dr-1", ANNA, T0)).asked) == [f"t{n}" for n in range(6)]


async def test_the_first_answer_counts_and_waits_until_it_was_told(book: DrillBook) -> None:
    await book.open(a_drill())
    for person in (ANNA, BEN):
        await book.sit("dr-1", person, T0)
    assert await book.answered("dr-1", BEN, {"layer": "model", "cause": ["a", "b"]}, T0 + 30)
    assert await book.answered("dr-1", ANNA, {"layer": "tool"}, T0 + 40)
    assert not await book.answered("dr-1", BEN, {"layer": "tool"}, T0 + 50)
    assert [one.participant for one in await book.waiting()] == [BEN, ANNA]
    await book.told("dr-1", BEN)
    (left,) = await book.waiting()
    assert left.participant == ANNA
    anna, ben = await book.sittings("dr-1")
    assert ben.answers == {"layer": "model", "cause": ["a", "b"]}
    assert ben.answered_at == moment(T0 + 30)
    assert anna.answers == {"layer": "tool"}


async def test_a_dispute_is_made_once_and_decided_by_somebody_else(book: DrillBook) -> None:
    await book.open(a_drill())
    number = await book.dispute("dr-1", ANNA, "the key is wrong", T0)
    assert number is not None
    assert await book.dispute("dr-1", ANNA, "again", T0) is None
    assert [one.said for one in await book.disputes()] == ["the key is wrong"]
    assert await book.decide(number, ANNA, "I am right", 100.0, T0) is None
    decided = await book.decide(number, BEN, "she is right", 90.0, T0 + 60)
    assert decided is not None
    assert (decided.decided_by, decided.score) == (BEN, 90.0)
    assert await book.decide(number, BEN, "no", None, T0 + 90) is None
    assert await book.disputes() == ()
