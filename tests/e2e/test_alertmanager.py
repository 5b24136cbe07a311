"""A real series crosses a real rule in Prometheus, a real Alertmanager calls the real service, and one message follows it to the end."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.service import Service
from tests.prometheus import alertmanager, free_port, prometheus
from tests.slack.fake import serving

pytestmark = pytest.mark.real

TOKEN = "of-alertmanager"
A_SCRAPE = 100  # requests between two scrapes

PROMETHEUS = """
global: {scrape_interval: 1s, evaluation_interval: 1s}
scrape_configs: [{job_name: assistant, static_configs: [{targets: ["TARGET"]}]}]
rule_files: [RULES]
alerting: {alertmanagers: [{static_configs: [{targets: ["ALERTMANAGER"]}]}]}
"""

RULES = """
groups:
- name: assistant
  rules:
  - alert: AssistantErrorRate
    expr: sum(rate(assistant_requests_total{code="500"}[5s])) / sum(rate(assistant_requests_total[5s])) > 0.05
    for: 1s
    labels: {severity: critical, service: assistant}
    annotations: {summary: 'AI assistant degraded - error rate {{ $value | humanizePercentage }}'}
"""

ALERTMANAGER = """
route: {receiver: midwatch, group_by: [alertname, service], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
receivers:
- name: midwatch
  webhook_configs: [{url: "URL/hooks/alertmanager", send_resolved: true, http_config: {authorization: {credentials: TOKEN}}}]
"""


class Exporter:
    """A counter that a scrape finds A_SCRAPE requests further on, `failing` of them with code 500."""

    def __init__(self) -> None:
        self.failing = 0
        self._counts = {"200": 0, "500": 0}
        self._lock = threading.Lock()

    def text(self) -> str:
        with self._lock:
            self._counts["500"] += self.failing
            self._counts["200"] += A_SCRAPE - self.failing
            lines = [f'assistant_requests_total{{code="{code}"}} {count}' for code, count in self._counts.items()]
        return "\n".join(["# TYPE assistant_requests_total counter", *lines, ""])


@contextmanager
def exporting() -> Iterator[tuple[Exporter, str]]:
    exporter = Exporter()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(exporter.text().encode())

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield exporter, f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(10)


async def until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.05)


@contextmanager
def watched(home: Path, target: str, hooks: str, port: int) -> Iterator[str]:
    """Prometheus, with an Alertmanager behind it that calls `hooks`; the URL of Prometheus."""
    with ExitStack() as stack:
        alerts = stack.enter_context(alertmanager(home / "alerts", ALERTMANAGER.replace("URL", hooks).replace("TOKEN", TOKEN)))
        (home / "rules.yml").write_text(RULES)
        config = PROMETHEUS.replace("TARGET", target).replace("RULES", json.dumps(str(home / "rules.yml")))
        yield stack.enter_context(prometheus(home / "metrics", config.replace("ALERTMANAGER", alerts.removeprefix("http://")), port))


async def test_a_rule_fires_the_card_appears_and_the_resolve_edits_it(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(serving())
        exporter, target = stack.enter_context(exporting())
        port = free_port()
        env = {
            "PROMETHEUS_URL": f"http://127.0.0.1:{port}",
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_SIGNING_SECRET": "s",
            "SLACK_API_URL": slack.url + "/api/",
        }
        service = Service(tmp_path / "home", HOOK_TOKENS=TOKEN, **env)
        stack.push_async_callback(asyncio.to_thread, service.__exit__)
        await asyncio.to_thread(service.__enter__)
        refused = await asyncio.to_thread(httpx.post, f"{service.url}/hooks/alertmanager", json={"alerts": []})
        assert refused.status_code == 401
        watching = watched(tmp_path, target, service.url, port)
        measured = await asyncio.to_thread(watching.__enter__)
        stack.push_async_callback(asyncio.to_thread, watching.__exit__, None, None, None)
        roots = slack.workspace.roots

        started = time.perf_counter()
        await asyncio.sleep(3)
        assert roots() == []
        exporter.failing = 12
        await until(lambda: bool(roots()), 30)
        announced = time.perf_counter() - started - 3
        await until(lambda: "Not enough data" in roots()[0]["text"], 30)  # no traces were sent
        message = dict(roots()[0])
        assert "AI assistant degraded - error rate 1" in json.dumps(message["blocks"])
        assert "RESOLVED" not in message["text"]
        exposed = (await asyncio.to_thread(httpx.get, f"{measured}/metrics")).text
        assert 'prometheus_http_requests_total{code="200",handler="/api/v1/query_range"}' in exposed  # the triage read the metrics

        exporter.failing = 0
        await until(lambda: "RESOLVED" in roots()[0]["text"], 30)
        (resolved,) = roots()
        assert resolved["ts"] == message["ts"]
        assert resolved["text"].startswith("INC-1 RESOLVED")
        assert slack.workspace.edits.count(message["ts"]) >= 2
        print(f"\nseries goes bad -> message on Slack: {announced:.1f} s; whole story {time.perf_counter() - started:.1f} s")
        assert await asyncio.to_thread(service.stop) == 0
