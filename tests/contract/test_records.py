"""One suite for the records: on the in-memory twin and SQLite always, on PostgreSQL under the marker `real`."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from bot.backends.records import records
from bot.backends.records.tables import metadata
from bot.errors import SourceUnavailable
from bot.model.change import Change
from bot.model.evidence import Interval
from bot.model.incident import Incident, IncidentState, MessageRef, Vote
from bot.model.narration import Claim, Narration
from bot.model.page import Page
from bot.model.report import Report
from bot.model.value import moment
from tests.fakes_records import MemoryRecords
from tests.postgres import postgres

T0 = 1_772_417_220.0  # 2026-03-02T02:07:00Z


@dataclass
class Books:
    intake: Any
    incidents: Any
    past: Any
    cards: Any


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres() as url:
        yield url


async def _fresh_database(server: str) -> str:
    name = f"t{time.monotonic_ns()}"
    engine = create_async_engine(server.replace("postgresql://", "postgresql+asyncpg://"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.exec_driver_sql(f"CREATE DATABASE {name}")
    await engine.dispose()
    return urlsplit(server)._replace(scheme="postgresql+asyncpg", path=f"/{name}").geturl()


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.real)])
async def books(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Books]:
    if request.param == "memory":
        memory = MemoryRecords()
        yield Books(memory, memory, memory, memory)
        return
    url = f"sqlite+aiosqlite:///{tmp_path / 'midwatch.db'}"
    if request.param == "postgres":
        url = await _fresh_database(request.getfixturevalue("postgres_url"))
    async with records(url) as opened:
        yield Books(opened.intake, opened.incidents, opened.past, opened.cards)


def a_page(**changed: Any) -> Page:
    fields = {"source": "alertmanager", "dedup_key": "k1", "title": "12 % errors", "status": "firing", "severity": "warning"}
    return Page.model_validate(fields | {"service": "assistant"} | changed)


async def receive(books: Books, page: Page | None = None, at: float = T0, delivery_id: str | None = None) -> Any:
    return await books.intake.receive(page or a_page(), delivery_id=delivery_id, raw=b"{}", received_at=at)


def a_report(cause: str = "retrieval.timeout") -> Report:
    return Report.model_validate(
        {
            "verdict": "fault",
            "layer": cause.split(".", maxsplit=1)[0],
            "cause": cause,
            "confidence": 0.91,
            "layer_confidence": 0.97,
            "impact": {"bad": 216, "total": 1800, "baseline_rate": 0.011, "rate": 0.12, "excess_bad": 196},
            "observability": 0.87,
            "engine": {"version": "1", "config_hash": "c", "input_hash": "i"},
        }
    )


async def test_a_firing_page_opens_an_incident_that_reads_back_as_it_was(books: Books) -> None:
    incident = await receive(books)
    assert (incident.id, incident.state, incident.revision, incident.alerts) == ("INC-1", IncidentState.TRIAGING, 1, 1)
    assert (incident.service, incident.page, incident.opened_at) == ("assistant", a_page(), moment(T0))
    assert await books.incidents.get("INC-1") == incident


@pytest.mark.parametrize("unknown", ["INC-2", "INC-", "INC-x", "7", "", "INC-99999999999999999999", "INC-1; --", "INC-٣"])
async def test_an_unknown_id_is_no_incident(books: Books, unknown: str) -> None:
    await receive(books)
    assert await books.incidents.get(unknown) is None
    assert await books.incidents.acknowledge(unknown, "U1") is None


async def test_a_repeat_is_counted_and_changes_nothing_people_see(books: Books) -> None:
    await receive(books)
    again = await receive(books, a_page(title="13 % errors"), T0 + 60)
    assert (again.id, again.alerts, again.revision, again.paged_at) == ("INC-1", 2, 1, moment(T0 + 60))
    assert again.page.title == "13 % errors"


async def test_a_higher_severity_asks_for_a_new_triage_and_a_lower_one_does_not(books: Books) -> None:
    await receive(books)
    await books.incidents.save_report("INC-1", a_report())
    raised = await receive(books, a_page(severity="critical"), T0 + 1)
    assert (raised.revision, raised.triage_revision, raised.state) == (2, 2, IncidentState.TRIAGING)
    lowered = await receive(books, a_page(severity="warning"), T0 + 2)
    assert (lowered.revision, lowered.severity.value) == (2, "critical")


async def test_a_narration_stands_beside_the_report_of_its_own_triage_alone(books: Books) -> None:
    told = Narration(claims=(Claim(text="Searches time out", evidence=("F1",)),), model="m")
    assert not await books.incidents.save_narration("INC-1", 1, told)
    await receive(books)
    assert not await books.incidents.save_narration("INC-1", 1, told)
    await books.incidents.save_report("INC-1", a_report())
    assert await books.incidents.save_narration("INC-1", 1, told)
    kept = (await books.incidents.get("INC-1")).report
    assert kept == a_report().model_copy(update={"narration": told})
    assert kept.document() == a_report().document()
    await receive(books, a_page(severity="critical"), T0 + 1)
    assert not await books.incidents.save_narration("INC-1", 1, told)
    await books.incidents.save_report("INC-1", a_report("tool.error"))
    assert (await books.incidents.get("INC-1")).report.narration is None


async def test_a_resolve_closes_and_a_second_one_changes_nothing(books: Books) -> None:
    await receive(books)
    closed = await receive(books, a_page(status="resolved"), T0 + 60)
    assert (closed.state, closed.resolved_at, closed.alerts) == (IncidentState.RESOLVED, moment(T0 + 60), 1)
    assert (closed.revision, closed.triage_revision) == (2, 1)
    again = await receive(books, a_page(status="resolved"), T0 + 90)
    assert again == closed


async def test_firing_again_within_half_an_hour_reopens_and_after_it_opens_anew(books: Books) -> None:
    await receive(books)
    await books.incidents.acknowledge("INC-1", "U1")
    await receive(books, a_page(status="resolved"), T0 + 60)
    back = await receive(books, a_page(), T0 + 60 + 1800)
    assert (back.id, back.state, back.revision, back.triage_revision) == ("INC-1", IncidentState.TRIAGING, 3, 3)
    assert (back.resolved_at, back.acknowledged_by, back.alerts) == (None, None, 2)
    await receive(books, a_page(status="resolved"), T0 + 2000)
    later = await receive(books, a_page(), T0 + 2000 + 1801)
    assert (later.id, later.alerts) == ("INC-2", 1)


async def test_a_resolve_of_something_never_seen_is_kept_and_asks_for_nothing(books: Books) -> None:
    unknown = await receive(books, a_page(status="resolved"))
    assert (unknown.state, unknown.triage_revision, unknown.alerts) == (IncidentState.RESOLVED, 0, 0)
    assert await books.cards.behind(T0 + 1e6, T0 + 1e6) == ()
    assert (await receive(books, a_page(), T0 + 5)).id == "INC-2"


async def test_keys_of_different_sources_do_not_meet(books: Books) -> None:
    first, other = await receive(books), await receive(books, a_page(source="grafana"))
    assert first.id != other.id


async def test_a_delivery_is_taken_once_per_source(books: Books) -> None:
    assert await receive(books, delivery_id="d1") is not None
    assert await receive(books, delivery_id="d1") is None
    assert await receive(books, a_page(source="grafana"), delivery_id="d1") is not None
    assert (await books.incidents.get("INC-1")).alerts == 1
    assert await books.intake.forget(T0 + 1) == 2
    assert await receive(books, delivery_id="d1") is not None


async def test_hostile_text_is_stored(books: Books) -> None:
    nasty = a_page(dedup_key="k\x00" + "é" * 9000, title="a\x00b'; DROP TABLE incidents; --\u202e", labels={"x\x00": "y\x00"})
    incident = await receive(books, nasty, delivery_id="d\x00" + "x" * 5000)
    assert (await receive(books, nasty)).id == incident.id
    assert (await books.incidents.get(incident.id)).page.labels == {"x\x00": "y\x00"}


async def test_fifty_at_once_are_one_incident_and_every_alert_is_counted(books: Books) -> None:
    incidents: list[Incident] = await asyncio.gather(*(receive(books, delivery_id=f"d{n}") for n in range(50)))
    assert {incident.id for incident in incidents} == {"INC-1"}
    assert (await books.incidents.get("INC-1")).alerts == 50


async def test_ids_are_unique_when_many_incidents_open_at_once(books: Books) -> None:
    incidents = await asyncio.gather(*(receive(books, a_page(dedup_key=f"k{n}")) for n in range(30)))
    assert len({incident.id for incident in incidents}) == 30


async def test_a_report_survives_and_a_resolved_incident_stays_resolved(books: Books) -> None:
    await receive(books)
    await books.incidents.save_report("INC-1", a_report())
    kept = await books.incidents.get("INC-1")
    assert (kept.state, kept.report) == (IncidentState.TRIAGED, a_report())
    await receive(books, a_page(status="resolved"), T0 + 1)
    await books.incidents.save_report("INC-1", a_report("tool.error"))
    closed = await books.incidents.get("INC-1")
    assert (closed.state, closed.report) == (IncidentState.RESOLVED, a_report("tool.error"))


async def test_a_broken_triage_keeps_the_page(books: Books) -> None:
    await receive(books)
    await books.incidents.fail("INC-1")
    failed = await books.incidents.get("INC-1")
    assert (failed.state, failed.page) == (IncidentState.FAILED, a_page())


async def test_the_first_to_acknowledge_stays(books: Books) -> None:
    await receive(books)
    assert (await books.incidents.acknowledge("INC-1", "U1")).acknowledged_by == "U1"
    assert (await books.incidents.acknowledge("INC-1", "U2")).acknowledged_by == "U1"


async def test_recent_is_newest_first(books: Books) -> None:
    for n in range(3):
        await receive(books, a_page(dedup_key=f"k{n}"))
    assert [incident.id for incident in await books.incidents.recent(2)] == ["INC-3", "INC-2"]


async def test_only_one_worker_shows_a_card_at_a_time(books: Books) -> None:
    await receive(books)
    assert await books.cards.take("INC-1", "w1", T0, T0 + 30) is not None
    assert await books.cards.take("INC-1", "w2", T0 + 1, T0 + 31) is None
    assert await books.cards.take("INC-1", "w1", T0 + 1, T0 + 31) is not None  # the same worker, started again
    held = await books.cards.take("INC-1", "w2", T0 + 32, T0 + 60)  # w1 died
    await books.cards.give_back(held.model_copy(update={"message": MessageRef(channel="C1", ts="1.2")}), "w2", T0 + 33)
    assert (await books.incidents.get("INC-1")).message == MessageRef(channel="C1", ts="1.2")
    assert await books.cards.take("INC-1", "w1", T0 + 33, T0 + 60) is not None
    await books.cards.drop("INC-1", "w1")
    assert await books.cards.take("INC-1", "w2", T0 + 33, T0 + 60) is not None
    await books.cards.free("w2")
    assert await books.cards.take("INC-1", "w1", T0 + 33, T0 + 60) is not None


async def test_a_card_is_behind_until_it_shows_revision_and_alerts(books: Books) -> None:
    async def behind(changed_before: float, shown_before: float) -> list[str]:
        return [incident.id for incident in await books.cards.behind(changed_before, shown_before)]

    async def show() -> None:
        held = await books.cards.take("INC-1", "w1", T0, T0 + 30)
        await books.cards.give_back(held, "w1", T0 + 10)

    await receive(books)
    assert await behind(T0, T0 - 1) == []
    assert await behind(T0 + 1, T0 - 1) == ["INC-1"]
    await show()
    assert await behind(T0 + 1, T0 - 1) == ["INC-1"]  # shown, but its triage never ended
    await books.incidents.save_report("INC-1", a_report())
    await show()
    assert await behind(T0 + 1e9, T0 + 1e9) == []
    await receive(books, at=T0 + 20)
    assert await behind(T0 + 1e9, T0 + 5) == []
    assert await behind(T0 + 1e9, T0 + 11) == ["INC-1"]


async def test_evidence_is_attached_once_a_revision(books: Books) -> None:
    await receive(books)
    assert await books.cards.attached("INC-1") == 0
    await books.cards.mark_attached("INC-1", 2)
    await books.cards.mark_attached("INC-1", 1)
    assert await books.cards.attached("INC-1") == 2


async def test_a_silent_worker_is_told_apart(books: Books) -> None:
    await books.cards.beat("w1", T0)
    await books.cards.beat("w2", T0)
    await books.cards.beat("w2", T0 + 60)
    assert await books.cards.silent(T0 + 30) == ("w1",)
    await books.cards.bury("w1")
    assert await books.cards.silent(T0 + 30) == ()


async def test_an_event_is_new_once(books: Books) -> None:
    assert await books.intake.first_time("Ev1", T0)
    assert not await books.intake.first_time("Ev1", T0 + 1)


def a_change(id_: str, at: float, service: str | None = None, until: float | None = None) -> Change:
    body: dict[str, Any] = {"id": id_, "time": moment(at), "kind": "prompt", "object": "answer", "from": "v1", "to": "v2"}
    if until is not None:
        body["rollout"] = {"start": moment(at), "end": moment(until)}
    return Change.model_validate(body | {"scope": {"service": service}})


async def test_changes_never_sent_are_not_collected_which_is_not_none_in_the_window(books: Books) -> None:
    assert await books.past.between("assistant", Interval(T0, T0 + 60)) is None
    assert await books.intake.add_change(a_change("c1", T0 - 5))
    assert await books.past.between("assistant", Interval(T0, T0 + 60)) == ()


async def test_changes_in_the_window_of_whatever_service(books: Books) -> None:
    sent = [
        a_change("c4", T0 + 60),
        a_change("c3", T0 + 30, service="other"),
        a_change("c2", T0, service="assistant"),
        a_change("c1", T0 - 100, until=T0 + 10),
    ]
    for change in sent:
        await books.intake.add_change(change)
    assert not await books.intake.add_change(sent[0])
    found = await books.past.between("assistant", Interval(T0, T0 + 60))
    assert [change.id for change in found] == ["c1", "c2", "c3"]
    assert found[1] == sent[2]
    assert len(await books.past.between(None, Interval(T0, T0 + 60))) == 3


async def test_history_is_what_people_confirmed_or_corrected(books: Books) -> None:
    def vote(incident: str, *, right: bool, cause: str | None = None) -> Vote:
        return Vote(incident_id=incident, user="U1", right=right, cause=cause, at=moment(T0))

    for n in range(3):
        incident = await receive(books, a_page(dedup_key=f"k{n}"))
        await books.incidents.save_report(incident.id, a_report())
        await receive(books, a_page(dedup_key=f"k{n}", status="resolved"), T0 + 60 + n)
    await books.incidents.vote(vote("INC-1", right=False, cause="model.timeout"))
    await books.incidents.vote(vote("INC-2", right=False, cause="model.timeout"))
    await books.incidents.vote(vote("INC-2", right=True))
    await books.incidents.vote(vote("INC-99", right=True))
    past = await books.past.incidents("assistant", T0 + 3600)
    assert [(one.closed_at, one.cause, one.layer) for one in past] == [
        (T0 + 60, "model.timeout", "model"),
        (T0 + 61, "retrieval.timeout", "retrieval"),
    ]
    assert await books.past.incidents("other", T0 + 3600) == ()
    assert await books.past.incidents("assistant", T0 + 60) == ()


def _drift(connection: sa.Connection) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


async def test_migrations_run_by_many_replicas_at_once_give_the_tables(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'below' / 'midwatch.db'}"
    await _open_four(url)
    await _no_drift(url)


@pytest.mark.real
async def test_migrations_on_postgres(postgres_url: str) -> None:
    url = await _fresh_database(postgres_url)
    await _open_four(url)
    await _no_drift(url)


@pytest.mark.real
async def test_the_url_of_a_managed_postgres_is_understood(postgres_url: str) -> None:
    """As providers hand it out, with parameters of libpq."""
    url = await _fresh_database(postgres_url) + "?sslmode=prefer&application_name=midwatch&connect_timeout=10"
    async with records(url) as opened:
        assert await opened.intake.receive(a_page(), delivery_id=None, raw=b"", received_at=T0) is not None
        assert len(await opened.incidents.recent(2)) == 1
    with pytest.raises(SourceUnavailable):
        async with records(url.replace("prefer", "require")):  # this server has no TLS
            pass


async def _open_four(url: str) -> None:
    async def one(n: int) -> None:
        async with records(url) as opened:
            await opened.intake.receive(a_page(dedup_key=f"k{n}"), delivery_id=None, raw=b"", received_at=T0)

    await asyncio.gather(*(one(n) for n in range(4)))


async def _no_drift(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        assert await connection.run_sync(_drift) == []
    await engine.dispose()


async def test_an_absent_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("not a folder")
    with pytest.raises(SourceUnavailable):
        async with records(f"sqlite+aiosqlite:///{tmp_path / 'taken' / 'midwatch.db'}"):
            pass
    with pytest.raises(SourceUnavailable):
        async with records("postgresql+asyncpg://nobody@127.0.0.1:1/none"):
            pass


@pytest.mark.bench
async def test_receiving_takes_a_few_milliseconds(books: Books) -> None:
    took = []
    for n in range(200):
        start = time.perf_counter()
        await receive(books, a_page(dedup_key=f"k{n % 50}"), delivery_id=f"d{n}")
        took.append((time.perf_counter() - start) * 1000)
    took.sort()
    print(f"\nreceive: p50 {took[100]:.1f} ms, p95 {took[190]:.1f} ms of {len(took)}")
    assert took[190] < 50
