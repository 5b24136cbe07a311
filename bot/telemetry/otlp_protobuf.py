"""OTLP protobuf -> the fields and values of OTLP/JSON, so that everything after it is written once."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bot.errors import BadInput

Json = dict[str, Any]

Read = tuple[Json, tuple[str, ...], list[object]]  # a span without its attributes, their keys, their values

_DEPTH = 8  # arrays in maps in arrays: deeper nesting is hostile


def resource_spans(body: bytes, place: str) -> Iterator[tuple[list[Json], str, Iterator[Read]]]:
    """(resource attributes, scope name, spans) of an ExportTraceServiceRequest; BadInput when the bytes are something else."""
    request = ExportTraceServiceRequest()
    try:
        request.ParseFromString(body)
    except DecodeError as error:
        raise BadInput(f"not OTLP protobuf: {error}", place=place) from None
    for held in request.resource_spans:
        attributes = _pairs(held.resource.attributes)
        for scoped in held.scope_spans:
            yield attributes, scoped.scope.name, (_span(span) for span in scoped.spans)


def _span(span: Any) -> Read:
    read: Json = {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "parentSpanId": span.parent_span_id.hex(),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": span.start_time_unix_nano,
        "endTimeUnixNano": span.end_time_unix_nano,
        "status": {"code": span.status.code, "message": span.status.message} if span.HasField("status") else None,
    }
    if span.trace_state:
        read["traceState"] = span.trace_state
    if span.events:
        read["events"] = [
            {"name": event.name, "timeUnixNano": event.time_unix_nano, "attributes": _pairs(event.attributes)} for event in span.events
        ]
    attributes = span.attributes
    return read, tuple([pair.key for pair in attributes]), [_plain(pair.value) for pair in attributes]


def _plain(held: Any) -> object:
    """The value alone; arrays and maps in the form of OTLP/JSON, as everything after this reads them."""
    kind = held.WhichOneof("value")
    if kind == "string_value":
        return held.string_value
    if kind is None:
        return None
    return next(iter(_value(held, 0).values()))


def _pairs(held: Any, depth: int = 0) -> list[Json]:
    return [{"key": pair.key, "value": _value(pair.value, depth)} for pair in held]


def _value(held: Any, depth: int) -> Json:
    kind = held.WhichOneof("value")
    if kind is None or depth > _DEPTH:
        return {}
    if kind == "array_value":
        return {"arrayValue": {"values": [_value(item, depth + 1) for item in held.array_value.values]}}
    if kind == "kvlist_value":
        return {"kvlistValue": {"values": _pairs(held.kvlist_value.values, depth + 1)}}
    if kind == "bytes_value":
        return {"bytesValue": b64encode(held.bytes_value).decode()}
    return {"stringValue" if kind == "string_value" else kind: getattr(held, kind)}
