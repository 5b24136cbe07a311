"""A file with one trace -> its steps: OTLP/JSON (an object, a list or one a line), a nested dump, a Langfuse export; gzip or not."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson

from bot.errors import BadInput
from bot.model.step import DEEPEST, Step, Told
from bot.telemetry import nested, observations
from bot.telemetry.identity import hex_id
from bot.telemetry.otlp import Intake, unpacked
from bot.telemetry.repair import repair
from bot.telemetry.words import words_of

MOST_ID = 100  # characters of an id shown

_IDS = ((("traceId", "trace_id"), 32), (("spanId", "span_id"), 16), (("parentSpanId", "parent_span_id"), 16))

Json = dict[str, Any]


@dataclass(frozen=True)
class ReadTrace:
    """`others`: how many further traces the file holds, which are left aside."""

    told: Told
    others: int


def read_trace(body: bytes, *, place: str, wanted: str | None = None) -> ReadTrace:
    """The trace `wanted`, else the one with most spans. BadInput names what cannot be read, and where."""
    bodies = _bodies(unpacked(body, place), place)
    intake = Intake()
    names = Names()
    spans: dict[tuple[str, str], Json] = {}
    for where, data in bodies:
        for span in _spans(data):
            names.in_hex(span)
            spans.setdefault((span["traceId"], span["spanId"]), dict(span))  # a copy: the intake empties spans as it reads them
        intake.add(data, where)
    rows = repair(intake.decoded().spans).to_pylist()
    if not rows:
        raise BadInput("no span in it that can be used", place=place)
    counts = Counter(row["trace_id"] for row in rows)
    chosen = names.hex(wanted, 32) if wanted else sorted(counts, key=lambda one: (-counts[one], one))[0]
    if chosen not in counts:
        there = ", ".join(names.back(one) for one in sorted(counts)[:5])
        raise BadInput(f"no trace {str(wanted)[:64]!r} in it; there are {there}", place=place)
    steps = [_step(row, spans.get((chosen, row["span_id"]), {}), names) for row in rows if row["trace_id"] == chosen]
    return ReadTrace(Told(names.back(chosen), _ordered(steps)), len(counts) - 1)


class Names:
    """Ids as the file writes them, and the hex that the rest of the house reads. Converted traces number their spans as they like."""

    def __init__(self) -> None:
        self._back: dict[str, str] = {}

    def hex(self, name: object, length: int) -> str:
        """The id in hex; what is no id gets one that is always the same."""
        own = hex_id(name, length) or hashlib.blake2b(str(name).encode("utf-8", "replace"), digest_size=length // 2).hexdigest()
        self._back.setdefault(own, str(name)[:MOST_ID])
        return own

    def back(self, own: str) -> str:
        return self._back.get(own, own)

    def in_hex(self, span: Json) -> None:
        for names, length in _IDS:
            held = next((span[name] for name in names if span.get(name) not in (None, "")), None)
            for name in names:
                span.pop(name, None)
            if held is not None or length == 32 or names[0] == "spanId":
                span[names[0]] = self.hex(held, length)


def _bodies(body: bytes, place: str) -> list[tuple[str, Json]]:
    try:
        read = [(place, orjson.loads(body))]
    except orjson.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(body.splitlines(), start=1) if line.strip()]
        if len(lines) < 2:
            raise BadInput(f"not JSON: {error}", place=place) from None
        read = [(f"{place}:{number}", _line(line, f"{place}:{number}")) for number, line in lines]
    found = []
    for where, value in read:
        held = value if isinstance(value, list) else [value]
        for at, one in enumerate(held):
            found.append((where, _otlp(one, f"{where}: [{at}]" if isinstance(value, list) else where)))
    if not found:
        raise BadInput("nothing in it", place=place)
    return found


def _line(line: bytes, place: str) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"not JSON: {error}", place=place) from None


def _otlp(value: object, place: str) -> Json:
    if not isinstance(value, dict):
        raise BadInput("not a trace", place=place)
    if observations.is_export(value):
        return observations.to_otlp(value, place)
    if nested.is_nested(value):
        return nested.to_otlp(value, place)
    if observations.is_chat_map(value):
        return observations.chat_to_otlp(value)
    return value


def _spans(data: Json) -> list[Json]:
    """The spans of a TracesData object, as far as it is one: Intake says what is wrong with it."""
    found: list[Json] = []
    for resource in _objects(data, "resourceSpans", "resource_spans"):
        for scope in _objects(resource, "scopeSpans", "scope_spans", "instrumentationLibrarySpans"):
            found += _objects(scope, "spans")
    return found


def _objects(held: Json, *names: str) -> list[Json]:
    value = next((held[name] for name in names if held.get(name)), None)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _step(row: Json, span: Json, names: Names) -> Step:
    kind = str(row["kind"])
    words = words_of(span, kind)
    return Step(
        span_id=names.back(row["span_id"]),
        parent_id=names.back(row["parent_id"]) if row["parent_id"] else "",
        kind=kind,
        name=str(row["name"] or ""),
        start=row["ts"],
        end=row["end"],
        failed=(row["status"] == "error" or row["error_class"] is not None) and row["error_class"] != "cancelled",
        error_class=row["error_class"] or "",
        error=row["error_raw"] or "",
        asked=words.asked,
        answered=words.answered,
        given=words.given,
        returned=words.returned,
        offered=words.offered,
        ends_at=words.ends_at,
        fields=MappingProxyType({name: value for name, value in row.items() if value is not None}),
    )


def _ordered(steps: list[Step]) -> tuple[Step, ...]:
    """By start; a parent before its children where they start together."""
    by_id = {step.span_id: step for step in steps}

    def depth(step: Step) -> int:
        seen: set[str] = set()
        at: Step | None = step
        while at is not None and at.span_id not in seen and len(seen) <= DEEPEST:
            seen.add(at.span_id)
            at = by_id.get(at.parent_id)
        return len(seen)

    return tuple(sorted(steps, key=lambda step: (step.start, depth(step), step.span_id)))
