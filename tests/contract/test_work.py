"""One suite for Work: on the in-memory twin and on DBOS over SQLite always, on DBOS over PostgreSQL under the marker `real`."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot.backends.card import TURN_S, CardKeeper
from bot.backends.walk import Crew, Walk
from bot.backends.work_dbos import DbosWork, work_dbos
from bot.model.incident import Incident, IncidentState, Progress
from bot.model.narration import Claim, Narration
from bot.model.page import Page
from bot.model.report import Report
from bot.ports import Narrate, Picture
from tests.contract.test_records import T0, _fresh_database, a_page, a_report
from tests.fakes_records import MemoryRecords, MemorySurface, MemoryWork
from tests.postgres import postgres


@dataclass
class Diagnosis:
    """A triage that takes as long and ends as the test says."""

    seconds: float = 0.0
    broken: bool = False
    steps: tuple[str, ...] = ()
    seen: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def __call__(self, incident: Incident, progress: Callable[[Progress], Awaitable[None]]) -> Report:
        self.seen.append(f"{incident.id}:{incident.revision}")
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            for step in self.steps:
                await progress(Progress(step=step))
                await asyncio.sleep(self.seconds / len(self.steps))
            if not self.steps:
                await asyncio.sleep(self.seconds)
            if self.broken:
                raise ZeroDivisionError
            return a_report()
        finally:
            self.at_once -= 1


@dataclass
class House:
    records: MemoryRecords
    surface: MemorySurface
    diagnosis: Diagnosis
    work: Any
    crew: Crew

    async def page(self, at: float = T0, **changed: Any) -> Incident:
        page: Page = a_page(**changed)
        incident = await self.records.receive(page, delivery_id=None, raw=b"", received_at=at)
        assert incident is not None
        await self.work.triage(incident)
        return incident

    async def until(self, true: Callable[[], bool], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, f"not within {seconds} s: {self.records.rows}, {self.surface}"
            await asyncio.sleep(0.01)

    async def until_attached(self, n: int = 1) -> None:
        await self.until(lambda: len(self.surface.attached) >= n)

    def state(self, incident_id: str = "INC-1") -> IncidentState:
        return self.records.rows[incident_id].state


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    with postgres() as url:
        yield url


@asynccontextmanager
async def a_house(
    kind: str,
    home: Path,
    url: str | None,
    records: MemoryRecords | None = None,
    waits_s: tuple[float, ...] = (0.01,) * 6,
    drain_s: float = 20.0,
    narrate: Narrate | None = None,
    **of: Any,
) -> AsyncIterator[House]:
    records, surface, diagnosis = records or MemoryRecords(), MemorySurface(), Diagnosis(**of)
    crew = Crew(
        records, records, surface, diagnosis, draw=lambda incident: Picture(png=incident.id.encode(), alt="a", title="t"), narrate=narrate
    )
    if kind == "memory":
        work = MemoryWork(Walk(crew, CardKeeper(records, surface, "w1", digests=records), waits_s=waits_s))
        yield House(records, surface, diagnosis, work, crew)
        await work.drain()
        return
    keeper = CardKeeper(records, surface, "w1", digests=records)
    async with work_dbos(crew, keeper, records, url=url, home=home, worker="w1", waits_s=waits_s, drain_s=drain_s) as durable:
        yield House(records, surface, diagnosis, durable, crew)


Opened = Callable[..., Any]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.real)])
async def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    url = None
    if request.param == "postgres":
        url = (await _fresh_database(request.getfixturevalue("postgres_url"))).replace("+asyncpg", "")
    return lambda **of: a_house(request.param, tmp_path, url, **of)


async def test_a_page_is_announced_triaged_shown_and_its_evidence_attached(opened: Opened) -> None:
    async with opened() as house:
        await house.page()
        await house.until_attached()
        assert house.surface.posts == [("INC-1", "1.0")]
        said = [text for _, text, _ in house.surface.edits]
        assert (said[0], said[-1]) == ("triaging 1 None", "triaged 1 retrieval.timeout")
        assert house.surface.attached == [("INC-1", b"INC-1")]
        assert house.records.rows["INC-1"].message is not None


async def test_a_narration_comes_after_the_evidence_and_the_card_is_shown_again(opened: Opened) -> None:
    told = Narration(claims=(Claim(text="Searches time out", evidence=("F1",)),), model="m")

    async def narrate(report: Report, paged_at: datetime | None, question: str = "") -> Narration | None:
        return told

    async with opened(narrate=narrate) as house:
        await house.page()
        await house.until(lambda: house.surface.shown[-1:] == [told])
        assert house.surface.attached == [("INC-1", b"INC-1")]
        assert house.surface.shown[:-1] == [None] * (len(house.surface.shown) - 1)
        assert house.records.rows["INC-1"].report == a_report().model_copy(update={"narration": told})


@pytest.mark.parametrize("broken", [False, True])
async def test_a_narrator_that_breaks_or_declines_leaves_the_card_as_it_is(opened: Opened, broken: bool) -> None:
    asked = asyncio.Event()

    async def narrate(report: Report, paged_at: datetime | None, question: str = "") -> Narration | None:
        asked.set()
        if broken:
            raise ZeroDivisionError
        return None

    async with opened(narrate=narrate) as house:
        await house.page()
        async with asyncio.timeout(10):
            await asked.wait()
        assert house.surface.attached == [("INC-1", b"INC-1")]
        assert house.surface.shown == [None] * len(house.surface.shown)
        assert len(house.surface.posts) == 1


async def test_the_same_revision_is_triaged_once_however_often_it_is_asked(opened: Opened) -> None:
    async with opened(seconds=0.2) as house:
        incident = await house.page()
        await asyncio.gather(*(house.work.triage(incident) for _ in range(5)))
        await house.page(at=T0 + 1)  # a repeat: one alert more, the same revision
        await house.until_attached()
        assert house.diagnosis.seen == ["INC-1:1"]
        assert len(house.surface.posts) == 1
        assert house.surface.edits[-1][1] == "triaged 2 retrieval.timeout"


async def test_a_resolve_edits_the_card_and_triages_nothing(opened: Opened) -> None:
    async with opened() as house:
        await house.page()
        await house.until_attached()
        await house.page(at=T0 + 60, status="resolved")
        await house.until(lambda: house.surface.edits[-1][1] == "resolved 1 retrieval.timeout")
        assert (house.diagnosis.seen, len(house.surface.posts)) == (["INC-1:1"], 1)


async def test_a_resolve_during_the_triage_leaves_a_resolved_card_with_the_verdict(opened: Opened) -> None:
    async with opened(seconds=0.5) as house:
        await house.page()
        await house.until(lambda: bool(house.diagnosis.seen))
        await house.page(at=T0 + 60, status="resolved")
        await house.until_attached()
        assert house.surface.edits[-1][1] == "resolved 1 retrieval.timeout"
        assert len(house.surface.posts) == 1


async def test_a_page_that_raises_the_severity_overtakes_the_running_triage(opened: Opened) -> None:
    async with opened(seconds=0.4) as house:
        await house.page()
        await house.until(lambda: bool(house.diagnosis.seen))
        await house.page(at=T0 + 1, severity="critical")
        await house.until_attached()
        await asyncio.sleep(0.2)
        assert house.diagnosis.seen == ["INC-1:1", "INC-1:2"]
        assert (len(house.surface.posts), len(house.surface.attached)) == (1, 1)


async def test_a_broken_triage_is_said_and_the_page_is_kept(opened: Opened) -> None:
    async with opened(broken=True) as house:
        await house.page()
        await house.until(lambda: house.state() is IncidentState.FAILED and house.surface.edits[-1][1] == "failed 1 None")
        assert len(house.records.pages) == 1


async def test_a_surface_that_is_down_for_a_moment_gets_one_message_afterwards(opened: Opened) -> None:
    async with opened() as house:
        house.surface.down = 2
        await house.page()
        await house.until_attached()
        assert len(house.surface.posts) == 1
        assert house.surface.edits[-1][1] == "triaged 1 retrieval.timeout"


async def test_a_card_that_is_refused_for_good_does_not_stop_the_triage(opened: Opened) -> None:
    async with opened() as house:
        house.surface.refuses = True
        await house.page()
        await house.until(lambda: house.state() is IncidentState.TRIAGED)
        assert house.surface.posts == []


async def test_two_triages_compute_and_the_others_wait_in_sight(opened: Opened) -> None:
    async with opened(seconds=0.3) as house:
        for n in range(6):
            await house.page(dedup_key=f"k{n}")
        await house.until(lambda: len(house.surface.posts) == 6)
        assert len(house.surface.attached) < 6
        await house.until_attached(6)
        assert house.diagnosis.most_at_once == 2


async def test_a_resolve_of_something_never_seen_is_not_shown(opened: Opened) -> None:
    async with opened() as house:
        await house.page(status="resolved")
        await house.page(dedup_key="k2")
        await house.until_attached()
        assert [incident for incident, _ in house.surface.posts] == ["INC-2"]


async def test_progress_is_shown_at_most_once_a_second(opened: Opened) -> None:
    async with opened(seconds=2.4, steps=tuple(f"s{n}" for n in range(24))) as house:
        await house.page()
        await house.until_attached()
        shown = [step for _, _, step in house.surface.edits if step]
        assert len(shown) == 2
        assert house.surface.edits[-1][1] == "triaged 1 retrieval.timeout"


async def test_a_card_taken_by_a_dead_worker_is_waited_for_and_then_shown() -> None:
    records, surface = MemoryRecords(), MemorySurface()
    keeper = CardKeeper(records, surface, "w1", hold_s=2 * TURN_S)
    await records.receive(a_page(), delivery_id=None, raw=b"", received_at=T0)
    now = time.time()
    await records.take("INC-1", "dead", now, now + TURN_S)
    await keeper.show("INC-1")
    assert len(surface.posts) == 1
    await records.take("INC-1", "alive", time.time(), now + 1e6)
    await keeper.show("INC-1")
    assert len(surface.edits) == 1  # it gives up rather than post beside the other


async def test_walks_cut_off_by_a_stop_go_on_at_the_next_start_without_a_second_message(tmp_path: Path) -> None:
    records = MemoryRecords()
    async with a_house("sqlite", tmp_path, None, records, drain_s=0.1, seconds=60) as house:
        await house.page()
        await house.until(lambda: bool(house.diagnosis.seen))
    assert (house.state(), len(house.surface.posts)) == (IncidentState.TRIAGING, 1)
    async with a_house("sqlite", tmp_path, None, records) as again:
        await again.until_attached()
        assert (again.state(), again.surface.posts) == (IncidentState.TRIAGED, [])
        assert again.diagnosis.seen == ["INC-1:1"]


async def test_a_page_stored_without_its_work_is_found_by_the_sweep(tmp_path: Path) -> None:
    records = MemoryRecords()
    await records.receive(a_page(), delivery_id=None, raw=b"", received_at=time.time() - 60)
    async with a_house("sqlite", tmp_path, None, records) as house:
        await house.until_attached()
        assert len(house.surface.posts) == 1


async def test_alerts_counted_after_the_verdict_are_edited_in_by_the_sweep(tmp_path: Path) -> None:
    async with a_house("sqlite", tmp_path, None) as house:
        await house.page()
        await house.until_attached()
        await house.page(at=T0 + 1)
        durable: DbosWork = house.work
        await durable.sweep()
        assert house.surface.edits[-1][1] == "triaged 1 retrieval.timeout"  # too soon
        house.records.shown["INC-1"].at -= 60

        async def swept() -> None:  # the card is attached a moment before DBOS has written that the walk ended
            while house.surface.edits[-1][1] != "triaged 2 retrieval.timeout":
                await durable.sweep()
                await asyncio.sleep(0.05)

        await asyncio.wait_for(swept(), 20)


async def test_a_card_left_behind_by_a_long_outage_is_shown_by_the_sweep(tmp_path: Path) -> None:
    async with a_house("sqlite", tmp_path, None, waits_s=()) as house:
        house.surface.down = 2
        await house.page()
        await house.until(lambda: house.state() is IncidentState.TRIAGED and house.surface.down == 0)
        await asyncio.sleep(0.3)
        house.records.changed_at["INC-1"] -= 60
        await house.work.sweep()
        assert house.surface.edits[-1][1] == "triaged 1 retrieval.timeout"


async def test_work_can_be_opened_again_and_the_loop_still_has_threads(tmp_path: Path) -> None:
    for _ in range(2):
        async with a_house("sqlite", tmp_path, None):
            pass
        assert await asyncio.to_thread(lambda: 1) == 1
