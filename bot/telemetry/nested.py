"""A nested dump of one trace ({trace_id, spans: [{span_id, span_attributes, child_spans: [...]}]}) -> OTLP.

It is what span stores hand out when a trace is downloaded as a tree. A span that cannot be read is BadInput with its place.
"""

from __future__ import annotations

import re
from typing import Any

from bot.errors import BadInput
from bot.telemetry.values import seconds

MOST_SPANS = 20_000  # of one trace: the longest agent runs have some hundreds
MOST_EVENTS = 1_000  # of one span; OTLP's own default limit is 128
MOST_DEPTH = 200  # frames nest some dozen deep

UNTIMED = 1_000_000_000.0  # 2001: the first span of a dump without times
_DURATION = re.compile(r"^P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$")
_CHILDREN = ("child_spans", "children", "childSpans")
_CODES = {"error": 2, "ok": 1}

Json = dict[str, Any]


def is_nested(body: object) -> bool:
    return isinstance(body, dict) and isinstance(body.get("spans"), list) and "resourceSpans" not in body


def to_otlp(body: Json, place: str) -> Json:
    """One TracesData object with all spans of the tree."""
    found: list[Json] = []
    default = str(body.get("trace_id") or body.get("traceId") or "trace")
    stack = [(span, "", f"{place}: spans[{at}]", 0) for at, span in reversed(list(enumerate(body["spans"])))]
    while stack:
        span, parent, where, depth = stack.pop()
        if not isinstance(span, dict):
            raise BadInput("not a span", place=where)
        if len(found) >= MOST_SPANS or depth > MOST_DEPTH:
            raise BadInput(f"more than {MOST_SPANS} spans, or nested deeper than {MOST_DEPTH}", place=where)
        read = _span(span, parent, default, where, number=len(found))
        found.append(read)
        name = next((key for key in _CHILDREN if span.get(key)), "")
        below = span.get(name) if name else []
        if not isinstance(below, list):
            raise BadInput(f"{name} is not a list", place=where)
        stack += [(child, read["spanId"], f"{where}.{name}[{at}]", depth + 1) for at, child in reversed(list(enumerate(below)))]
    return {"resourceSpans": [{"scopeSpans": [{"spans": found}]}]}


def _first(span: Json, *names: str) -> Any:
    return next((span[name] for name in names if span.get(name) not in (None, "")), None)


def _span(span: Json, parent: str, trace: str, place: str, number: int = 0) -> Json:
    own = _first(span, "span_id", "spanId", "id")
    context = span.get("context")
    if own is None and isinstance(context, dict):
        own = context.get("span_id")
    if not isinstance(own, str):
        raise BadInput("no span_id", place=place)
    start, end = _times(span)
    if start is None:  # a transcript made into spans: what is written first came first
        start = UNTIMED + number / 1_000
    events = span.get("events")
    attributes = _first(span, "span_attributes", "attributes")
    held = dict(attributes) if isinstance(attributes, dict) else {}
    kind = _first(span, "span_kind", "kind")
    if isinstance(kind, str) and kind.upper() in _KINDS:
        held.setdefault("openinference.span.kind", kind.upper())
    return {
        "traceId": trace,
        "spanId": own,
        "parentSpanId": _first(span, "parent_span_id", "parentSpanId", "parent_id") or parent,
        "name": str(_first(span, "span_name", "name") or ""),
        "startTimeUnixNano": str(round(start * 1e9)),
        **({"endTimeUnixNano": str(round(end * 1e9))} if end is not None else {}),
        "attributes": attributes_to_otlp(held),
        "events": [_event(event, start) for event in events[:MOST_EVENTS] if isinstance(event, dict)] if isinstance(events, list) else [],
        "status": _status(span),
    }


_KINDS = {"LLM", "CHAIN", "TOOL", "AGENT", "RETRIEVER", "EMBEDDING", "RERANKER", "GUARDRAIL", "EVALUATOR", "PROMPT"}


def _times(span: Json) -> tuple[float | None, float | None]:
    start = seconds(_first(span, "timestamp", "start_time", "startTime", "startTimeUnixNano", "start"))
    end = seconds(_first(span, "end_time", "endTime", "endTimeUnixNano", "end"))
    lasted = _first(span, "duration")
    if end is None and start is not None and isinstance(lasted, str):
        read = _DURATION.match(lasted[:40])
        if read:
            days, hours, minutes, rest = (float(part or 0) for part in read.groups())
            end = start + days * 86_400 + hours * 3_600 + minutes * 60 + rest
    return start, end


def _status(span: Json) -> Json:
    code, message = _first(span, "status_code", "statusCode"), _first(span, "status_message", "statusMessage")
    status = span.get("status")
    if isinstance(status, dict):
        code, message = status.get("code") or status.get("status_code"), status.get("message") or status.get("description")
    elif isinstance(status, str):
        code = status
    word = str(code or "").lower().removeprefix("status_code_")
    return {"code": _CODES.get(word, 0), "message": str(message or "")}


def _event(event: Json, start: float) -> Json:
    attributes = _first(event, "attributes", "Attributes")
    at = seconds(_first(event, "timestamp", "Timestamp", "time"))
    return {
        "name": str(_first(event, "name", "Name") or ""),
        "timeUnixNano": str(round((at if at is not None else start) * 1e9)),
        "attributes": attributes_to_otlp(attributes if isinstance(attributes, dict) else {}),
    }


def attributes_to_otlp(held: Json) -> list[Json]:
    """{name: value} -> OTLP attributes; maps are flattened with dots, as OpenInference writes them."""
    flat: list[tuple[str, Any]] = []
    stack: list[tuple[str, Any, int]] = [(str(name), value, 0) for name, value in reversed(held.items())]
    while stack:
        name, value, depth = stack.pop()
        if isinstance(value, dict) and value and depth < 8:
            stack += [(f"{name}.{key}", inner, depth + 1) for key, inner in reversed(value.items())]
        elif isinstance(value, list) and value and isinstance(value[0], dict) and depth < 8:
            stack += [(f"{name}.{at}", inner, depth + 1) for at, inner in reversed(list(enumerate(value)))]
        else:
            flat.append((name, value))
    return [{"key": name, "value": any_value(value)} for name, value in flat if value is not None]


def any_value(value: Any) -> Json:
    """A Python value as an OTLP AnyValue."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value[:1_000]]}}  # a longer list is an embedding
    return {"stringValue": value if isinstance(value, str) else str(value)}
