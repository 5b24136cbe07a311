"""Rows of `otel_traces` -> canonical spans, through the very translation that spans go through when they come in as OTLP.

The exporter writes every attribute as a text. Numbers and yes/no are read from texts everywhere; a list of plain values, which it writes as
JSON, is made a list again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import pyarrow as pa

from bot.telemetry.declared import Declared
from bot.telemetry.otlp import Intake
from bot.telemetry.repair import repair

LIST_CHARS = 10_000  # a list of plain values is shorter; a longer text is a conversation, which its dialect reads itself
WRAPPED = 2**63

Json = dict[str, Any]
Pairs = Sequence[tuple[str, str]]


def canonical(found: pa.Table, declared: Declared) -> pa.Table:
    """What `clickhouse_statements.rows` asked for -> rows of canonical.SCHEMA, repaired; the table holds whole traces."""
    intake = Intake(declared)
    for batch in found.to_batches(max_chunksize=5_000):
        for (resource, scope), rows in _grouped(batch.to_pylist()).items():
            intake.add_read(_attributes(resource), scope, [_read(row) for row in rows])
    return repair(intake.decoded().spans)


def _grouped(rows: Iterable[Json]) -> dict[tuple[tuple[tuple[str, str], ...], str], list[Json]]:
    """By resource and scope, as OTLP has them."""
    found: dict[tuple[tuple[tuple[str, str], ...], str], list[Json]] = {}
    for row in rows:
        named = dict(row["ResourceAttributes"] or ())
        if row["ServiceName"]:
            named.setdefault("service.name", row["ServiceName"])
        found.setdefault((tuple(sorted(named.items())), row["ScopeName"] or ""), []).append(row)
    return found


def _read(row: Json) -> tuple[Json, tuple[str, ...], list[object]]:
    """A span without its attributes, and beside it their names and values."""
    start, took = row["start"], row["Duration"]
    if took >= WRAPPED:  # the exporter subtracts the start from an end that is missing, and its column has no sign
        took -= 2 * WRAPPED
    kind = str(row["SpanKind"] or "").upper()
    span: Json = {
        "traceId": row["TraceId"],
        "spanId": row["SpanId"],
        "parentSpanId": row["ParentSpanId"] or "",
        "name": row["SpanName"] or "",
        "kind": kind if kind.startswith("SPAN_KIND_") else f"SPAN_KIND_{kind}",
        "startTimeUnixNano": start,
        "endTimeUnixNano": max(start + took, 0),
        "status": {"code": str(row["StatusCode"] or "").upper(), "message": row["StatusMessage"] or ""},
    }
    if row["TraceState"]:
        span["traceState"] = row["TraceState"]
    if row["events_at"]:
        told = zip(row["events_at"], row["Events.Name"], row["Events.Attributes"], strict=True)
        span["events"] = [{"timeUnixNano": at, "name": name, "attributes": _attributes(held)} for at, name, held in told]
    pairs: Pairs = row["SpanAttributes"] or ()
    return span, tuple([key for key, _ in pairs]), [_value(value) for _, value in pairs]


def _attributes(pairs: Pairs) -> list[Json]:
    """In the form of OTLP/JSON."""
    told = ((key, _value(value)) for key, value in pairs)
    return [{"key": key, "value": {"arrayValue" if isinstance(held, dict) else "stringValue": held}} for key, held in told]


def _value(said: str) -> str | Json:
    """The text, or the value of an OTLP arrayValue when it is a list of plain values."""
    if said[:1] != "[" or said[-1:] != "]" or len(said) > LIST_CHARS:
        return said
    try:
        held = orjson.loads(said)
    except orjson.JSONDecodeError:
        return said
    if not all(isinstance(one, (str, int, float)) for one in held):
        return said
    return {"values": [_any_value(one) for one in held]}


def _any_value(one: str | float) -> Json:
    if isinstance(one, str):
        return {"stringValue": one}
    return {"boolValue": one} if isinstance(one, bool) else {"intValue": one} if isinstance(one, int) else {"doubleValue": one}
