"""A corpus of planted secrets and personal data goes in at every door of the running service, and is nowhere afterwards.

Looked at: every cell of every database below home, every other file there, the log as `serve` writes it, what the surface was given to
show, the console and the metrics.
"""

import io
import json
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bot.app import running
from bot.backends.narrate import Budget, Narrated
from bot.backends.narrator_openai import openai_narrator
from bot.cli.serve import _Json
from bot.model.report import Report
from bot.shelf import index
from bot.shelf.read import read_folders
from tests.fakes_narrator import claims, narrator_endpoint
from tests.fakes_records import MemorySurface
from tests.slack import samples
from tests.test_app import client, settings, until
from tests.test_redact import PLANTED

SECRETS = {name: f"https://hooks.slack.com/services/T{secret}" if name == "slack hook" else secret for name, secret in PLANTED.items()}
NEEDLES = {name: PLANTED[name].split("\n")[1] if name == "pem" else PLANTED[name] for name in PLANTED} | {"keyed": "hunter2hunter2"}
AT = 1_772_417_220


def page(number: int, secret: str) -> dict[str, Any]:
    return {
        "routing_key": "k",
        "event_action": "trigger",
        "dedup_key": f"{secret}",
        "payload": {
            "summary": f"{number}: 401 with {secret}",
            "source": "s",
            "severity": "error",
            "custom_details": {"note": secret, "db.password": "hunter2hunter2", "service": "assistant"},
        },
        "links": [{"href": f"https://x.example/?q={secret}", "text": f"see {secret}"}],
    }


def change(number: int, secret: str) -> dict[str, Any]:
    data = {
        "object": f"config {secret}",
        "from": secret,
        "to": "password=hunter2hunter2",
        "author": secret,
        "link": f"https://x.example/{secret}",
    }
    return {
        "specversion": "1.0",
        "id": f"{number} {secret}",
        "type": "dev.midwatch.change.config",
        "time": "2026-03-02T02:00:00Z",
        "data": data,
    }


def spans() -> bytes:
    def span(number: int, secret: str) -> dict[str, Any]:
        told = {
            "tenant.id": secret,
            "user.id": secret,
            "custom.note": secret,
            "app.api_key": "hunter2hunter2",
            "url.full": f"https://x/{secret}",
        }
        return {
            "traceId": f"{number:032x}",
            "spanId": f"{number:016x}",
            "name": f"POST /chat {secret}",
            "startTimeUnixNano": str((AT - 60 + number) * 10**9),
            "endTimeUnixNano": str((AT - 59 + number) * 10**9),
            "status": {"code": 2, "message": f"refused {secret}"},
            "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in told.items()],
        }

    listed = [span(number, secret) for number, secret in enumerate(SECRETS.values(), start=1)]
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "assistant"}}]}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": listed}]}]}).encode()


def cells(home: Path) -> Iterator[tuple[str, str]]:
    """Place and text of everything that is kept."""
    for file in sorted(path for path in home.rglob("*") if path.is_file()):
        if file.name == "spans.duckdb":
            with duckdb.connect(str(file), read_only=True) as store:
                for (table,) in store.execute("SELECT table_name FROM information_schema.tables").fetchall():
                    yield f"{file.name}:{table}", str(store.execute(f'SELECT * FROM "{table}"').fetchall())
        elif file.suffix == ".db":
            with sqlite3.connect(file) as store:
                for (table,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                    yield f"{file.name}:{table}", str(store.execute(f'SELECT * FROM "{table}"').fetchall())
        yield file.name, file.read_bytes().decode("utf-8", "replace")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What `serve` would write to stderr, everything from DEBUG on of our own code."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Json())
    ours = logging.getLogger("bot")
    level = ours.level
    ours.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    yield stream
    ours.removeHandler(handler)
    ours.setLevel(level)


async def test_nothing_that_was_planted_is_anywhere(tmp_path: Path, written: io.StringIO) -> None:
    shown = MemorySurface()
    runbooks = tmp_path / "runbooks"
    runbooks.mkdir()
    (runbooks / "a.md").write_text("# Note\n" + "\n\n".join(f"try {secret} now" for secret in SECRETS.values()))
    seen: list[tuple[str, str]] = []
    chosen = settings(tmp_path, runbooks=runbooks, database_url=None)
    async with running(chosen, lambda: shown, clock=lambda: float(AT)) as app, client(app) as http:
        assert (await http.post("/v1/traces", content=spans(), headers={"content-type": "application/json"})).status_code == 200
        for number, secret in enumerate(SECRETS.values()):
            assert (await http.post("/hooks/changes", json=change(number, secret))).status_code == 202
            assert (await http.post("/hooks/generic", json=page(number, secret))).status_code == 202
        refused = [await http.post("/hooks/generic", content=secret.encode()) for secret in SECRETS.values()]
        assert {answer.status_code for answer in refused} == {422}
        await until(lambda: bool(shown.attached), 60.0)
        listed = await app.records.incidents.recent(100)
        assert listed
        seen += [("report", incident.model_dump_json()) for incident in listed]
        seen += [("console", (await http.get(f"/incidents/{incident.id}")).text) for incident in listed]
        seen += [("list", (await http.get("/incidents")).text), ("metrics", (await http.get("/metrics")).text)]
    seen += [("surface", repr(shown)), ("log", written.getvalue()), *cells(tmp_path / "home")]
    assert {place for place, _ in seen} >= {"report", "log", "midwatch.db:pages", "midwatch.db:changes", "surface"}
    assert any(place.startswith("spans.duckdb:") and "POST /chat" in text for place, text in seen), "the spans were stored"
    found = {(name, place) for place, text in seen for name, needle in NEEDLES.items() if needle in text}
    assert not found


async def test_nothing_that_was_planted_in_a_runbook_is_indexed(tmp_path: Path) -> None:
    folder, at = tmp_path / "runbooks", tmp_path / "index"
    folder.mkdir()
    for number, secret in enumerate(SECRETS.values()):
        (folder / f"r{number}.md").write_text(
            f"---\nowner: {json.dumps(secret)}\n---\n# How to use {secret}\n\nCall it with `{secret}`.\n\n## {secret}\n\nno"
        )
    shelved = read_folders([folder])
    await index.build(shelved, at, None)
    kept = "".join(file.read_text() for file in at.rglob("*") if file.is_file()) + repr(shelved)
    assert "How to use [redacted" in kept
    assert not [name for name, needle in NEEDLES.items() if needle in kept]


async def test_nothing_that_was_planted_reaches_a_narrator() -> None:
    """In claims, numbers, names, slices, changes, missing fields and the question: what is sent is redacted, whoever made the report."""
    async with narrator_endpoint() as endpoint, openai_narrator(endpoint.url, "m", None, seconds=5.0, tokens=300) as narrator:
        tell = Narrated(narrator, Budget(10**9, lambda: float(AT)), lambda: float(AT), tokens=300)
        endpoint.say = claims(("Searches", ["F1"]))
        for number, secret in enumerate(SECRETS.values(), start=1):
            finding = {"id": "F1", "check": "c", "outcome": "found", "claim": f"refused {secret}", "numbers": {"note": secret}, "n": number}
            dirty = samples.FAULT.model_dump() | {
                "findings": [finding, finding | {"id": "F2", "outcome": "clean"}],
                "slice": {"where": {"tenant": secret}, "share_of_traffic": 0.1, "share_of_excess": 0.9},
                "not_checked": [{"check": "c", "missing": (secret,)}],
                "gaps": (f"db at {secret}",),
                "signal": f"failed {secret}",
            }
            await tell(Report.model_validate(dirty), None, f"why {secret}?")
        assert len(endpoint.asked) == len(SECRETS)
        sent = b"".join(endpoint.asked).decode() + repr(endpoint.headers)
    assert "found: refused [redacted" in sent
    assert "why [redacted" in sent
    assert not [name for name, needle in NEEDLES.items() if needle in sent or json.dumps(needle)[1:-1] in sent]


def test_the_log_of_a_failure_holds_nothing_of_it() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Json())
    log = logging.Logger("planted")
    log.addHandler(handler)
    for secret in SECRETS.values():
        try:
            raise ValueError(f"cannot log in with {secret}")
        except ValueError:
            log.exception("failed for %s", secret)
    assert stream.getvalue().count('"error": ') == len(SECRETS)
    assert not [name for name, needle in NEEDLES.items() if needle in stream.getvalue()]
