"""Spans of Midwatch's own work: sent over OTLP to a real receiver, which is another Midwatch."""

import json
import time
from pathlib import Path

import duckdb
import httpx
import pytest

from tests.e2e.service import Service, until
from tests.e2e.slack_stub import Running
from tests.e2e.test_serve import ended, with_slack
from tests.prometheus import free_port

pytestmark = pytest.mark.real

Row = tuple[str, str, str, str, str]


def spans(home: Path) -> list[Row]:
    """(trace, span, parent, name, service), oldest first."""
    with duckdb.connect(str(home / "spans.duckdb"), read_only=True) as connection:
        return connection.execute("select trace_id, span_id, parent_id, name, service from spans order by ts, name").fetchall()


def test_a_triage_is_a_trace_with_its_steps(tmp_path: Path) -> None:
    with Running() as slack, Service(tmp_path / "receiver", OTLP_TOKEN="t1") as receiver:
        sent = {"OWN_SPANS_URL": f"{receiver.url}/v1/traces", "OWN_SPANS_TOKEN": "t1"}
        with Service(tmp_path / "home", **with_slack(slack), **sent) as service:
            assert service.page("d1").status_code == 202
            until(lambda: ended(slack) and len(slack.replies) > 0, 60)
            until(lambda: "midwatch_spans_total 5" in httpx.get(f"{receiver.url}/metrics").text, 30)
            assert service.stop() == 0
        assert receiver.stop() == 0
    rows = spans(tmp_path / "receiver")
    assert len({row[0] for row in rows}) == 1
    assert {row[4] for row in rows} == {"midwatch"}
    root = next(row for row in rows if row[3] == "incident")
    assert root[2] == ""
    assert [row[3] for row in rows if row[2] == root[1]] == ["announce", "triage", "show", "attach"]
    assert b"12 % errors" not in (tmp_path / "receiver" / "spans.duckdb").read_bytes()


def test_a_receiver_that_is_down_holds_nothing_up(tmp_path: Path) -> None:
    with Running() as slack:
        sent = {"OWN_SPANS_URL": f"http://127.0.0.1:{free_port()}/v1/traces"}
        with Service(tmp_path, **with_slack(slack), **sent) as service:
            assert service.page("d1").status_code == 202
            until(lambda: ended(slack) and len(slack.replies) > 0, 60)
            until(lambda: any("own spans are lost: ConnectError" in json.loads(line)["message"] for line in service.logged), 30)
            start = time.monotonic()
            assert service.stop() == 0
            assert time.monotonic() - start < 20
