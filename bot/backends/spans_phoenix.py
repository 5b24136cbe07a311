"""Spans in Arize Phoenix, through its REST API. Implements the port Spans; see docs/backends.md.

Phoenix keeps a span's own attributes, and drops those of its resource, its kind, the name of its scope and its tracestate: what only they
say (service, pod, version of the app, sampling) is not recorded then. Beside attributes of OpenTelemetry's GenAI conventions it writes what
it understood of them in OpenInference's; the emitter's own words say more, so those are read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa

from bot.backends.guarded import guarded
from bot.backends.spans_fetched import Fetch, FetchedSpans, fetched
from bot.backends.store_api import MOST_SPANS, TIMEOUT_S, StoreApi, iso
from bot.errors import BadSettings
from bot.ports import Scope
from bot.telemetry.aggregates import LONGEST_S
from bot.telemetry.declared import NOTHING, Declared
from bot.telemetry.otlp import Intake
from bot.telemetry.repair import repair
from bot.telemetry.sampling import LARGEST
from bot.telemetry.values import number

PAGE = 1_000  # spans; the most that Phoenix gives at once
_VALUES = {
    "string_value": "stringValue", "bool_value": "boolValue", "int_value": "intValue", "double_value": "doubleValue",
    "bytes_value": "bytesValue",
}  # fmt: skip
_ADDED_BY_PHOENIX = (
    "openinference.", "llm.model_name", "llm.provider", "llm.system", "llm.invocation_parameters", "llm.finish_reason", "llm.token_count.",
    "llm.input_messages", "llm.output_messages", "llm.tools", "llm.cost.", "input.mime_type", "input.value", "output.mime_type",
    "output.value", "tool.name", "tool.id", "tool.description", "agent.name",
)  # fmt: skip
_MICRO = 1_000  # nanoseconds: Phoenix keeps microseconds, and tells nanoseconds that have been through a float
_DEPTH = 8  # conversations nest four deep

Json = dict[str, Any]


class PhoenixOrigin:
    def __init__(self, api: StoreApi, project: str, declared: Declared) -> None:
        self._api, self._project, self._declared = api, project, declared

    async def fetch(self, scope: Scope) -> Fetch:
        """Newest first, so that what comes in meanwhile moves no page."""
        intake = Intake(self._declared)
        path = f"/v1/projects/{self._project}/spans/otlpv1"
        start, end = iso(scope.interval.start - LONGEST_S), iso(scope.interval.end + LONGEST_S)
        query = {"limit": str(PAGE), "start_time": start, "end_time": end}
        read = 0
        while True:
            page = await self._api.get(path, query)
            read += len(page["data"])
            if read > MOST_SPANS:
                raise self._api.too_many(path)
            await asyncio.to_thread(_take, intake, page["data"])
            if not page.get("next_cursor"):
                return Fetch(_one(intake))
            query["cursor"] = str(page["next_cursor"])


def _take(intake: Intake, spans: list[Json]) -> None:
    read = [_span(one) for one in spans if isinstance(one, dict)]
    intake.add({"resourceSpans": [{"scopeSpans": [{"spans": read}]}]}, "Phoenix")


async def _one(intake: Intake) -> AsyncIterator[pa.Table]:
    yield await asyncio.to_thread(lambda: repair(intake.decoded().spans))


def _span(held: Json) -> Json:
    """Phoenix's spelling of an OTLP span -> OTLP/JSON's."""
    events = [event for event in held.get("events") or () if isinstance(event, dict)]
    return {
        "traceId": held.get("trace_id"),
        "spanId": held.get("span_id"),
        "parentSpanId": held.get("parent_span_id") or "",
        "name": held.get("name") or "",
        "kind": held.get("kind") or 0,
        "startTimeUnixNano": _nanoseconds(held.get("start_time_unix_nano")),
        "endTimeUnixNano": _nanoseconds(held.get("end_time_unix_nano")),
        "status": held.get("status"),
        "attributes": _emitted(_pairs(held.get("attributes"))),
        "events": [
            {
                "name": event.get("name"),
                "timeUnixNano": _nanoseconds(event.get("time_unix_nano")),
                "attributes": _pairs(event.get("attributes")),
            }
            for event in events
        ],
    }


def _nanoseconds(said: object) -> int:
    read = number(said)
    return round((read or 0.0) / _MICRO) * _MICRO


def _emitted(pairs: list[Json]) -> list[Json]:
    if not any(pair["key"] == "gen_ai.operation.name" for pair in pairs):
        return pairs
    return [pair for pair in pairs if not pair["key"].startswith(_ADDED_BY_PHOENIX)]


def _pairs(held: object, depth: int = 0) -> list[Json]:
    pairs = held if isinstance(held, list) else ()
    return [{"key": str(pair.get("key")), "value": _value(pair.get("value"), depth)} for pair in pairs if isinstance(pair, dict)]


def _value(held: object, depth: int) -> Json:
    """An AnyValue with every member spelled out, all but one of them null."""
    if not isinstance(held, dict) or depth > _DEPTH:
        return {}
    for theirs, ours in _VALUES.items():
        if held.get(theirs) is not None:
            return {ours: held[theirs]}
    for theirs, ours in (("array_value", "arrayValue"), ("kvlist_value", "kvlistValue")):
        inside = held.get(theirs)
        values = inside.get("values") if isinstance(inside, dict) else None
        if isinstance(values, list):
            read = [_value(one, depth + 1) for one in values] if ours == "arrayValue" else _pairs(values, depth + 1)
            return {ours: {"values": read}}
    return {}


@asynccontextmanager
async def spans_phoenix(
    url: str,
    home: Path,
    *,
    declared: Declared = NOTHING,
    largest: int = LARGEST,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[FetchedSpans]:
    """`url`: http(s)://:API-KEY@host:6006/project; without a path the project `default`. `home`: where fetched spans are kept.

    BadSettings for a URL that cannot be used.
    """
    read = httpx.URL(url)
    project = read.path.strip("/") or "default"
    if read.scheme not in ("http", "https") or not read.host or "/" in project:
        raise BadSettings("not http(s)://host/project of Phoenix", place="MIDWATCH_SPANS_URL")
    headers = {"Authorization": f"Bearer {read.password}"} if read.password else {}
    base = read.copy_with(username=None, password=None, path="/", query=None, fragment=None)
    async with (
        httpx.AsyncClient(base_url=base, headers=headers, timeout=TIMEOUT_S, trust_env=False, transport=transport or guarded()) as client,
        fetched(PhoenixOrigin(StoreApi(client, "Phoenix"), project, declared), home, largest) as spans,
    ):
        yield spans
