"""Which pages are one incident: on the in-memory twin and SQLite always, on PostgreSQL under the marker `real`."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import pages
from bot.backends.records import records
from bot.backends.records.grouping import Policy, Quiet
from bot.model.incident import Incident, IncidentState, MessageRef, Vote
from bot.model.value import moment
from tests.contract.test_records import T0, Books, _fresh_database, a_page, a_report, receive
from tests.fakes_records import MemoryRecords
from tests.postgres import postgres

MINUTE = 60.0

Opened = Callable[..., AbstractAsyncContextManager[Books]]


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.real)])
async def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """Opens the records under a policy."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'midwatch.db'}"
    if request.param == "postgres":
        url = await _fresh_database(request.getfixturevalue("postgres_url"))

    @asynccontextmanager
    async def open_(**policy: Any) -> AsyncIterator[Books]:
        if request.param == "memory":
            memory = MemoryRecords(policy=Policy(**policy))
            yield Books(memory, memory, memory, memory)
            return
        async with records(url, Policy(**policy)) as kept:
            books = Books(kept.intake, kept.incidents, kept.past, kept.cards)
            books.digests = kept.digests  # type: ignore[attr-defined]
            yield books

    return open_


def an_alert(**changed: Any) -> Any:
    labels = {"alertname": "AssistantErrorRate", "env": "prod", "team": "ai"}
    fields = {"dedup_key": "group-1234", "title": "AI assistant degraded - error rate 12 %", "labels": labels, "starts_at": moment(T0)}
    return a_page(**(fields | changed))


def a_pagerduty(**changed: Any) -> Any:
    fields = {
        "source": "pagerduty",
        "dedup_key": "PD0001",
        "title": "[FIRING:1] AssistantErrorRate assistant prod",
        "labels": {"event_type": "incident.triggered", "urgency": "high"},
        "starts_at": moment(T0 + 20),
    }
    return a_page(**(fields | changed))


async def test_pagerdutys_incident_and_its_alertmanager_alert_are_one(opened: Opened) -> None:
    async with opened() as books:
        first = await receive(books, an_alert())
        second = await receive(books, a_pagerduty(), T0 + 30)
        assert (second.id, second.alerts, second.sources) == (first.id, 2, ("alertmanager", "pagerduty"))
        assert (second.page, second.title, second.revision) == (an_alert(), an_alert().title, 1)
        again = await receive(books, a_pagerduty(), T0 + 60)
        assert (again.id, again.alerts, again.page) == (first.id, 3, an_alert())


async def test_it_is_over_when_both_say_so_and_either_brings_it_back(opened: Opened) -> None:
    async with opened() as books:
        await receive(books, an_alert())
        await receive(books, a_pagerduty(), T0 + 30)
        half = await receive(books, an_alert(status="resolved"), T0 + 60)
        assert (half.state, half.resolved_at) == (IncidentState.TRIAGING, None)
        over = await receive(books, a_pagerduty(status="resolved"), T0 + 90)
        assert (over.state, over.resolved_at) == (IncidentState.RESOLVED, moment(T0 + 90))
        back = await receive(books, a_pagerduty(), T0 + 120)
        assert (back.id, back.resolved_at, back.reopened) == (over.id, None, (moment(T0 + 120),))


DIFFERENT = {
    "another environment": {"labels": {"alertname": "AssistantErrorRate", "env": "staging"}},
    "another service": {"service": "search"},
    "an hour later": {"starts_at": moment(T0 + 3600)},
    "another name and no label in common": {"title": "Disk full on db-3", "labels": {}},
}


@pytest.mark.parametrize("difference", DIFFERENT)
async def test_what_contradicts_is_another_incident(opened: Opened, difference: str) -> None:
    async with opened() as books:
        first = await receive(books, an_alert())
        at = T0 + 3600 if "hour" in difference else T0 + 30
        assert (await receive(books, a_pagerduty(**DIFFERENT[difference]), at)).id != first.id


async def test_two_keys_of_one_source_are_that_sources_word(opened: Opened) -> None:
    async with opened() as books:
        first = await receive(books, an_alert())
        assert (await receive(books, an_alert(dedup_key="group-5678"), T0 + 1)).id != first.id
        await receive(books, a_pagerduty(), T0 + 30)
        assert (await receive(books, a_pagerduty(dedup_key="PD0002"), T0 + 31)).sources == ("alertmanager", "pagerduty")
        assert len(await books.incidents.recent(9)) == 2


GROUP = '{}:{alertname="AssistantErrorRate"}'
WEBHOOK = {
    "version": "4",
    "groupKey": GROUP,
    "status": "firing",
    "groupLabels": {"alertname": "AssistantErrorRate"},
    "commonLabels": {"alertname": "AssistantErrorRate", "service": "assistant"},
    "alerts": [{"status": "firing", "labels": {"alertname": "AssistantErrorRate", "service": "assistant"}}],
}


@pytest.mark.parametrize("alertmanager_first", [True, False])
async def test_a_group_that_alertmanager_hands_on_is_one_whatever_the_time_and_service(opened: Opened, alertmanager_first: bool) -> None:
    (alert,) = pages.parse("alertmanager", json.dumps(WEBHOOK).encode(), {})
    handed_on = hashlib.sha256(GROUP.encode()).hexdigest()
    far = a_pagerduty(service="PD Service 7", title="x", labels={"incident_key": handed_on}, starts_at=moment(T0 + 7200))
    first, second = (alert, far) if alertmanager_first else (far, alert)
    async with opened() as books:
        assert (await receive(books, first)).id == (await receive(books, second, T0 + 7200)).id


async def test_shadow_mode_only_says_what_it_would_group(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "bot")
    async with opened(across="shadow") as books:
        await receive(books, an_alert())
        assert (await receive(books, a_pagerduty(), T0 + 30)).id == "INC-2"
        told = getattr(books.intake, "would", None) or [record.getMessage() for record in caplog.records if "shadow" in record.getMessage()]
        assert len(told) == 1
        assert "INC-1" in str(told)
        assert "service assistant and the same name" in str(told)


async def test_off_compares_nothing(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "bot")
    async with opened(across="off") as books:
        await receive(books, an_alert())
        assert (await receive(books, a_pagerduty(), T0 + 30)).id == "INC-2"
        assert "shadow" not in caplog.text


async def test_both_at_the_same_moment_are_still_one(opened: Opened) -> None:
    async with opened() as books:
        await asyncio.gather(*(receive(books, page, T0 + 1) for page in (an_alert(), a_pagerduty()) for _ in range(20)))
        (incident,) = await books.incidents.recent(9)
        assert incident.alerts == 40


async def test_a_new_critical_alert_asks_again_but_not_every_minute(opened: Opened) -> None:
    async with opened() as books:
        await receive(books, an_alert(severity="critical"))
        await books.incidents.save_report("INC-1", a_report())
        soon = await receive(books, a_pagerduty(severity="critical"), T0 + 30)
        assert (soon.id, soon.triage_revision) == ("INC-1", 1)
        late = await receive(books, a_pagerduty(source="grafana", dedup_key="g-000001", severity="critical"), T0 + 400)
        assert (late.id, late.triage_revision, late.asked_at) == ("INC-1", 2, moment(T0 + 400))


async def test_repeats_do_not_move_the_moment_a_triage_looks_at(opened: Opened) -> None:
    async with opened() as books:
        await receive(books, an_alert())
        again = await receive(books, an_alert(), T0 + 600)
        assert (again.asked_at, again.paged_at) == (moment(T0), moment(T0 + 600))


async def test_wrong_asks_for_a_new_triage_of_what_is_known_by_then(opened: Opened) -> None:
    def vote(*, right: bool, at: float) -> Vote:
        return Vote(incident_id="INC-1", user="U1", right=right, at=moment(at))

    async with opened() as books:
        await receive(books, an_alert())
        assert await books.incidents.vote(vote(right=False, at=T0 + 5)) is None  # it is being triaged
        await books.incidents.save_report("INC-1", a_report())
        assert await books.incidents.vote(vote(right=True, at=T0 + 9)) is None
        again = await books.incidents.vote(vote(right=False, at=T0 + 60))
        assert (again.state, again.triage_revision, again.asked_at) == (IncidentState.TRIAGING, 2, moment(T0 + 60))
        assert await books.incidents.get("INC-1") == again
        await receive(books, an_alert(status="resolved"), T0 + 90)
        assert await books.incidents.vote(vote(right=False, at=T0 + 99)) is None  # it is over
        unknown = Vote(incident_id="INC-9", user="U1", right=False, at=moment(T0))
        assert await books.incidents.vote(unknown) is None


async def come_and_go(books: Books, times: int, every: float = MINUTE) -> Incident:
    for n in range(times):
        await receive(books, an_alert(status="resolved"), T0 + (2 * n + 1) * every)
        incident = await receive(books, an_alert(), T0 + (2 * n + 2) * every)
    return incident


async def test_what_comes_and_goes_is_flapping_and_triaged_no_more(opened: Opened) -> None:
    async with opened() as books:
        await receive(books, an_alert())
        twice = await come_and_go(books, 2)
        assert (twice.flapping, twice.triage_revision) == (False, 5)
        await books.incidents.save_report("INC-1", a_report())
        await books.incidents.acknowledge("INC-1", "U1")
        await receive(books, an_alert(status="resolved"), T0 + 5 * MINUTE)
        third = await receive(books, an_alert(), T0 + 6 * MINUTE)
        assert (third.flapping, third.state, third.triage_revision) == (True, IncidentState.TRIAGED, 5)
        assert (third.acknowledged_by, len(third.reopened)) == ("U1", 3)
        await receive(books, an_alert(status="resolved"), T0 + 7 * MINUTE)
        worse = await receive(books, an_alert(severity="critical"), T0 + 8 * MINUTE)
        assert (worse.flapping, worse.state) == (True, IncidentState.TRIAGING)


async def test_coming_back_seldom_is_not_flapping(opened: Opened) -> None:
    async with opened() as books:
        await receive(books, an_alert())
        assert not (await come_and_go(books, 4, every=12 * MINUTE)).flapping


async def test_a_flapping_card_is_edited_as_seldom_as_a_count(opened: Opened) -> None:
    async with opened() as books:
        await receive(books, an_alert())
        await come_and_go(books, 2)
        await books.incidents.save_report("INC-1", a_report())
        await receive(books, an_alert(status="resolved"), T0 + 5 * MINUTE)
        held = await books.cards.take("INC-1", "w1", T0, T0 + 30)
        await books.cards.give_back(held.model_copy(update={"message": MessageRef(channel="C1", ts="1.1")}), "w1", T0 + 360)
        await receive(books, an_alert(), T0 + 6 * MINUTE)
        await receive(books, an_alert(status="resolved"), T0 + 6 * MINUTE + 5)
        assert await books.cards.behind(T0 + 1e9, T0 + 359) == ()
        assert len(await books.cards.behind(T0 + 1e9, T0 + 361)) == 1


async def test_the_reopen_window_is_the_operators(opened: Opened) -> None:
    async with opened(reopen_s=60.0) as books:
        await receive(books, an_alert())
        await receive(books, an_alert(status="resolved"), T0 + 10)
        assert (await receive(books, an_alert(starts_at=moment(T0 + 80)), T0 + 80)).id == "INC-2"


UNTIL = moment(T0 + 600)


def until_ten(page: Any, at: Any) -> Quiet | None:
    return Quiet(UNTIL, "index rebuild") if at < UNTIL and page.service == "assistant" else None


async def test_maintenance_keeps_quiet_until_its_end_and_then_tells_what_still_fires(opened: Opened) -> None:
    async with opened(quiet=until_ten) as books:
        quiet = await receive(books, an_alert())
        assert (quiet.quiet_until, quiet.quiet_why, quiet.alerts) == (UNTIL, "index rebuild", 1)
        assert await books.cards.behind(T0 + 1e9, T0 + 1e9, T0 + 599) == ()
        assert [one.id for one in await books.cards.behind(T0 + 1e9, T0 + 1e9, T0 + 601)] == ["INC-1"]
        loud = await receive(books, an_alert(), T0 + 601)
        assert (loud.id, loud.quiet_until) == ("INC-1", None)


async def test_what_is_over_before_the_maintenance_is_never_told(opened: Opened) -> None:
    async with opened(quiet=until_ten) as books:
        await receive(books, an_alert())
        await receive(books, an_alert(status="resolved"), T0 + 60)
        assert await books.cards.behind(T0 + 1e9, T0 + 1e9, T0 + 1e9) == ()


async def test_maintenance_does_not_hush_what_people_know_already(opened: Opened) -> None:
    async with opened(quiet=lambda _page, at: Quiet(at + timedelta(hours=1), "late") if at > moment(T0 + 5) else None) as books:
        await receive(books, an_alert())
        assert (await receive(books, an_alert(), T0 + 60)).quiet_until is None


async def opened_in_a_storm(books: Books, count: int, every: float = 1.0, start: float = T0) -> list[Incident]:
    return [await receive(books, a_page(dedup_key=f"{start}-{n}"), start + n * every) for n in range(count)]


async def test_above_ten_a_minute_the_next_ones_share_a_digest(opened: Opened) -> None:
    async with opened() as books:
        storm = await opened_in_a_storm(books, 14)
        assert [one.digest for one in storm] == [None] * 10 + [1] * 4
        calm = await receive(books, a_page(dedup_key="later"), T0 + 900)
        assert calm.digest is None
        second = await opened_in_a_storm(books, 12, start=T0 + 7200)
        assert second[-1].digest == 2


async def test_a_storm_goes_on_until_it_is_half_as_strong(opened: Opened) -> None:
    async with opened() as books:
        await opened_in_a_storm(books, 12)
        assert {one.digest for one in await opened_in_a_storm(books, 12, every=9.0, start=T0 + 15)} == {1}
        assert (await opened_in_a_storm(books, 6, every=30.0, start=T0 + 130))[-1].digest is None


async def test_no_storm_where_it_is_switched_off_and_none_of_quiet_ones(opened: Opened) -> None:
    async with opened(storm_at=0) as books:
        assert {one.digest for one in await opened_in_a_storm(books, 30)} == {None}


async def test_a_digest_is_shown_by_one_worker_and_behind_until_it_is(opened: Opened) -> None:
    async with opened(storm_at=2) as books:
        digests = getattr(books, "digests", books.cards)
        await opened_in_a_storm(books, 5)
        assert await digests.digests_behind(T0 + 10) == (1,)
        digest, told = await digests.take_digest(1, "w1", T0, T0 + 60)
        assert ([one.id for one in told], digest.message) == (["INC-5", "INC-4", "INC-3"], None)
        assert await digests.take_digest(1, "w2", T0 + 1, T0 + 61) is None
        await digests.drop_digest(1, "w1")
        digest, told = await digests.take_digest(1, "w2", T0 + 1, T0 + 61)
        await digests.give_back_digest(1, told, MessageRef(channel="C1", ts="9.9"), "w2", T0 + 20)
        assert await digests.digests_behind(T0 + 1e9) == ()
        digest, told = await digests.take_digest(1, "w1", T0 + 30, T0 + 60)
        assert digest.message == MessageRef(channel="C1", ts="9.9")
        await books.incidents.save_report("INC-4", a_report())
        assert await digests.digests_behind(T0 + 10) == ()  # shown a moment ago
        assert await digests.digests_behind(T0 + 21) == (1,)
        alone = await books.incidents.single_out("INC-4")
        assert alone.digest is None
        assert [one.id for one in (await digests.take_digest(1, "w1", T0 + 99, T0 + 199))[1]] == ["INC-5", "INC-3"]
