"""Spans in Langfuse, through its public API (observations, version 2). Implements the port Spans; see docs/backends.md.

An observation is made the span that it was: its own attributes and those of its resource stand in its metadata when it came over
OpenTelemetry, and what Langfuse says of it goes by the names that Langfuse's own SDK writes.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
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
from bot.telemetry.values import dumped, parsed

PATH = "/api/public/v2/observations"
PAGE = 1_000  # observations; the most that Langfuse gives at once
FIELDS = "core,basic,time,io,metadata,model,usage,prompt,trace_context"
OTEL = ("attributes", "resourceAttributes", "scope")  # of the metadata, asked for in full: else each is cut at 200 characters
UNTYPED = ("SPAN", "EVENT")  # types that say nothing: the span's own attributes say more
_HEX = re.compile(r"[0-9a-f]+")
_TOLD = {
    "providedModelName": "langfuse.observation.model.name",
    "modelParameters": "langfuse.observation.model.parameters",
    "usageDetails": "langfuse.observation.usage_details",
    "costDetails": "langfuse.observation.cost_details",
    "promptName": "langfuse.observation.prompt.name",
    "promptVersion": "langfuse.observation.prompt.version",
    "completionStartTime": "langfuse.observation.completion_start_time",
    "level": "langfuse.observation.level",
    "input": "langfuse.observation.input",
    "output": "langfuse.observation.output",
    "environment": "langfuse.environment",
    "version": "langfuse.version",
    "release": "langfuse.release",
    "sessionId": "langfuse.session.id",
    "userId": "langfuse.user.id",
}

Json = dict[str, Any]


class LangfuseOrigin:
    def __init__(self, api: StoreApi, declared: Declared) -> None:
        self._api, self._declared = api, declared

    async def fetch(self, scope: Scope) -> Fetch:
        intake = Intake(self._declared)
        query = {
            "fields": FIELDS,
            "expandMetadata": ",".join(OTEL),
            "limit": str(PAGE),
            "fromStartTime": iso(scope.interval.start - LONGEST_S),
            "toStartTime": iso(scope.interval.end + LONGEST_S),
        }
        read = 0
        while True:
            page = await self._api.get(PATH, query)
            read += len(page["data"])
            if read > MOST_SPANS:
                raise self._api.too_many(PATH)
            await asyncio.to_thread(_take, intake, page["data"])
            meta = page.get("meta")
            cursor = meta.get("cursor") if isinstance(meta, dict) else None
            if not cursor or not page["data"]:
                return Fetch(_one(intake))
            query["cursor"] = str(cursor)


async def _one(intake: Intake) -> AsyncIterator[pa.Table]:
    yield await asyncio.to_thread(lambda: repair(intake.decoded().spans))


def _take(intake: Intake, observations: list[Json]) -> None:
    """By resource and scope, as OTLP has them."""
    groups: dict[str, Json] = {}
    for one in observations:
        if not isinstance(one, dict):
            continue
        metadata = _map(one.get("metadata"))
        resource, scope = _map(metadata.get("resourceAttributes")), _map(metadata.get("scope"))
        held = {
            "resource": {"attributes": _pairs(resource)},
            "scopeSpans": [{"scope": {"name": str(scope.get("name") or "")}, "spans": []}],
        }
        group = groups.setdefault(dumped([resource, scope.get("name")]), held)
        group["scopeSpans"][0]["spans"].append(_span(one, metadata))
    intake.add({"resourceSpans": list(groups.values())}, "Langfuse")


def _span(one: Json, metadata: Json) -> Json:
    failed = str(one.get("level")).upper() == "ERROR"
    return {
        "traceId": _id(one.get("traceId"), 32),
        "spanId": _id(one.get("id"), 16),
        "parentSpanId": _id(one.get("parentObservationId"), 16) or "",
        "name": str(one.get("name") or ""),
        "startTimeUnixNano": _nanoseconds(one.get("startTime")),
        "endTimeUnixNano": _nanoseconds(one.get("endTime")),
        "status": {"code": 2 if failed else 0, "message": str(one.get("statusMessage") or "")},
        "attributes": _pairs(_attributes(one, metadata)),
    }


def _attributes(one: Json, metadata: Json) -> Json:
    own = _map(metadata.get("attributes"))
    kind = str(one.get("type") or "SPAN").upper()
    said = {name: one.get(field) for field, name in _TOLD.items() if one.get(field) not in (None, "", {}, [])}
    if not own or kind not in UNTYPED:
        own = {**own, **said, "langfuse.observation.type": kind.lower()}
    rest = {name: value for name, value in metadata.items() if name not in OTEL}
    return {**own, "langfuse.observation.metadata": dumped(rest)} if rest else own


def _map(held: object) -> Json:
    """An object, or one written as JSON."""
    read = parsed(held)
    return {str(key): value for key, value in read.items()} if isinstance(read, dict) else {}


def _pairs(held: Json) -> list[Json]:
    return [{"key": key, "value": _value(value)} for key, value in held.items() if value is not None]


def _value(held: object) -> Json:
    if isinstance(held, str):
        return {"stringValue": held}
    if isinstance(held, bool):
        return {"boolValue": held}
    if isinstance(held, (int, float)):
        return {"doubleValue": held} if isinstance(held, float) else {"intValue": held}
    if isinstance(held, list) and all(isinstance(item, str) for item in held):
        return {"arrayValue": {"values": [{"stringValue": item} for item in held]}}
    return {"stringValue": orjson.dumps(held).decode()}


def _id(said: object, digits: int) -> str | None:
    """OpenTelemetry's ids as they are; another one, such as a UUID of an older SDK, as a hash of it."""
    if not said:
        return None
    plain = str(said).lower().replace("-", "")
    return (
        plain
        if len(plain) == digits and _HEX.fullmatch(plain)
        else hashlib.md5(str(said).encode(), usedforsecurity=False).hexdigest()[:digits]
    )


def _nanoseconds(said: object) -> int:
    """RFC 3339 -> nanoseconds; 0 where there is none."""
    try:
        moment = datetime.fromisoformat(str(said))
    except ValueError:
        return 0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1e6) * 1000


@asynccontextmanager
async def spans_langfuse(
    url: str,
    home: Path,
    *,
    declared: Declared = NOTHING,
    largest: int = LARGEST,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[FetchedSpans]:
    """`url`: https://PUBLIC-KEY:SECRET-KEY@cloud.langfuse.com; the keys are one project's. `home`: where fetched spans are kept.

    BadSettings for a URL that cannot be used.
    """
    read = httpx.URL(url)
    if read.scheme not in ("http", "https") or not read.host or not read.username or not read.password:
        raise BadSettings("not http(s)://public-key:secret-key@host of Langfuse", place="MIDWATCH_SPANS_URL")
    base = read.copy_with(username=None, password=None, path="/", query=None, fragment=None)
    auth = httpx.BasicAuth(read.username, read.password)
    async with (
        httpx.AsyncClient(base_url=base, auth=auth, timeout=TIMEOUT_S, trust_env=False, transport=transport or guarded()) as client,
        fetched(LangfuseOrigin(StoreApi(client, "Langfuse"), declared), home, largest) as spans,
    ):
        yield spans
