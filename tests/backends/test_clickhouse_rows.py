"""What the Collector's exporter makes of a span is read as the span was: every trap of every dialect goes through it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from bot.backends.clickhouse_rows import canonical
from bot.telemetry.declared import declare
from bot.telemetry.otlp import read_json
from bot.telemetry.repair import repair
from tests.clickhouse import exported
from tests.telemetry.test_dialects import cases
from tests.telemetry.wire import body, event, span


def answered(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of otel_traces as `clickhouse_statements.rows` gets them."""
    took = pa.array([row["Duration"] for row in rows], pa.uint64())
    return pa.Table.from_pylist([_answered(row) for row in rows]).append_column("Duration", took)


def _answered(row: dict[str, Any]) -> dict[str, Any]:
    pairs = {name: list(row[name].items()) for name in ("ResourceAttributes", "SpanAttributes")}
    events = [list(held.items()) for held in row["Events.Attributes"]]
    times = {"start": _nanoseconds(row["Timestamp"]), "events_at": [_nanoseconds(at) for at in row["Events.Timestamp"]]}
    held = {name: value for name, value in row.items() if name != "Duration"}
    return {**held, **pairs, **times, "Events.Attributes": events}


def _nanoseconds(said: str) -> int:
    whole, _, part = said.partition(".")
    return int(datetime.strptime(whole, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()) * 10**9 + int(part)


@pytest.mark.parametrize("case", cases())
def test_the_exporters_row_reads_as_the_span(case: dict[str, Any]) -> None:
    given = dict(case["span"])
    given["events"] = [event(one["name"], one.get("at", 0.0), **one.get("attributes", {})) for one in given.pop("events", [])]
    around = {"scope": given.pop("scope", "scope"), "resource": given.pop("resource", {})}
    raw = body(span(given.pop("attributes", {}), **given), **around)
    declared = declare(case.get("declared"))
    (direct,) = repair(read_json(raw, declared=declared).spans).to_pylist()
    (stored,) = canonical(answered(list(exported([json.loads(raw)]))), declared).to_pylist()
    told = {name: (stored[name], direct[name]) for name in direct if (stored[name] or None) != (direct[name] or None)}
    assert told == {}
