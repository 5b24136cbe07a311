"""The composition root: start, stop, start again, fail half-way; and the page's walk through all real parts but Slack."""

import asyncio
import gzip
import hashlib
import hmac
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.app import App, running
from bot.errors import BadSettings, SourceUnavailable
from bot.model.evidence import Interval
from bot.model.value import moment
from bot.ports import Scope
from bot.settings import Settings
from tests.fakes_records import MemorySurface

EVENT = {
    "routing_key": "k",
    "event_action": "trigger",
    "dedup_key": "d1",
    "payload": {"summary": "12 % errors", "source": "s", "severity": "error"},
}


def settings(tmp_path: Path, **changed: Any) -> Settings:
    return Settings(**({"home": tmp_path / "home", "embedder": "lexical", "playbooks": tmp_path / "none"} | changed))


def free(tmp_path: Path) -> bool:
    """Whether another process may have the span store: DuckDB lets one process write."""
    code = f"import duckdb; duckdb.connect({str(tmp_path / 'home' / 'spans.duckdb')!r}).close()"
    return subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0


def ours() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(("duckdb", "dbos", "aiosqlite"))]


async def until(true: Any, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.02)


def client(app: App) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app.web), base_url="http://localhost")


async def test_it_starts_stops_and_starts_again(tmp_path: Path) -> None:
    for _ in range(2):
        async with running(settings(tmp_path), MemorySurface) as app:
            async with client(app) as http:
                assert (await http.get("/readyz")).json() == {"status": "ok", "parts": {"records": "ok", "work": "ok"}}
            assert not free(tmp_path)
        assert free(tmp_path)
    await until(lambda: not ours())


async def test_a_page_walks_to_its_report_and_is_told_what_is_missing(tmp_path: Path) -> None:
    shown = MemorySurface()
    async with running(settings(tmp_path), lambda: shown) as app, client(app) as http:
        answer = await http.post("/hooks/generic", json=EVENT)
        assert (answer.status_code, answer.json()) == (202, {"incidents": ["INC-1"]})
        await until(lambda: bool(shown.attached))
        incident = await app.records.incidents.get("INC-1")
        assert incident is not None
        assert incident.report is not None
        assert incident.report.verdict == "insufficient_data"
        assert "INC-1" in (await http.get("/incidents/INC-1")).text
        text = (await http.get("/metrics")).text
        assert 'midwatch_triage_seconds_count{verdict="insufficient_data"} 1.0' in text
        assert "midwatch_first_message_seconds_count 1.0" in text


async def test_a_surface_that_cannot_be_made_leaves_nothing_open(tmp_path: Path) -> None:
    def broken() -> MemorySurface:
        raise BadSettings("no such surface")

    with pytest.raises(BadSettings):
        async with running(settings(tmp_path), broken):
            pass
    assert free(tmp_path)
    await until(lambda: not ours())


async def test_a_work_store_that_cannot_be_opened_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "home" / "work.db").mkdir(parents=True)
    with pytest.raises(SourceUnavailable):
        async with running(settings(tmp_path), MemorySurface):
            pass
    assert free(tmp_path)
    (tmp_path / "home" / "work.db").rmdir()
    async with running(settings(tmp_path), MemorySurface):
        pass


async def test_an_error_inside_closes_everything(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        async with running(settings(tmp_path), MemorySurface):
            raise ZeroDivisionError
    assert free(tmp_path)


async def test_the_worker_keeps_its_name(tmp_path: Path) -> None:
    names = []
    for _ in range(2):
        async with running(settings(tmp_path), MemorySurface):
            names.append((tmp_path / "home" / "worker").read_text())
    assert names[0] == names[1] != ""


async def test_a_broken_service_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "play" / "service").mkdir(parents=True)
    (tmp_path / "play" / "service" / "a.yaml").write_text("name: a\nattributes: {x: nonsense.field}\n")
    with pytest.raises(Exception, match="nonsense"):
        async with running(settings(tmp_path, playbooks=tmp_path / "play"), MemorySurface):
            pass


async def test_notes_say_what_is_connected_and_what_is_missing(tmp_path: Path) -> None:
    async with running(settings(tmp_path, runbooks=tmp_path / "none")) as app:
        said = "\n".join(app.notes)
    for words in ("Slack is not configured", "SQLite", "none (MIDWATCH_PROMETHEUS_URL)", "none declared", "there is no folder"):
        assert words in said


async def test_a_signed_source_proves_itself_and_a_replay_is_told(tmp_path: Path) -> None:
    incident = {"id": "P1", "type": "incident", "title": "12 % errors", "urgency": "high", "status": "triggered"}
    event = {
        "id": "01E",
        "event_type": "incident.triggered",
        "resource_type": "incident",
        "occurred_at": "2026-03-02T02:07:00Z",
        "data": incident,
    }
    raw = json.dumps({"event": event}).encode()
    signature = "v1=" + hmac.new(b"new", raw, hashlib.sha256).hexdigest()
    async with running(settings(tmp_path, pagerduty_secrets="old,new"), MemorySurface, lambda: 1_772_417_300.0) as app:
        transport = httpx.ASGITransport(app.web, client=("203.0.113.9", 443))
        async with httpx.AsyncClient(transport=transport, base_url="http://midwatch.example") as http:
            headers = {"X-PagerDuty-Signature": signature, "X-Webhook-Id": "w1"}
            assert (await http.post("/hooks/pagerduty", content=raw, headers=headers)).json() == {"incidents": ["INC-1"]}
            assert (await http.post("/hooks/pagerduty", content=raw, headers=headers)).json() == {"incidents": [], "duplicate": True}
            assert (await http.post("/hooks/pagerduty", content=raw + b" ", headers=headers)).status_code == 401
            assert (await http.post("/hooks/pagerduty", content=raw)).status_code == 401
            assert (await http.post("/hooks/generic", json=EVENT)).status_code == 403


async def test_spans_and_changes_come_in_and_reach_triage(tmp_path: Path) -> None:
    now = int(time.time())
    span = {
        "traceId": "5b8efff798038103d269b633813fc60c",
        "spanId": "eee19b7ec3c1b174",
        "name": "chat",
        "startTimeUnixNano": str((now - 60) * 10**9),
        "endTimeUnixNano": str((now - 59) * 10**9),
        "attributes": [{"key": "app.docs", "value": {"intValue": "3"}}, {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}],
    }
    broken = span | {"spanId": ""}
    traces = {"resourceSpans": [{"scopeSpans": [{"spans": [span, broken]}]}]}
    change = {
        "specversion": "1.0",
        "id": "c1",
        "source": "ci",
        "type": "dev.midwatch.change.prompt",
        "time": moment(now - 60).isoformat(),
        "data": {"object": "answer", "from": "v1", "to": "v2"},
    }
    (tmp_path / "play" / "service").mkdir(parents=True)
    (tmp_path / "play" / "service" / "a.yaml").write_text("name: a\nattributes: {app.docs: retrieval.n_returned}\n")
    async with running(settings(tmp_path, playbooks=tmp_path / "play"), MemorySurface) as app, client(app) as http:
        taken = await http.post("/v1/traces", json=traces)
        assert taken.status_code == 200
        assert taken.json()["partialSuccess"]["rejectedSpans"] == "1"
        assert (await http.post("/hooks/changes", json=change)).json() == {"changes": 1, "new": 1}
        hidden = await http.post("/v1/traces", content=gzip.compress(b"{}"), headers={"content-type": "application/json"})
        assert hidden.status_code == 400
        requests = await app.spans.frame("requests", Scope(None, Interval(now - 600.0, now + 1.0)))
        assert requests is not None
        assert requests.n == 1
        found = await app.records.past.between(None, Interval(now - 600.0, now + 1.0))
        assert found is not None
        assert [one.object for one in found] == ["answer"]
