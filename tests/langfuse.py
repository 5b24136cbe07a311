"""Langfuse's public API in memory: observations of a project as version 2 of the API answers them, written from its documented shape."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import httpx

from bot.telemetry.signs import attributes_of

KEYS = ("pk-lf-1", "sk-lf-1")
MOST = 1_000  # observations of a page
CUT = 200  # characters of a metadata value that nobody asked for in full
GROUPS = {
    "core": ("id", "traceId", "startTime", "endTime", "projectId", "parentObservationId", "type"),
    "basic": ("name", "level", "statusMessage", "version", "environment", "userId", "sessionId"),
    "time": ("completionStartTime", "createdAt", "updatedAt"), "io": ("input", "output"), "metadata": ("metadata",),
    "model": ("providedModelName", "internalModelId", "modelParameters"), "usage": ("usageDetails", "costDetails", "totalCost"),
    "prompt": ("promptId", "promptName", "promptVersion"), "trace_context": ("tags", "release", "traceName"),
}  # fmt: skip
TYPES = {"chat": "GENERATION", "text_completion": "GENERATION", "embeddings": "EMBEDDING", "execute_tool": "TOOL", "invoke_agent": "AGENT"}

Json = dict[str, Any]


def observation(**fields: Any) -> Json:
    """One as the API has it: every field there, most of them null."""
    empty = dict.fromkeys(name for names in GROUPS.values() for name in names)
    return {**empty, "projectId": "p1", "type": "SPAN", "level": "DEFAULT", "metadata": {}, **fields}


def observed(traces: Iterable[Json]) -> list[Json]:
    """What Langfuse keeps of an OTLP export: the span's own attributes and its resource's in the metadata."""
    found = []
    for data in traces:
        for held in data["resourceSpans"]:
            resource = attributes_of(held["resource"].get("attributes"))
            for scoped in held["scopeSpans"]:
                found += [_observed(span, resource, scoped.get("scope", {})) for span in scoped["spans"]]
    return found


def _observed(span: Json, resource: Json, scope: Json) -> Json:
    attributes = attributes_of(span.get("attributes"))
    failed = (span.get("status") or {}).get("code") in (2, "STATUS_CODE_ERROR")
    held = {"attributes": attributes, "resourceAttributes": resource, "scope": {"name": scope.get("name")}}
    return observation(
        id=span["spanId"], traceId=span["traceId"], parentObservationId=span.get("parentSpanId") or None, name=span["name"],
        startTime=_iso(span["startTimeUnixNano"]), endTime=_iso(span["endTimeUnixNano"]) if span.get("endTimeUnixNano") else None,
        type=TYPES.get(str(attributes.get("gen_ai.operation.name")), "SPAN"), level="ERROR" if failed else "DEFAULT",
        statusMessage=(span.get("status") or {}).get("message"),
        metadata={name: json.dumps(value) for name, value in held.items()},
    )  # fmt: skip


def _iso(nanoseconds: int | str) -> str:
    """To the microsecond, as Langfuse keeps times."""
    at = datetime.fromtimestamp(int(nanoseconds) // 10**9, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{int(nanoseconds) % 10**9 // 1000:06}Z"


class Langfuse:
    """A project's observations behind an httpx transport. `asked`: the queries so far."""

    def __init__(self, observations: list[Json], page: int = MOST) -> None:
        self.held = sorted(observations, key=lambda one: (one["startTime"], one["id"]), reverse=True)
        self.page = page
        self.asked: list[dict[str, str]] = []

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        self.asked.append(query)
        expected = base64.b64encode(":".join(KEYS).encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return httpx.Response(401, json={"message": "Invalid credentials. Confirm that you've configured the correct host."})
        if request.url.path != "/api/public/v2/observations":
            return httpx.Response(404, json={"message": "Not Found"})
        if int(query.get("limit", 50)) > MOST:
            return httpx.Response(400, json={"message": "Invalid request data"})
        inside = [one for one in self.held if query["fromStartTime"] <= one["startTime"] < query["toStartTime"]]
        start = int(base64.b64decode(query["cursor"])) if "cursor" in query else 0
        end = start + min(self.page, int(query.get("limit", 50)))
        meta = {"cursor": base64.b64encode(str(end).encode()).decode()} if end < len(inside) else {}
        return httpx.Response(200, json={"data": [_asked(one, query) for one in inside[start:end]], "meta": meta})


def _asked(one: Json, query: dict[str, str]) -> Json:
    groups = {"core", *query.get("fields", "core,basic").split(",")}
    whole = set(query.get("expandMetadata", "").split(","))
    shown = {name: one[name] for group in sorted(groups) for name in GROUPS[group]}
    if "metadata" in shown:
        shown["metadata"] = {
            name: value if name in whole or not isinstance(value, str) else value[:CUT] for name, value in shown["metadata"].items()
        }
    return shown


def hashed(said: str, digits: int) -> str:
    return hashlib.md5(said.encode(), usedforsecurity=False).hexdigest()[:digits]
