"""An Arize Phoenix of our own for tests marked `real`: started on free ports, filled over OTLP, gone afterwards."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.prometheus import free_port

READY_S = 300.0  # it takes half a minute on two free cores
INGESTED_S = 900.0  # ingest is asynchronous: 6,000 spans take half a minute on two free cores, and many times that on busy ones
PAGE = 1_000
POLL_S = 2.0  # reading slows ingest down

Json = dict[str, Any]


def program() -> str:
    found = shutil.which(os.environ.get("PHOENIX_BIN", "phoenix"))
    if found is None:
        pytest.skip("no phoenix here (pip install arize-phoenix into a venv of its own, and name its command in PHOENIX_BIN)")
    return found


@contextmanager
def phoenix(home: Path) -> Iterator[str]:
    """URL of an empty Phoenix."""
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    env = {
        **os.environ, "PHOENIX_WORKING_DIR": str(home), "PHOENIX_PORT": str(port), "PHOENIX_GRPC_PORT": str(free_port()),
        "PHOENIX_HOST": "127.0.0.1", "PHOENIX_TELEMETRY_ENABLED": "false",
    }  # fmt: skip
    log, url = home / "phoenix.log", f"http://127.0.0.1:{port}"
    with log.open("w") as written, subprocess.Popen([program(), "serve"], stdout=written, stderr=written, env=env) as process:
        try:
            deadline = time.monotonic() + READY_S
            while not _ready(url):
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-2000:]
                time.sleep(0.5)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/v1/projects", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def fill(url: str, project: str, traces: Sequence[Json]) -> int:
    """Send TracesData objects over OTLP, and wait until every span can be read; how many they are."""
    sent, last = 0, ""
    with httpx.Client(base_url=url, timeout=60) as client:
        for data in traces:
            request = ParseDict(_for_protobuf(data, project), ExportTraceServiceRequest())
            n = sum(len(scoped.spans) for held in request.resource_spans for scoped in held.scope_spans)
            if n:
                _send(client, request.SerializeToString())
                sent += n
                last = request.resource_spans[-1].scope_spans[-1].spans[-1].span_id.hex()
        deadline = time.monotonic() + INGESTED_S
        while not _there(client, project, last) or _readable(client, project) < sent:
            assert time.monotonic() < deadline, f"{_readable(client, project)} of {sent} spans can be read"
            time.sleep(POLL_S)
    return sent


def _send(client: httpx.Client, body: bytes) -> None:
    for _ in range(100):
        answer = client.post("/v1/traces", content=body, headers={"Content-Type": "application/x-protobuf"})
        if answer.status_code == 200:
            return
        assert answer.status_code in (429, 503), answer.text[:500]  # it asks for patience while its queue is full
        time.sleep(0.5)
    raise AssertionError("Phoenix did not take the spans")


def _there(client: httpx.Client, project: str, span: str) -> bool:
    answer = client.get(f"/v1/projects/{project}/spans/otlpv1", params={"span_id": span, "limit": "1"})
    return answer.status_code == 200 and bool(answer.json()["data"])


def _readable(client: httpx.Client, project: str) -> int:
    read, query = 0, {"limit": str(PAGE)}
    while True:
        answer = client.get(f"/v1/projects/{project}/spans/otlpv1", params=query)
        if answer.status_code == 404:
            return 0
        page = answer.json()
        read += len(page["data"])
        if not page["next_cursor"]:
            return read
        query["cursor"] = page["next_cursor"]


def _for_protobuf(data: Json, project: str) -> Json:
    """OTLP/JSON with ids as protobuf's JSON has them, and the project to put it into."""
    resources = []
    for held in data["resourceSpans"]:
        attributes = held.get("resource", {}).get("attributes", [])
        named = [*attributes, {"key": "openinference.project.name", "value": {"stringValue": project}}]
        scopes = [{**scoped, "spans": [_span(one) for one in scoped["spans"]]} for scoped in held["scopeSpans"]]
        resources.append({"resource": {"attributes": named}, "scopeSpans": scopes})
    return {"resourceSpans": resources}


def _span(span: Json) -> Json:
    ids = {name: base64.b64encode(bytes.fromhex(span[name])).decode() for name in ("traceId", "spanId", "parentSpanId") if span.get(name)}
    return {**span, **ids}
