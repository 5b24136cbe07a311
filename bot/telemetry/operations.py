"""Logical operations: attempts of one call folded into the last of them (catalogue 3.6), in Ibis."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
from ibis.expr.types import BooleanValue, IntegerValue, StringValue, Table

from bot.telemetry.canonical import REQUEST_DIMS, columns_of
from bot.telemetry.spans import NONE, broke, own_attributes

STRUCTURAL = ("request", "workflow", "chain", "agent")  # kinds whose spans only hold others together: never retried calls
RETRY_GAP_S = 120.0  # attempts further apart are different operations
MOST_ATTEMPTS = 1e6  # a larger recorded number is nonsense
ASKED = ("tool_args_hash", "input_hash", "model_requested")  # what makes two calls the same question, the closest first


def attempts(spans: Table) -> Table:
    """The spans of operations with more than one attempt: trace_id, span_id, attempts, first, final (epoch seconds), last (0/1).

    A span goes on with the one before it of the same parent, kind, name and question when that one failed, ended before, and less than
    RETRY_GAP_S ago. A recorded logical_op_id wins over all of that. Usually a few rows: an operation that is not here is one span.
    """
    t = spans.filter(~spans.kind.isin(STRUCTURAL))
    retried = t.filter(broke(t) | _named(t)).select("trace_id").distinct()  # a window over all spans would cost more than all the rest
    line = ["trace_id", "kind", "line"]
    over = ibis.coalesce(t.end, t.ts)
    t = t.select("trace_id", "span_id", "kind", "ts", over=over, line=_line(t), named=_named(t), broke=broke(t), attempt=_attempt(t))
    t = t.semi_join(retried, "trace_id")
    order = [t.ts, t.span_id]
    before = ibis.window(group_by=line, order_by=order)
    t = t.mutate(was_broke=t.broke.lag().over(before), was_over=t.over.lag().over(before))
    goes_on = t.was_broke & (t.was_over <= t.ts) & (t.ts - t.was_over < RETRY_GAP_S)
    t = t.mutate(new=ibis.cases((t.was_broke.isnull(), 1), (t.named, 0), (goes_on, 0), else_=1))
    t = t.mutate(op=t.new.sum().over(ibis.window(group_by=line, order_by=order, preceding=None, following=0)))
    whole = ibis.window(group_by=[*line, "op"])
    # In some engines a count has no sign, and shares no type with a signed number but a float.
    t = t.mutate(spans=ibis._.count().over(whole).cast("float64"), most=t.attempt.max().over(whole).cast("float64"))
    t = t.mutate(
        attempts=ibis.greatest(t.spans, t.most).cast("int64"),
        first=t.ts.min().over(whole),
        final=t.over.max().over(whole),
        back=ibis.row_number().over(ibis.window(group_by=[*line, "op"], order_by=[t.ts.desc(), t.span_id.desc()])),
    )
    t = t.filter(t.spans > 1)
    return t.select("trace_id", "span_id", "attempts", "first", "final", last=(t.back == 0).cast("int8"))


def _named(t: Table) -> BooleanValue:
    return t.logical_op_id.notnull() if "logical_op_id" in t.columns else ibis.literal(False)


def _attempt(t: Table) -> IntegerValue:
    """The attempt a span says it is, from 1; 1 when it does not say."""
    return (t.attempt.fill_null(1.0).clip(1.0, MOST_ATTEMPTS) if "attempt" in t.columns else ibis.literal(1)).cast("int64")


def _line(t: Table) -> StringValue:
    """One text per chain of calls that may be attempts of one another."""
    asked = ibis.coalesce(*(t[name] for name in ASKED if name in t.columns), "")
    name = t.name.fill_null("") if "name" in t.columns else ibis.literal("")
    alike = t.parent_id.fill_null("") + "\n" + name + "\n" + asked  # a newline keeps the parts apart: "a"+"bc" is not "ab"+"c"
    return ibis.coalesce("=" + t.logical_op_id, alike) if "logical_op_id" in t.columns else alike


def operations(spans: Table, folded: Table, kind: str, keys: Mapping[str, str] = NONE, flags: Mapping[str, str] = NONE) -> Table:
    """Operations of a kind, sorted by (trace, span): the columns of the last attempt, `attempts`, `ts` of the first attempt,
    `duration_ms` of the last and `duration_total_ms` over all. `folded` is what `attempts` gave; `keys` and `flags` as in `requests`.
    """
    t = spans.filter(spans.kind == kind).left_join(folded, ["trace_id", "span_id"])
    t = t.filter(t.last.isnull() | (t.last == 1))
    own = [
        name for name in dict.fromkeys((*columns_of(kind), *REQUEST_DIMS)) if name in t.columns and name not in ("attempt", "logical_op_id")
    ]
    began = ibis.coalesce(t.first, t.ts)
    return t.select(
        *own,
        trace="trace_id",
        span="span_id",
        parent="parent_id",
        attempts=t.attempts.fill_null(_attempt(t)),
        ts=began,
        end="end",
        duration_ms="duration_ms",
        duration_total_ms=ibis.cases((t.last.isnull(), t.duration_ms), else_=(t.final - began) * 1000.0),
        **own_attributes(t, keys, flags),
    ).order_by(["trace", "span"])
