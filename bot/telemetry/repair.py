"""What telemetry gets wrong, put right on the whole table (catalogue 3.6). Deterministic: rows come out by (trace_id, span_id).

Orphans stay as they are: whoever needs the tree sees that a parent is missing, and whoever counts operations needs no tree.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bot.telemetry.canonical import SCHEMA
from bot.telemetry.doubles import each_call_once, richness
from bot.telemetry.skew import shifts
from bot.telemetry.table import sorted_by_id

MIXED = 10.0  # a duration ten times its span's was written in another unit
_OWN = {
    "llm": ("op", "model_requested", "model_served", "tokens_input", "finish"),
    "retrieval": ("n_returned", "top_k", "score_top", "index_version", "op"),
    "embedding": ("embedding_model", "embedding_dims", "op"),
    "tool": ("op", "tool_type", "tool_args_hash", "tool_result_bytes"),
}
"""What an operation of the kind says beside its name."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def repair(spans: pa.Table) -> pa.Table:
    """The same spans: delivered once, ended, on one clock, each call once, units right."""
    if spans.num_rows == 0:
        return SCHEMA.empty_table()
    table = _delivered_once(sorted_by_id(spans.combine_chunks()))
    parents = parent_rows(table)
    table = _ended(table, parents)
    table = _units(_on_one_clock(table, parents))
    once = each_call_once(table, parents)
    return _wrappers(once, parents if once is table else parent_rows(once))


def parent_rows(table: pa.Table) -> Ints:
    """Row of each span's parent in the same trace, -1 for a root and for an orphan. The table is sorted by ids."""
    key = pc.binary_join_element_wise(table["trace_id"], table["span_id"], "")
    wanted = pc.binary_join_element_wise(table["trace_id"], pc.fill_null(table["parent_id"], ""), "")
    found = pc.index_in(wanted.combine_chunks(), value_set=key.combine_chunks())
    return np.asarray(found.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _floats(table: pa.Table, name: str) -> Floats:
    return np.asarray(table[name].to_numpy(zero_copy_only=False), dtype=np.float64)


def _put(table: pa.Table, name: str, values: Floats) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, SCHEMA.field(name), pa.array(values, pa.float64(), mask=np.isnan(values)))


def _delivered_once(table: pa.Table) -> pa.Table:
    """A span exported twice is one span: the copy that ended, else the one with more in it."""
    traces, ids = table["trace_id"].combine_chunks(), table["span_id"].combine_chunks()
    again = pc.and_(pc.equal(traces[1:], traces[:-1]), pc.equal(ids[1:], ids[:-1]))  # the table is sorted: copies are neighbours
    if not pc.any(again).as_py():
        return table
    codes = np.cumsum(np.append(True, ~np.asarray(again.to_numpy(zero_copy_only=False), dtype=np.bool_)))
    broken = np.asarray(pc.fill_null(table["unfinished"], False).to_numpy(zero_copy_only=False), dtype=np.bool_)
    order = np.lexsort((np.arange(len(codes)), -richness(table), broken, codes))
    first = np.append(True, codes[order][1:] != codes[order][:-1])
    return table.take(pa.array(np.sort(order[first])))


def _ended(table: pa.Table, parents: Ints) -> pa.Table:
    """A span that was never closed ends with its parent; without one it has no end."""
    ts, end = _floats(table, "ts"), _floats(table, "end")
    open_ = np.isnan(end)
    if not open_.any():
        return table
    theirs = np.where(parents >= 0, end[np.maximum(parents, 0)], np.nan)
    end = np.where(open_ & (theirs >= ts), theirs, end)
    table = _put(table, "end", end)
    return _put(table, "duration_ms", np.where(open_, (end - ts) * 1000.0, _floats(table, "duration_ms")))


def _on_one_clock(table: pa.Table, parents: Ints) -> pa.Table:
    """Spans of a host whose clock is off are moved, with all of that host."""
    delta = shifts(table, parents, _floats(table, "ts"), _floats(table, "end"))
    if not delta.any():
        return table
    return _put(_put(table, "ts", _floats(table, "ts") + delta), "end", _floats(table, "end") + delta)


def _units(table: pa.Table) -> pa.Table:
    """A time to first token far beyond its span was written in another unit than its name says."""
    duration = _floats(table, "duration_ms")
    for name in ("ttft_ms", "user_ttft_ms"):
        value = _floats(table, name)
        mixed = value > MIXED * np.maximum(duration, 1.0)
        if mixed.any():
            table = _put(table, name, np.where(mixed, value / 1000.0, value))
    return table


def _wrappers(table: pa.Table, parents: Ints) -> pa.Table:
    """A root with the kind of a leaf is the request after all when operations of its own kind, or model and tool calls, lie below it.
    Further down, a span that is an operation by its name alone and holds one of that kind is the chain around it."""
    kinds = table["kind"].to_pylist()
    roots = table["parent_id"].to_pylist()
    below = [(int(parents[row]), kinds[row]) for row in np.flatnonzero(parents >= 0).tolist()]
    for parent, kind in below:
        if roots[parent] == "" and kinds[parent] != "request" and kind in ("llm", "tool", "agent", kinds[parent]):
            kinds[parent] = "request"
    told = {kind: _any_recorded(table, columns) for kind, columns in _OWN.items()}
    for parent, kind in below:
        if kinds[parent] == kind and kind in told and not told[kind][parent]:
            kinds[parent] = "chain"
    return table.set_column(table.schema.get_field_index("kind"), SCHEMA.field("kind"), pa.array(kinds, pa.string()))


def _any_recorded(table: pa.Table, columns: tuple[str, ...]) -> list[bool]:
    found = np.zeros(table.num_rows, dtype=np.bool_)
    for name in columns:
        found |= np.asarray(table[name].is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)
    return list(found.tolist())
