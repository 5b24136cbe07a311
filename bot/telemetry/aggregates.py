"""Aggregates over canonical spans, written once in Ibis and run where the spans live.

Every function takes a table of spans and gives a table. The spans have the columns of `canonical.SCHEMA`; one that nothing recorded may
be absent, save ESSENTIAL ones, and its results are absent then. NULL means not recorded, and stays NULL where nothing of a trace recorded
it. `trace_id` may be of any type that sorts like the ids. Sums run over integers, so that the order in which threads meet never shows.
"""

from __future__ import annotations

from functools import reduce
from operator import or_

import ibis
from ibis.expr.types import BooleanValue, Table

from bot.telemetry.canonical import COLUMNS
from bot.telemetry.operations import attempts, operations
from bot.telemetry.request_rows import COUNTED, requests
from bot.telemetry.spans import ESSENTIAL, bounded, broke, failed

__all__ = ["ESSENTIAL", "attempts", "copies", "coverage", "map_keys", "near", "operations", "requests", "series", "traces", "tree"]

LONGEST_S = 3600.0  # a trace that lasts longer is cut: without a limit every scope would read the whole store
MINUTE = 60.0
TREE = (
    "name", "status", "error_class", "tool", "source_id", "app_version", "n_returned", "partial", "timed_out", "prompt_unresolved",
    "finish", "tool_result_empty", "tool_args_valid", "parser_ok", "guardrail_action", "rerank_skipped", "output_refusal",
)  # fmt: skip
CUT_SHORT = ("length", "content_filter", "refusal", "context_window")


def traces(spans: Table, service: str | None, start: float, end: float) -> Table:
    """trace_id, first (epoch seconds): the traces that begin in [start, end) and touch the service.

    Every trace does when no span read here names a service: the emitter did not say, which is not another service.
    """
    slim = spans.select("trace_id", "ts", "service")  # before the filter: what is used twice may be written out whole
    here = slim.filter(near(slim, start, end))
    touches = ibis.literal(1) if service is None else (here.service == service).fill_null(False).cast("int8").max()
    found = here.group_by("trace_id").agg(first=here.ts.min(), touches=touches)
    found = found.filter((found.first >= start) & (found.first < end))
    if service is not None:
        named = here.aggregate(named=here.service.count()).as_scalar()
        found = found.filter((found.touches == 1) | (named == 0))
    return found.select("trace_id", "first")


def near(spans: Table, start: float, end: float) -> BooleanValue:
    """Spans that may be of a trace that begins in [start, end)."""
    return (spans.ts >= start - LONGEST_S) & (spans.ts < end + LONGEST_S)


def copies(spans: Table) -> Table:
    """arrival: the rows to leave out, so that a span that was exported twice counts once. `arrival` numbers the rows of `spans`.

    The copy that ended last is kept, and of those the one that came last.
    """
    slim = spans.select("trace_id", "span_id", "end", "arrival")
    counted = slim.group_by("trace_id", "span_id").agg(times=slim.count())
    slim = slim.semi_join(counted.filter(counted.times > 1), ["trace_id", "span_id"])
    same = ibis.window(group_by=["trace_id", "span_id"], order_by=[slim.end.desc(nulls_first=False), slim.arrival.desc()])
    numbered = slim.mutate(copy=ibis.row_number().over(same))
    return numbered.filter(numbered.copy > 0).select("arrival")


def tree(spans: Table) -> Table:
    """All spans of the traces that show any hard or soft fault, with slim columns, sorted by (trace, span)."""
    t = spans.select(
        *(name for name in ("trace_id", "span_id", "parent_id", "kind", "ts", "end", "duration_ms", *TREE) if name in spans.columns)
    )
    faults = (broke(t), *_soft(t))
    troubled = t.filter(reduce(or_, (fault.fill_null(False) for fault in faults))).select("trace_id").distinct()
    kept = t.semi_join(troubled, "trace_id").rename(trace="trace_id", span="span_id", parent="parent_id")
    return kept.order_by(["trace", "span"])


def _soft(t: Table) -> list[BooleanValue]:
    has = frozenset(t.columns)
    found = [t[name] for name in ("partial", "timed_out", "tool_result_empty", "rerank_skipped", "output_refusal") if name in has]
    found += [~t[name] for name in ("tool_args_valid", "parser_ok") if name in has]
    found += [t.n_returned == 0] if "n_returned" in has else []
    found += [t.prompt_unresolved > 0] if "prompt_unresolved" in has else []
    found += [t.finish.isin(CUT_SHORT)] if "finish" in has else []
    return found + ([t.guardrail_action == "block"] if "guardrail_action" in has else [])


def series(spans: Table) -> Table:
    """Counts per minute (epoch seconds), sorted: root spans and failed ones, and spans and failures of each kind.

    `<name>_weighted` is the same count with every span standing for 1 / sampling probability of its like.
    """
    t = spans.mutate(
        minute=(spans.ts / MINUTE).floor().cast("float64") * MINUTE,
        broken=failed(spans),
        stands_for=bounded(spans.weight).fill_null(1.0).round().cast("int64") if "weight" in spans.columns else ibis.literal(1),
    )
    groups = {"requests": t.parent_id == "", "failed": (t.parent_id == "") & t.broken}
    for kind in COUNTED:
        groups |= {kind: t.kind == kind, f"{kind}_errors": (t.kind == kind) & t.broken}
    exact = {name: t.count(where=where) for name, where in groups.items()}
    weighted = {f"{name}_weighted": t.stands_for.sum(where=where).cast("float64").fill_null(0.0) for name, where in groups.items()}
    return t.group_by("minute").agg(**exact, **weighted).order_by("minute")


def coverage(spans: Table) -> Table:
    """Per kind, sorted: `spans`, and under each column's own name how many of them record it."""
    columns = [name for name in COLUMNS if name in spans.columns]
    return spans.group_by("kind").agg(spans=spans.count(), **{name: spans[name].count() for name in columns}).order_by("kind")


def map_keys(spans: Table, column: str) -> Table:
    """Of a map column, by kind ("" = all kinds) and key: how many spans and traces carry the key, and how many values it has."""
    pairs = spans.select("trace_id", "kind", column, key=spans[column].keys().unnest())
    pairs = pairs.select("trace_id", "kind", "key", value=pairs[column].get(pairs.key))
    counts = {"spans": pairs.count(), "traces": pairs.trace_id.nunique(), "values": pairs.value.nunique()}
    by_kind = pairs.group_by("kind", "key").agg(**counts)
    over_all = pairs.group_by("key").agg(kind=ibis.literal(""), **counts).select(*by_kind.columns)
    return by_kind.union(over_all).order_by(["kind", "key"])
