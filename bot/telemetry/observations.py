"""A trace as Langfuse exports it ({trace, observations}) -> OTLP, with the attributes that its own exporter would have written."""

from __future__ import annotations

from typing import Any

from bot.errors import BadInput
from bot.telemetry.nested import UNTIMED, any_value, attributes_to_otlp
from bot.telemetry.values import dumped, parsed, seconds

Json = dict[str, Any]


def is_export(body: object) -> bool:
    return isinstance(body, dict) and isinstance(body.get("observations"), list)


def to_otlp(body: Json, place: str) -> Json:
    """One TracesData object; an observation without id or start is BadInput."""
    trace = body.get("trace")
    held = trace if isinstance(trace, dict) else body
    trace_id = str(held.get("id") or "trace")
    scopes: dict[str, list[Json]] = {}
    for at, one in enumerate(body["observations"]):
        where = f"{place}: observations[{at}]"
        if not isinstance(one, dict) or not isinstance(one.get("id"), str):
            raise BadInput("not an observation with an id", place=where)
        scope, span = _span(one, trace_id, where)
        scopes.setdefault(scope, []).append(span)
    return {"resourceSpans": [{"scopeSpans": [{"scope": {"name": name}, "spans": spans} for name, spans in sorted(scopes.items())]}]}


def _span(one: Json, trace_id: str, place: str) -> tuple[str, Json]:
    start = seconds(one.get("startTime"))
    if start is None:
        raise BadInput("no startTime", place=place)
    end = seconds(one.get("endTime"))
    metadata = parsed(one.get("metadata"))
    told = metadata if isinstance(metadata, dict) else {}
    own = told.get("attributes")
    scope = told.get("scope")
    name = scope.get("name") if isinstance(scope, dict) else None
    attributes = _attributes(one)
    if isinstance(own, dict):  # what the emitter wrote, before Langfuse read it
        attributes += attributes_to_otlp({key: value for key, value in own.items() if not str(key).startswith("langfuse.observation.")})
    return str(name or "")[:200], {
        "traceId": trace_id,
        "spanId": one["id"],
        "parentSpanId": str(one.get("parentObservationId") or ""),
        "name": str(one.get("name") or ""),
        "startTimeUnixNano": str(round(start * 1e9)),
        **({"endTimeUnixNano": str(round(end * 1e9))} if end is not None else {}),
        "attributes": attributes,
        "status": {"code": 2 if one.get("level") == "ERROR" else 0, "message": str(one.get("statusMessage") or "")},
    }


def _attributes(one: Json) -> list[Json]:
    values = {
        "type": str(one.get("type") or "span").lower(),
        "level": one.get("level"),
        "model.name": one.get("model"),
        "model.parameters": one.get("modelParameters"),
        "usage_details": one.get("usageDetails"),
        "prompt.name": one.get("promptName"),
        "prompt.version": one.get("promptVersion"),
        "completion_start_time": one.get("completionStartTime"),
        "input": one.get("input"),
        "output": one.get("output"),
    }
    return [
        {"key": f"langfuse.observation.{name}", "value": any_value(dumped(value) if isinstance(value, dict | list) else value)}
        for name, value in values.items()
        if value not in (None, "", {}, [])
    ]


def is_chat_map(body: object) -> bool:
    """{observation id: {input, output}}: the messages of a trace's model calls, as Langfuse reads them."""
    values = list(body.values()) if isinstance(body, dict) else []
    return bool(values) and all(isinstance(one, dict) and one.keys() <= {"input", "output"} for one in values)


def chat_to_otlp(body: Json) -> Json:
    """One span a model call, in the order they stand in; what could not be read as messages is left out."""
    spans = []
    for at, (name, one) in enumerate(body.items()):
        held = {key: part["data"] for key in ("input", "output") if isinstance(part := one.get(key), dict) and part.get("success")}
        attributes = [{"key": "langfuse.observation.type", "value": {"stringValue": "generation"}}]
        attributes += [{"key": f"langfuse.observation.{key}", "value": any_value(dumped(value))} for key, value in held.items()]
        start = round((UNTIMED + at) * 1e9)
        spans.append({"traceId": "trace", "spanId": name, "name": "generation", "startTimeUnixNano": str(start), "attributes": attributes})
    return {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
