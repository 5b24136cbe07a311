"""Groups of columns -> one Arrow table of the canonical schema."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bot.telemetry.canonical import EXTRA, FLAGS, SCHEMA
from bot.telemetry.group import Group
from bot.telemetry.values import TEXT, Column

_MAPS = (FLAGS, EXTRA)


def assemble(groups: Sequence[Group]) -> pa.Table:
    """All groups, one below the other; a column a group does not have is missing there."""
    total = sum(group.n for group in groups)
    columns = []
    for field in SCHEMA:
        if not any(field.name in group.out for group in groups):
            columns.append(pa.nulls(total, field.type))
            continue
        values = list(chain.from_iterable(group.out.get(field.name) or repeat(None, group.n) for group in groups))
        columns.append(_array(values, field))
    return pa.table(columns, schema=SCHEMA)


def _array(values: Column, field: pa.Field) -> pa.Array:
    if field.name in _MAPS:
        return _map(values, field.type)
    if pa.types.is_floating(field.type):
        numbers = np.array(values, dtype=np.float64)  # None becomes NaN
        return pa.array(numbers, mask=~np.isfinite(numbers))
    if pa.types.is_string(field.type):
        try:
            return pa.array(values, type=field.type)
        except UnicodeEncodeError:  # a lone surrogate, which JSON can spell and UTF-8 cannot
            return pa.array([_encodable(value) for value in values], type=field.type)
    return pa.array(values, type=field.type)


def _encodable(value: object) -> str | None:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _map(values: Column, type_: pa.MapType) -> pa.Array:
    """Dicts or pairs -> a map array; nothing recorded is an empty map, so that no reader needs two cases."""
    rows = [list(value.items()) if isinstance(value, dict) else value or () for value in values]
    counts = np.fromiter((len(row) for row in rows), dtype=np.int32, count=len(rows))
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    pairs = list(chain.from_iterable(rows))
    keys = [_encodable(str(key)[:TEXT]) for key, _ in pairs]
    items = [_encodable(item) for _, item in pairs]
    return pa.MapArray.from_arrays(pa.array(offsets), pa.array(keys, pa.string()), pa.array(items, pa.string()), type=type_)


def sorted_by_id(table: pa.Table) -> pa.Table:
    """Rows in the order (trace_id, span_id): whatever order they came in, what follows sees the same."""
    return table.take(pc.sort_indices(table, sort_keys=[("trace_id", "ascending"), ("span_id", "ascending")]))
