"""Questions to the table `otel_traces` of the OpenTelemetry Collector's ClickHouse exporter, written in Ibis.

Which traces a scope has is the same expression that DuckDB runs (telemetry.aggregates); rows come out as they are stored.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import ibis
import ibis.expr.datatypes as dt
from ibis.expr.types import BooleanValue, StringValue, Table, TimestampValue, Value

from bot.backends.spans_statements import CLICKHOUSE, DIGEST
from bot.ports import Scope
from bot.telemetry import aggregates
from bot.telemetry.sampling import within

MINUTE_NS = 60 * 10**9
MICRO = 1000  # nanoseconds: canonical times are exact to the microsecond and no further
TEXTS = (
    "TraceId",
    "SpanId",
    "ParentSpanId",
    "TraceState",
    "SpanName",
    "SpanKind",
    "ServiceName",
    "ScopeName",
    "StatusCode",
    "StatusMessage",
)
MAP = dt.Map(dt.string, dt.string)
MOMENT = dt.Timestamp(scale=9)
SCHEMA = ibis.schema(
    {
        "Timestamp": MOMENT,
        **dict.fromkeys(TEXTS, dt.string),
        "ResourceAttributes": MAP,
        "SpanAttributes": MAP,
        "Duration": dt.int64,
        "Events.Timestamp": dt.Array(MOMENT),
        "Events.Name": dt.Array(dt.string),
        "Events.Attributes": dt.Array(MAP),
    }
)


def _one(value: object) -> object: ...


def _two(value: object, other: object) -> object: ...


def _own(name: str, gives: dt.DataType, *takes: dt.DataType, over: Any = ibis.udf.scalar) -> Callable[..., Value]:
    """A function that ClickHouse has and Ibis has no word for."""
    return cast("Callable[..., Value]", over.builtin(_one if len(takes) == 1 else _two, name=name, signature=(takes, gives)))


_nanoseconds = _own("toUnixTimestamp64Nano", dt.int64, MOMENT)
_moment = _own("fromUnixTimestamp64Nano", MOMENT, dt.int64)
_whole = _own("intDiv", dt.int64, dt.int64, dt.int64)  # `/` goes through a float, which has no room for nanoseconds
_distinct = _own("uniqExact", dt.int64, dt.string, over=ibis.udf.agg)  # what Ibis writes for nunique is an estimate


def count(table: str, scope: Scope) -> str:
    """requests: how many traces the scope has."""
    return _sql(_traces(table, scope).aggregate(requests=ibis._.count()))


def rows(table: str, scope: Scope, part: tuple[float, float], step: int) -> str:
    """The spans, as stored, of a part of the scope's sample of one in `step` traces."""
    raw = _near(table, scope)
    mine = _traces(table, scope)
    mine = mine.filter(within(DIGEST[CLICKHOUSE](mine.trace_id), *part, step))
    told = [name for name in SCHEMA.names if name not in ("Timestamp", "Events.Timestamp")]
    raw = raw.filter(raw.TraceId.isin(mine.trace_id))
    return _sql(raw.select(*told, start=_nanoseconds(raw.Timestamp), events_at=raw["Events.Timestamp"].map(_nanoseconds)))


def minutes(table: str, scope: Scope) -> str:
    """minute (epoch seconds), requests, failed: root spans of all the scope's traces, and those whose status is an error."""
    raw = _near(table, scope)
    spans = raw.filter(raw.TraceId.isin(_traces(table, scope).trace_id))
    minute = (_whole(_nanoseconds(spans.Timestamp), MINUTE_NS) * 60).cast("float64")
    spans = spans.select(minute=minute, span=spans.TraceId + spans.SpanId, root=spans.ParentSpanId == "", bad=failed(spans.StatusCode))
    groups = {"requests": spans.root, "failed": spans.root & spans.bad}
    counts = {name: _distinct(ibis.cases((where, spans.span))) for name, where in groups.items()}  # a span exported twice is one
    return _sql(spans.group_by("minute").agg(**counts).order_by("minute"))


def failed(status: StringValue) -> BooleanValue:
    """As the exporter writes it now, and as it did before: `Error`, `STATUS_CODE_ERROR`."""
    return status.upper().endswith("ERROR")


def _traces(table: str, scope: Scope) -> Table:
    raw = _near(table, scope)
    spans = raw.select(trace_id="TraceId", ts=_seconds(raw.Timestamp), service=raw.ServiceName.nullif(""))
    return aggregates.traces(spans, scope.service, scope.interval.start, scope.interval.end)


def _near(table: str, scope: Scope) -> Table:
    """In terms of the column that the table is partitioned by, so that other days are not even opened."""
    raw = ibis.table(SCHEMA, name=table)
    start, end = (scope.interval.start - aggregates.LONGEST_S, scope.interval.end + aggregates.LONGEST_S)
    return raw.filter((raw.Timestamp >= _at(start)) & (raw.Timestamp <= _at(end)))


def _at(seconds: float) -> TimestampValue:
    return _moment(ibis.literal(int(seconds * 1e9), "int64"))


def _seconds(at: TimestampValue) -> Value:
    """Epoch seconds, the very number that telemetry.translate makes of these nanoseconds."""
    return _whole(_nanoseconds(at), MICRO).cast("float64") / 1e6


@lru_cache(maxsize=64)
def _sql(expression: Table) -> str:
    return str(ibis.to_sql(expression, dialect=CLICKHOUSE))
