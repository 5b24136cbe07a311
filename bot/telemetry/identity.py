"""Which raw spans can be used: ids in hex (or base64, as some JSON exporters write them) and a start time."""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.telemetry.group import fields
from bot.telemetry.raw import Pile
from bot.telemetry.values import Column, number

_TRACE, _SPAN = 32, 16  # hex digits
_HEX = re.compile(r"[0-9a-f]*\Z")
_NS = 10**17  # 1973 in nanoseconds: a smaller time was written in another unit
_LAST = 2**63 - 1  # the year 2262
_SNAKE = {
    "trace_id": "traceId", "span_id": "spanId", "parent_span_id": "parentSpanId", "trace_state": "traceState",
    "start_time_unix_nano": "startTimeUnixNano", "end_time_unix_nano": "endTimeUnixNano",
}  # fmt: skip

Json = dict[str, Any]


def usable(pile: Pile, skipped: Counter[str]) -> None:
    """Drop spans without ids or start, count them by reason, and leave ids as lower-case hex in every span."""
    traces, ids = fields(pile.spans, "traceId"), fields(pile.spans, "spanId")
    starts = nanoseconds(fields(pile.spans, "startTimeUnixNano"))
    if _all_hex(traces, _TRACE) and _all_hex(ids, _SPAN) and (starts > 0).all():
        return
    kept = [_mended(span, skipped) for span in pile.spans]
    pile.rows = [row for row, keep in zip(pile.rows, kept, strict=True) if keep]
    pile.resources = [at for at, keep in zip(pile.resources, kept, strict=True) if keep]
    pile.spans = [span for span in kept if span]


def _all_hex(ids: Column, length: int) -> bool:
    if set(map(type, ids)) != {str} or set(map(len, ids)) != {length}:
        return False
    return _HEX.match("".join(ids)) is not None and "0" * length not in ids


def _mended(span: Json, skipped: Counter[str]) -> Json | None:
    for snake, camel in _SNAKE.items():
        if snake in span:
            span.setdefault(camel, span[snake])
    trace, own = hex_id(span.get("traceId"), _TRACE), hex_id(span.get("spanId"), _SPAN)
    if trace is None or own is None:
        skipped["no trace id" if trace is None else "no span id"] += 1
        return None
    if nanoseconds([span.get("startTimeUnixNano")])[0] <= 0:
        skipped["no start time"] += 1
        return None
    return {**span, "traceId": trace, "spanId": own}


def hex_id(value: object, length: int) -> str | None:
    """An id in hex of any case, with or without dashes, or in base64 -> lower-case hex; None for anything else and for all zeros."""
    if not isinstance(value, str) or len(value) > 64:
        return None
    said = value.lower().replace("-", "")
    if len(said) != length or _HEX.match(said) is None:
        try:
            said = base64.b64decode(value, validate=True).hex()
        except (binascii.Error, ValueError):
            return None
    return said if len(said) == length and said.strip("0") else None


def parents(spans: list[Json]) -> Column:
    """parent_id of each span: "" for a root."""
    raw = fields(spans, "parentSpanId")
    if _all_hex([value for value in raw if value] or ["0" * 15 + "1"], _SPAN):
        return [value or "" for value in raw]
    return [(hex_id(value, _SPAN) or "") if value else "" for value in raw]


def nanoseconds(values: Column) -> npt.NDArray[np.int64]:
    """Times as OTLP writes them, numbers or texts; 0 where there is none. Seconds, ms and us are recognised by their size."""
    try:
        read = np.array(list(map(int, values)), dtype=np.int64)
    except (TypeError, ValueError, OverflowError):
        read = np.array([_one(value) for value in values], dtype=np.int64)
    if not ((read > 0) & (read < _NS)).any():
        return read
    for limit, unit in ((10**11, 10**9), (10**14, 10**6), (_NS, 10**3)):
        read = np.where((read > 0) & (read < limit), read * unit, read)
    return read


def _one(value: object) -> int:
    if isinstance(value, str) and value.isdecimal() and len(value) <= 19:
        return min(int(value), _LAST)
    read = number(value)
    return int(read) if read is not None and 0 < read < _LAST else 0
