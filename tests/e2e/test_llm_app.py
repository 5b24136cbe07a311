"""A real instrumented product against a mock model server: its search loses a replica, and the verdict on its own spans says so."""

import contextlib
import json
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.parse
from contextlib import ExitStack
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from tests.e2e.aimock import MISSING, READY, model_server
from tests.e2e.service import Service, until
from tests.e2e.slack_stub import Running

pytestmark = [pytest.mark.real, pytest.mark.skipif(not READY, reason=MISSING)]

HOUR = 3600.0
BASELINE, BROKEN = 600, 150  # requests before and after the replica is lost
SINCE_S = 50 * 60.0  # how long before the page it was lost
BASELINE_S = 6 * HOUR
SEARCHED = 0.4  # of requests; half of those meet the lost replica
MODEL_ANSWERS = [{"match": {}, "response": {"content": "Refunds take five days.", "usage": {"prompt_tokens": 90, "completion_tokens": 6}}}]


class Replica:
    """A search server; `lost` makes it take connections and answer nothing in time."""

    def __init__(self) -> None:
        self.lost = threading.Event()
        self.url = ""

    def __enter__(self) -> "Replica":
        replica = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if replica.lost.is_set():
                    time.sleep(0.6)  # twice the client's deadline
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                found = [{"id": f"kb-{n}", "content": f"About {query['q'][0]}", "score": 0.9 - n / 10} for n in range(int(query["k"][0]))]
                body = json.dumps({"documents": found}).encode()
                with contextlib.suppress(ConnectionError):  # the client has gone
                    self.send_response(200)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


class Product:
    """tests/e2e/llm_app.py as a process of its own."""

    def __init__(self, instrumentation: str, service: str, model: str, replicas: list[Replica]) -> None:
        program = [sys.executable, "-m", "tests.e2e.llm_app", "--instrumentation", instrumentation, "--otlp", f"{service}/v1/traces"]
        program += ["--model", model, *(word for replica in replicas for word in ("--replica", replica.url))]
        self._process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, times: list[float]) -> dict[str, Any]:
        """A request at each of the times; what became of them, once their spans are exported."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        for number, at in enumerate(times):
            searched = (number * SEARCHED) % 1 < SEARCHED
            tenant = ("acme", "globex", "initech")[number % 3]
            asked = {"at": at, "route": "/ask" if searched else "/chat", "tenant": tenant, "question": f"How do I do thing {number % 40}?"}
            self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        done: dict[str, Any] = json.loads(self._process.stdout.readline())
        return done

    def __enter__(self) -> "Product":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(30)
        finally:
            self._process.kill()
            self._process.stdout.close()


def page(now: float) -> dict[str, Any]:
    """Alertmanager's webhook, version 4."""
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - 60))
    labels = {"alertname": "AssistantErrorRate", "service": "assistant", "severity": "critical"}
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": "AI assistant degraded - error rate 16%"},
        "startsAt": started,
    }
    return {
        "version": "4",
        "groupKey": '{}:{alertname="AssistantErrorRate"}',
        "status": "firing",
        "receiver": "midwatch",
        "groupLabels": {"alertname": "AssistantErrorRate"},
        "commonLabels": labels,
        "commonAnnotations": alert["annotations"],
        "alerts": [alert | {"fingerprint": "a1"}],
    }


def report_of(home: Path) -> dict[str, Any] | None:
    with contextlib.closing(sqlite3.connect(home / "midwatch.db")) as database:
        row = database.execute("SELECT report FROM incidents").fetchone()
    return json.loads(row[0]) if row and row[0] else None


@pytest.mark.parametrize("instrumentation", ["openinference", "openllmetry"])
def test_a_lost_search_replica_is_found_in_what_the_instrumentation_wrote(tmp_path: Path, instrumentation: str) -> None:
    with ExitStack() as stack:
        slack = stack.enter_context(Running())
        env = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "SLACK_API_URL": slack.url, "SLACK_CHANNEL": "#incidents"}
        service = stack.enter_context(Service(tmp_path / "home", **env))
        model = stack.enter_context(model_server(tmp_path, MODEL_ANSWERS))
        replicas = [stack.enter_context(Replica()) for _ in range(2)]
        product = stack.enter_context(Product(instrumentation, service.url, model, replicas))

        now = time.time()
        lost_at = now - SINCE_S
        start = time.perf_counter()
        healthy = product.ask([lost_at - BASELINE_S * (1 - n / BASELINE) for n in range(BASELINE)])
        assert healthy == {"ready": BASELINE, "failed": [], "n_failed": 0}
        replicas[1].lost.set()
        broken = product.ask([lost_at + SINCE_S * n / BROKEN for n in range(BROKEN)])
        assert broken["failed"] == ["ReadTimeout"]
        assert broken["n_failed"] == pytest.approx(BROKEN * SEARCHED / 2, abs=3)
        print(f"\n{instrumentation}: {BASELINE + BROKEN} requests served and exported in {time.perf_counter() - start:.1f} s")

        start = time.perf_counter()
        assert httpx.post(f"{service.url}/hooks/alertmanager", json=page(now), timeout=10).status_code == 202
        until(lambda: report_of(tmp_path / "home") is not None and len(slack.replies) > 0, 60)
        took = time.perf_counter() - start
        report = report_of(tmp_path / "home")
        assert report is not None
        assert service.stop() == 0

    onset = datetime.fromisoformat(report["onset"]["at"]).timestamp()
    late = (onset - lost_at) / 60
    print(f"page -> evidence on Slack {took:.1f} s; {report['cause']} {report['confidence']:.2f}, onset {late:+.1f} min from the truth")
    assert (report["verdict"], report["layer"], report["cause"]) == ("fault", "retrieval", "retrieval.timeout")
    assert report["slice"]["where"] == {"source_id": "kb-search"}
    assert "kb-search" in report["findings"][0]["claim"]
    assert abs(late) <= 5
    assert report["impact"]["bad"] == pytest.approx(broken["n_failed"], abs=3)
    assert {"model.provider_incident", "model.rate_limited"} <= {one["cause"] for one in report["ruled_out"]}
    (message,) = slack.messages.values()
    assert "kb-search" in message["text"]
    assert understood(tmp_path / "home") == UNDERSTOOD


UNDERSTOOD = {
    "request": {"route", "tenant"},
    "retrieval": {"source_id", "n_returned", "doc_ids"},
    "llm": {"provider", "model_requested", "model_served", "tokens_input", "tokens_output", "finish", "temperature", "max_tokens"},
}
"""What was read on most spans of a kind, in either wording."""


def understood(home: Path) -> dict[str, set[str]]:
    with duckdb.connect(str(home / "spans.duckdb"), read_only=True) as database:
        found = {}
        for kind, columns in UNDERSTOOD.items():
            shares = ", ".join(f"count({column}) / count(*) AS {column}" for column in sorted(columns))
            row = database.execute(f"SELECT {shares} FROM spans WHERE kind = ?", [kind]).fetchone()
            found[kind] = {column for column, share in zip(sorted(columns), row or (), strict=True) if share > 0.8}
    return found
