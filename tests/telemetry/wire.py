"""Builders of OTLP/JSON for tests: Python values in, wire form out."""

from __future__ import annotations

import json
from typing import Any

T0 = 1_772_416_020  # 2026-03-02T01:47:00Z
TRACE, SPAN, PARENT = "a" * 32, "b" * 16, "c" * 16


def value(held: Any) -> dict[str, Any]:
    if isinstance(held, bool):
        return {"boolValue": held}
    if isinstance(held, int):
        return {"intValue": str(held)}
    if isinstance(held, float):
        return {"doubleValue": held}
    if isinstance(held, list):
        return {"arrayValue": {"values": [value(item) for item in held]}}
    if isinstance(held, dict):
        return {"kvlistValue": {"values": [{"key": key, "value": value(item)} for key, item in held.items()]}}
    return {"stringValue": held} if held is not None else {}


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(held)} for key, held in attributes.items()]


def span(attributes: Any = None, **fields: Any) -> dict[str, Any]:
    """A finished span of one second below a parent. `attributes` is a map, or a list in wire form; `start` is in seconds from T0,
    `seconds` how long it took; other fields are OTLP's own."""
    start = fields.pop("start", 0.0)
    took = fields.pop("seconds", 1.0)
    return {
        "traceId": TRACE,
        "spanId": SPAN,
        "parentSpanId": PARENT,
        "name": "operation",
        "kind": 1,
        "startTimeUnixNano": str(int((T0 + start) * 1_000_000) * 1000),
        "endTimeUnixNano": str(int((T0 + start + took) * 1_000_000) * 1000),
        "attributes": attributes if isinstance(attributes, list) else pairs(attributes or {}),
        **fields,
    }


def event(name: str, at: float = 0.0, **attributes: Any) -> dict[str, Any]:
    given = {key.replace("__", "."): held for key, held in attributes.items()}
    return {"name": name, "timeUnixNano": str(int((T0 + at) * 1_000_000) * 1000), "attributes": pairs(given)}


def traces(*spans: dict[str, Any], scope: str = "scope", resource: dict[str, Any] | None = None) -> dict[str, Any]:
    """A TracesData object."""
    held = {"scope": {"name": scope}, "spans": list(spans)}
    return {"resourceSpans": [{"resource": {"attributes": pairs(resource or {})}, "scopeSpans": [held]}]}


def body(*spans: dict[str, Any], **around: Any) -> bytes:
    return json.dumps(traces(*spans, **around)).encode()
