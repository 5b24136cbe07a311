"""Several people in one drill: what each may see, what is stored, and what is decided by a person."""

import asyncio
from pathlib import Path

import pytest

from bot.drills.debrief import efficiency, walk
from bot.drills.exercise import Exercise
from bot.drills.room import Room
from bot.drills.topics import NAMES, hints, shown
from bot.errors import BadInput
from bot.model.drill import OpenDrill
from tests.drills.shop import shop
from tests.fakes_drills import MemoryDrills
from tests.fakes_readiness import MemoryMarks

ANNA, BEN = "UANNA", "UBEN"
RIGHT = {"layer": "retrieval", "cause": "retrieval.timeout", "slice": {"source_id": "kb-search"}, "evidence": ["F1", "F3"]}


class House:
    def __init__(self, home: Path) -> None:
        self.now = 1_772_417_220.0
        self.book, self.marks = MemoryDrills(), MemoryMarks()
        self.room = Room(shop(home), self.book, self.marks, lambda: self.now)

    async def opened(self) -> OpenDrill:
        return await self.room.open("dr-1", "lost-night", "#drills", (ANNA, BEN))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_no_topic_names_the_cause_and_only_what_is_asked_is_shown(house: House) -> None:
    made = await house.room.drill(await house.opened())
    assert isinstance(made, Exercise)
    for name in NAMES:
        assert not any("retrieval.timeout" in line or "suspect" in line for line in shown(made, name)), name
    assert any("kb-search time out" in line for line in shown(made, "retrieval"))
    assert not any("kb-search time out" in line for name in NAMES if name not in ("retrieval",) for line in shown(made, name))
    assert any("spring-sale-banner" in line for line in shown(made, "changes"))
    assert "retrieval.indexed_at" in " ".join(shown(made, "blind"))


async def test_evidence_is_stored_with_who_asked(house: House) -> None:
    drill = await house.opened()
    await house.room.evidence(drill, ANNA, "changes")
    await house.room.evidence(drill, BEN, "model")
    assert [one.asked for one in await house.book.sittings("dr-1")] == [("changes",), ("model",)]
    with pytest.raises(BadInput, match="no such evidence"):
        await house.room.evidence(drill, ANNA, "answer")


async def test_hints_get_nearer_and_run_out(house: House) -> None:
    drill = await house.opened()
    told = [await house.room.hint(drill, ANNA) for _ in range(4)]
    made = await house.room.drill(drill)
    assert isinstance(made, Exercise)
    assert told == [*hints(made), "There are no more hints."]
    assert "retrieval" in told[2]
    assert "retrieval.timeout" not in " ".join(told)


async def test_an_answer_is_marked_once_with_what_the_room_knows(house: House) -> None:
    drill = await house.opened()
    await house.room.evidence(drill, ANNA, "retrieval")
    await house.room.hint(drill, ANNA)
    house.now += 240
    assert await house.room.answer(drill, ANNA, RIGHT | {"seconds": 1, "hints": 0})
    assert not await house.room.answer(drill, ANNA, {"layer": "tool"})
    (result,) = await house.room.waiting()
    assert result.marked.seconds == 240
    assert {part.name: part.points for part in result.mark.parts}["hints"] == -5
    assert result.sitting.asked == ("retrieval",)
    await house.room.told(result)
    assert await house.room.waiting() == []
    assert [one.score for one in await house.room.mine(ANNA)] == [result.mark.score]
    assert await house.room.mine(BEN) == []


async def test_after_the_answer_nothing_more_is_shown_to_them(house: House) -> None:
    drill = await house.opened()
    await house.room.answer(drill, ANNA, {"layer": "tool"})
    with pytest.raises(BadInput, match="you have answered"):
        await house.room.evidence(drill, ANNA, "changes")
    await house.room.evidence(drill, BEN, "changes")


async def test_a_bad_answer_is_told_and_not_stored(house: House) -> None:
    drill = await house.opened()
    with pytest.raises(BadInput, match="layer"):
        await house.room.answer(drill, ANNA, {"layer": "database"})
    assert await house.book.waiting() == ()


async def test_a_team_sees_scores_from_four_people_on(house: House) -> None:
    drill = await house.opened()
    for number in range(4):
        tally = await house.room.tally(drill)
        assert (tally.answered, tally.mean, tally.passed) == (number, None, None)
        await house.room.answer(drill, f"U{number}", RIGHT)
    tally = await house.room.tally(drill)
    assert tally.answered == 4
    assert tally.mean is not None
    assert tally.passed == 4


async def test_it_is_over_once_and_for_all(house: House) -> None:
    drill = await house.opened()
    assert await house.room.close(drill)
    assert not await house.room.close(drill)
    over = await house.book.get("dr-1")
    assert over is not None
    with pytest.raises(BadInput, match="over"):
        await house.room.answer(over, ANNA, RIGHT)


async def test_a_dispute_is_decided_by_a_person_and_recorded(house: House) -> None:
    drill = await house.opened()
    await house.room.answer(drill, ANNA, {"layer": "model"})
    await house.room.waiting()
    number = await house.room.dispute(drill, ANNA, "the provider was slow too")
    assert number is not None
    assert await house.marks.disputed() == {"lost-night": 1}
    assert await house.room.decide(number, ANNA, "I am right", 100.0) is None
    decided = await house.room.decide(number, BEN, "agreed: two faults", 80.0)
    assert decided is not None
    (mark,) = await house.room.mine(ANNA)
    assert (mark.score, mark.passed) == (80.0, True)
    assert round(sum(part.points for part in mark.parts), 6) == 80.0
    assert mark.parts[-1].evidence == (BEN,)


async def test_people_who_come_at_once_wait_for_one_incident(house: House) -> None:
    drills = await asyncio.gather(*(house.room.open("dr-1", "lost-night", "#drills") for _ in range(5)))
    assert len(set(drills)) == 1
    assert len(house.book.drills) == 1


async def test_the_walk_names_evidence_innocents_and_the_rival(house: House) -> None:
    made = await house.room.drill(await house.opened())
    assert isinstance(made, Exercise)
    told = "\n".join(walk(made))
    for part in (
        "[F1]",
        "Innocent: flag spring-sale-banner",
        "Not model.ttft_regression",
        "So it is retrieval.timeout",
        "A replica was lost",
    ):
        assert part in told
    assert efficiency(made, ("changes", "changes", "who")).startswith("2 topics asked; 3 hold the answer")


async def test_there_is_no_such_drill(house: House) -> None:
    with pytest.raises(BadInput, match="no such scenario"):
        await house.room.open("dr-2", "no-night", "#drills")
