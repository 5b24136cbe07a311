"""One call recorded by two instrumentations, such as a framework's and the provider client's, is one call (catalogue 3.3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bot.telemetry.canonical import IDENTITY, SCHEMA

SAME_S = 0.005  # two records of one call start and end within this of each other
KINDS = ("llm", "embedding", "retrieval", "rerank", "tool")  # what two instrumentations both record
_AGREE = ("model_requested", "model_served", "tool", "source_id", "embedding_model", "response_id")
_OURS = frozenset({*IDENTITY, "ts", "end", "duration_ms", "flags", "extra"})

Ints = npt.NDArray[np.int64]


def richness(table: pa.Table) -> Ints:
    """How many columns each row has recorded."""
    total = np.zeros(table.num_rows, dtype=np.int64)
    for name in SCHEMA.names:
        if table[name].null_count < table.num_rows:
            total += np.asarray(table[name].is_valid().to_numpy(zero_copy_only=False), dtype=np.int64)
    return total


def each_call_once(table: pa.Table, parents: Ints) -> pa.Table:
    """The table with every call once: the richer record, filled up from the other. `parents`: row of each row's parent, or -1."""
    pairs = _pairs(table, parents)
    if len(pairs) == 0:
        return table
    rich = richness(table)
    kept_for: dict[int, int] = {}
    for one, other in pairs:
        if one in kept_for or other in kept_for:
            continue
        keep, drop = (one, other) if rich[one] >= rich[other] else (other, one)
        kept_for[drop] = keep
    merged = _reparented(_filled(table, kept_for), parents, kept_for)
    gone = np.zeros(table.num_rows, dtype=np.bool_)
    gone[list(kept_for)] = True
    return merged.filter(pa.array(~gone))


def _pairs(table: pa.Table, parents: Ints) -> list[tuple[int, int]]:
    """Rows that may be one call: caller and called, or neighbours below one parent, or one response id; then looked at closely."""
    kinds = _codes(table["kind"])
    wanted = np.isin(table["kind"].to_numpy(zero_copy_only=False), KINDS)
    scopes = _codes(table["scope_name"])
    rows = np.flatnonzero(wanted)
    if len(rows) == 0 or all(len(np.unique(scopes[rows][kinds[rows] == kind])) < 2 for kind in np.unique(kinds[rows]).tolist()):
        return []
    nested = rows[parents[rows] >= 0]
    candidates = [np.stack([parents[nested], nested], axis=1)]
    ts = np.asarray(table["ts"].to_numpy(zero_copy_only=False), dtype=np.float64)
    traces = _codes(table["trace_id"])
    for beside in (_codes(table["parent_id"]), _codes(table["response_id"])):
        order = rows[np.lexsort((rows, ts[rows], beside[rows], kinds[rows], traces[rows]))]
        one, other = order[:-1], order[1:]
        near = (traces[one] == traces[other]) & (kinds[one] == kinds[other]) & (beside[one] == beside[other]) & (beside[one] >= 0)
        candidates.append(np.stack([one[near], other[near]], axis=1))
    found = np.concatenate(candidates)
    one, other = found[:, 0], found[:, 1]
    end = np.asarray(table["end"].to_numpy(zero_copy_only=False), dtype=np.float64)
    same = (kinds[one] == kinds[other]) & (scopes[one] != scopes[other]) & (traces[one] == traces[other])
    same &= (np.abs(ts[one] - ts[other]) <= SAME_S) & (np.abs(end[one] - end[other]) <= SAME_S)
    for name in _AGREE:
        held = _codes(table[name])
        same &= (held[one] < 0) | (held[other] < 0) | (held[one] == held[other])
    return sorted({(int(a), int(b)) for a, b in found[same]})


def _codes(column: pa.ChunkedArray) -> Ints:
    """Equal texts have equal numbers; -1 when not recorded."""
    coded = column.combine_chunks().dictionary_encode()
    return np.asarray(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)


def _filled(table: pa.Table, kept_for: dict[int, int]) -> pa.Table:
    """Missing values of the kept rows, from the dropped ones."""
    source = np.full(table.num_rows, -1, dtype=np.int64)
    for drop, keep in kept_for.items():
        source[keep] = drop
    rows, has = pa.array(np.maximum(source, 0)), pa.array(source >= 0)
    columns = []
    for field in table.schema:
        column = table[field.name]
        if field.name not in _OURS and 0 < column.null_count < table.num_rows:
            column = pc.if_else(pc.and_(has, column.is_null()), column.take(rows), column)
        columns.append(column)
    return pa.table(columns, schema=table.schema)


def _reparented(table: pa.Table, parents: Ints, kept_for: dict[int, int]) -> pa.Table:
    """Children of a dropped record move to the kept one; a kept record that lay below the dropped one takes its place."""
    ids, held = table["span_id"].to_pylist(), table["parent_id"].to_pylist()
    above = list(held)
    for row in np.flatnonzero(np.isin(parents, list(kept_for))).tolist():
        keep = kept_for[int(parents[row])]
        held[row] = ids[keep] if keep != row else above[int(parents[row])]
    return table.set_column(table.schema.get_field_index("parent_id"), SCHEMA.field("parent_id"), pa.array(held, pa.string()))
