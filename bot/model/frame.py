"""Columns of numbers and of coded texts: what the span engine hands to the judgement floor.

A missing number is NaN and a missing text has code -1: *not recorded*. A recorded zero, False or empty text is something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Codes:
    """A text column: `values` sorted, `codes[i]` an index into them or -1 when not recorded."""

    values: tuple[str, ...]
    codes: IntArray

    def take(self, rows: IntArray) -> Codes:
        """The column at `rows`; a row of -1 gives not recorded."""
        if len(self.codes) == 0:
            return Codes((), np.full(len(rows), -1, dtype=np.int64))
        return Codes(self.values, np.where(rows >= 0, self.codes[np.maximum(rows, 0)], -1))

    def equals(self, *wanted: str) -> BoolArray:
        codes = [self.values.index(value) for value in wanted if value in self.values]
        return np.isin(self.codes, codes)

    @property
    def recorded(self) -> BoolArray:
        return self.codes >= 0

    def text(self, row: int) -> str | None:
        code = int(self.codes[row])
        return self.values[code] if code >= 0 else None


@dataclass(frozen=True)
class Frame:
    """`n` rows; a column that was never recorded may be absent, and reads as all-missing."""

    n: int
    numbers: Mapping[str, FloatArray]
    texts: Mapping[str, Codes]

    def number(self, name: str) -> FloatArray:
        column = self.numbers.get(name)
        return column if column is not None else np.full(self.n, np.nan)

    def text(self, name: str) -> Codes:
        column = self.texts.get(name)
        return column if column is not None else Codes((), np.full(self.n, -1, dtype=np.int64))

    def equals(self, name: str, *wanted: str) -> BoolArray:
        return self.text(name).equals(*wanted)

    def true(self, name: str) -> BoolArray:
        """Where a yes/no column is recorded and yes."""
        return self.number(name) > 0

    def recorded(self, name: str) -> BoolArray:
        if name in self.texts:
            return self.texts[name].recorded
        return ~np.isnan(self.number(name))

    def where(self, mask: BoolArray) -> Frame:
        rows = np.flatnonzero(mask)
        return Frame(
            len(rows),
            {name: column[rows] for name, column in self.numbers.items()},
            {name: column.take(rows) for name, column in self.texts.items()},
        )


EMPTY = Frame(0, {}, {})


def from_arrow(table: pa.Table) -> Frame:
    """An Arrow table -> Frame. Booleans become 0/1; texts are coded; other types must be numeric."""
    numbers: dict[str, FloatArray] = {}
    texts: dict[str, Codes] = {}
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        if pa.types.is_null(column.type):
            continue
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            texts[name] = _coded(column)
        elif pa.types.is_dictionary(column.type):
            texts[name] = _coded(column.cast(pa.string()))
        else:
            numbers[name] = np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
    return Frame(table.num_rows, numbers, texts)


def _coded(column: pa.Array) -> Codes:
    coded = pc.dictionary_encode(column)
    order = pc.array_sort_indices(coded.dictionary).to_numpy()  # by bytes of UTF-8, which is Python's own order of texts
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[len(order)] = -1
    raw = np.asarray(coded.indices.fill_null(len(order)).to_numpy(zero_copy_only=False), dtype=np.int64)
    return Codes(tuple(coded.dictionary.take(order).to_pylist()), rank[raw])
