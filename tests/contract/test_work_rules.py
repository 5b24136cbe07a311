"""What work does by the rules of grouping: storms, maintenance, flapping, and a person who says that a verdict is wrong."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from bot.backends.decided import Decided
from bot.backends.records.grouping import Policy, Quiet
from bot.errors import SourceUnavailable
from bot.model.incident import Incident, IncidentState, Vote
from bot.model.value import moment
from tests.contract.test_records import T0, a_page
from tests.contract.test_work import House, Opened, a_house, opened, postgres_url
from tests.fakes_records import MemoryRecords

__all__ = ["opened", "postgres_url"]  # the fixtures: memory, SQLite, PostgreSQL


async def storm(house: House, count: int) -> None:
    for n in range(count):
        await house.page(at=T0 + n, dedup_key=f"k{n}")


async def swept(house: House, true: Callable[[], bool]) -> None:
    """Sweep until it is: what was shown a moment ago is left alone until DBOS has written that its walk ended."""
    async with asyncio.timeout(20):
        while not true():
            await house.work.sweep()
            await asyncio.sleep(0.05)


async def test_a_storm_is_one_message_and_every_incident_is_triaged(opened: Opened) -> None:
    async with opened(records=MemoryRecords(policy=Policy(storm_at=3))) as house:
        await storm(house, 9)
        await house.until(lambda: {row.state for row in house.records.rows.values()} == {IncidentState.TRIAGED}, 30)
        await house.until_attached(3)
        assert sorted(incident for incident, _ in house.surface.posts) == ["INC-1", "INC-2", "INC-3"]
        assert [posted for _, posted, _ in house.surface.digests] == [True]


async def test_the_sweep_brings_a_storms_message_up_to_date(tmp_path: Path) -> None:
    records = MemoryRecords(policy=Policy(storm_at=1))
    async with a_house("sqlite", tmp_path, None, records) as house:
        await storm(house, 4)
        await house.until(lambda: {row.state for row in records.rows.values()} == {IncidentState.TRIAGED}, 30)
        records.storms[0].at = 0.0
        await house.work.sweep()
        assert house.surface.digests[-1] == (1, False, ["INC-4 triaged", "INC-3 triaged", "INC-2 triaged"])
        said = len(house.surface.digests)
        await house.work.sweep()
        assert len(house.surface.digests) == said


async def test_a_storms_message_that_could_not_be_posted_is_posted_by_the_sweep(tmp_path: Path) -> None:
    records = MemoryRecords(policy=Policy(storm_at=1))
    async with a_house("sqlite", tmp_path, None, records, waits_s=()) as house:
        await house.page()
        await house.until_attached()
        house.surface.down = 4
        await house.page(at=T0 + 1, dedup_key="k2")
        await house.until(lambda: records.rows["INC-2"].state is IncidentState.TRIAGED)
        await asyncio.sleep(0.3)
        house.surface.down = 0
        await house.work.sweep()
        assert house.surface.digests[-1][2] == ["INC-2 triaged"]


async def test_an_incident_singled_out_of_a_storm_gets_its_card(tmp_path: Path) -> None:
    records = MemoryRecords(policy=Policy(storm_at=1))
    async with a_house("sqlite", tmp_path, None, records) as house:
        await storm(house, 3)
        await house.until(lambda: {row.state for row in records.rows.values()} == {IncidentState.TRIAGED}, 30)
        await records.single_out("INC-3")
        records.changed_at["INC-3"] -= 60
        await swept(house, lambda: [incident for incident, _ in house.surface.posts] == ["INC-1", "INC-3"])


async def test_maintenance_is_neither_shown_nor_triaged_before_its_end(tmp_path: Path) -> None:
    records = MemoryRecords()
    async with a_house("sqlite", tmp_path, None, records) as house:
        until = time.time() + 3.0
        records.policy = Policy(quiet=lambda _page, _at: Quiet(moment(until), "rebuild"))
        await house.page()
        await house.work.sweep()
        await asyncio.sleep(0.3)
        assert (house.diagnosis.seen, house.surface.edits) == ([], [])
        await asyncio.sleep(max(0.0, until - time.time()) + 0.1)
        await house.work.sweep()
        await house.until_attached()
        assert (house.state(), len(house.surface.posts)) == (IncidentState.TRIAGED, 1)


async def test_what_flaps_is_left_to_the_sweep(tmp_path: Path) -> None:
    async with a_house("sqlite", tmp_path, None) as house:
        await house.page()
        await house.until_attached()
        for n in range(3):
            await house.page(at=T0 + 60 * (2 * n + 1), status="resolved")
            await house.page(at=T0 + 60 * (2 * n + 2))
            await house.until_attached(min(n + 2, 3))
        assert house.records.rows["INC-1"].flapping
        await asyncio.sleep(0.5)  # the last edit from before it flapped
        triaged, edits = list(house.diagnosis.seen), len(house.surface.edits)
        await house.page(at=T0 + 460, status="resolved")
        await asyncio.sleep(0.5)
        assert (house.diagnosis.seen, len(house.surface.edits)) == (triaged, edits)
        house.records.shown["INC-1"].at -= 60
        await swept(house, lambda: house.surface.edits[-1][1].startswith("resolved"))
        assert house.diagnosis.seen == triaged


def wrong(at: float) -> Vote:
    return Vote(incident_id="INC-1", user="U1", right=False, cause="tool.loop", at=moment(at))


async def test_wrong_triages_again_under_the_same_card(opened: Opened) -> None:
    async with opened() as house:
        await house.page()
        await house.until_attached()
        again = await Decided(house.records, house.work).vote(wrong(T0 + 60))
        assert again is not None
        await house.until_attached(2)
        assert house.diagnosis.seen == ["INC-1:1", "INC-1:2"]
        assert (len(house.surface.posts), house.records.votes[0].cause) == (1, "tool.loop")


async def test_a_word_counts_also_when_the_work_cannot_be_started() -> None:
    class Away:
        async def triage(self, incident: Incident) -> None:
            raise SourceUnavailable

    records = MemoryRecords()
    await records.receive(a_page(), delivery_id=None, raw=b"", received_at=T0)
    records.rows["INC-1"] = records.rows["INC-1"].model_copy(update={"state": IncidentState.TRIAGED})
    decided = Decided(records, Away())
    again = await decided.vote(wrong(T0 + 60))
    assert again is not None
    assert (again.triage_revision, len(records.votes)) == (2, 1)
    assert [one.id for one in await records.behind(T0 + 61, T0)] == ["INC-1"]  # the sweep starts it
    assert (await decided.acknowledge("INC-1", "U1")).acknowledged_by == "U1"
