"""ClickHouse for tests: rows as the Collector's exporter writes them, and a ClickHouse of our own (chdb) for tests marked `real`."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.prometheus import free_port

READY_S = 60.0
BATCH = 5_000  # rows of one INSERT

TRACES = """
CREATE TABLE otel_traces (
    Timestamp DateTime64(9) CODEC(Delta, ZSTD(1)), TraceId String CODEC(ZSTD(1)), SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)), TraceState String CODEC(ZSTD(1)), SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)), ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)), ScopeName String CODEC(ZSTD(1)),
    ScopeVersion String CODEC(ZSTD(1)), SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Duration UInt64 CODEC(ZSTD(1)), StatusCode LowCardinality(String) CODEC(ZSTD(1)), StatusMessage String CODEC(ZSTD(1)),
    Events Nested (Timestamp DateTime64(9), Name LowCardinality(String), Attributes Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    Links Nested (TraceId String, SpanId String, TraceState String, Attributes Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    INDEX idx_trace_id TraceId TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = MergeTree PARTITION BY toDate(Timestamp) ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
"""  # as the exporter creates it

Json = dict[str, Any]
_KINDS = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
_STATES = ("Unset", "Ok", "Error")


def exported(traces: Iterable[Json]) -> Iterator[Json]:
    """TracesData objects -> rows of otel_traces; every attribute is a text."""
    for data in traces:
        for held in data.get("resourceSpans", []):
            resource = _texts(held.get("resource", {}).get("attributes"))
            for scoped in held.get("scopeSpans", []):
                for span in scoped.get("spans", []):
                    yield {**_row(span), "ResourceAttributes": resource, "ServiceName": resource.get("service.name", "")} | {
                        "ScopeName": scoped.get("scope", {}).get("name", ""),
                        "ScopeVersion": scoped.get("scope", {}).get("version", ""),
                    }


def _row(span: Json) -> Json:
    start, end = int(span["startTimeUnixNano"]), int(span.get("endTimeUnixNano") or 0)
    status = span.get("status") or {}
    events = span.get("events") or []
    return {
        "Timestamp": _moment(start), "TraceId": span["traceId"], "SpanId": span["spanId"], "ParentSpanId": span.get("parentSpanId") or "",
        "TraceState": span.get("traceState", ""), "SpanName": span.get("name", ""), "SpanKind": _named(span.get("kind", 0), _KINDS),
        "SpanAttributes": _texts(span.get("attributes")), "Duration": (end - start) % 2**64,
        "StatusCode": _named(status.get("code", 0), _STATES), "StatusMessage": status.get("message", ""),
        "Events.Timestamp": [_moment(int(event["timeUnixNano"])) for event in events],
        "Events.Name": [event.get("name", "") for event in events],
        "Events.Attributes": [_texts(event.get("attributes")) for event in events],
    }  # fmt: skip


def _named(code: int | str, names: tuple[str, ...]) -> str:
    return names[code] if isinstance(code, int) else code.rpartition("_")[2].capitalize()


def _moment(nanoseconds: int) -> str:
    at = datetime.fromtimestamp(nanoseconds // 10**9, UTC)
    return f"{at:%Y-%m-%d %H:%M:%S}.{nanoseconds % 10**9:09}"


def _texts(attributes: list[Json] | None) -> dict[str, str]:
    return {pair["key"]: as_text(pair.get("value") or {}) for pair in attributes or []}


def as_text(value: Json) -> str:
    """An AnyValue as the Collector writes it where only texts fit."""
    held = _plain(value)
    if isinstance(held, bool):
        return "true" if held else "false"
    if isinstance(held, (dict, list)):
        return json.dumps(held, separators=(",", ":"), ensure_ascii=False)
    if isinstance(held, float):
        return str(int(held)) if held.is_integer() and abs(held) < 1e15 else repr(held)
    return "" if held is None else str(held)


def _plain(value: Json) -> Any:
    for kind, held in value.items():
        if kind == "arrayValue":
            return [_plain(item) for item in held.get("values", [])]
        if kind == "kvlistValue":
            return {pair["key"]: _plain(pair["value"]) for pair in held.get("values", [])}
        if kind == "intValue":
            return int(held)
        return base64.b64decode(held) if kind == "bytesValue" else held
    return None


def chdb_python() -> str:
    """The Python that has chdb: CHDB_PYTHON, or this one."""
    named = os.environ.get("CHDB_PYTHON")
    if named and Path(named).is_file():
        return named
    if importlib.util.find_spec("chdb") is None:
        pytest.skip("no chdb here (pip install chdb into a venv of its own, and name its Python in CHDB_PYTHON)")
    return sys.executable


class Server:
    """A running ClickHouse and its URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, sql: str) -> str:
        answer = httpx.post(self.url, content=sql, timeout=120)
        assert answer.status_code == 200, answer.text[:2000]
        return answer.text

    def insert(self, table: str, rows: Iterable[Json]) -> int:
        lines = [json.dumps(row) for row in rows]
        for start in range(0, len(lines), BATCH):
            self.run("\n".join([f"INSERT INTO {table} FORMAT JSONEachRow", *lines[start : start + BATCH]]))
        return len(lines)


@contextmanager
def clickhouse(home: Path) -> Iterator[Server]:
    """An empty ClickHouse on a free port, gone afterwards."""
    python, port = chdb_python(), free_port()
    home.mkdir(parents=True, exist_ok=True)
    program = [python, str(Path(__file__).parent / "real" / "chdb_serve.py"), str(home / "data"), str(port)]
    log = home / "chdb.log"
    url = f"http://127.0.0.1:{port}/"
    with log.open("w") as written, subprocess.Popen(program, stdout=written, stderr=written, env={**os.environ, "TZ": "UTC"}) as process:
        try:
            deadline = time.monotonic() + READY_S
            while not _ready(url):
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-2000:]
                time.sleep(0.1)
            yield Server(url)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False
