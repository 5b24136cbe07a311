"""What an aggregate gave -> a Frame, with traces by number and operations pointing at their requests."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from bot.model.frame import Codes, Frame, from_arrow
from bot.telemetry.canonical import COLUMNS, REQUEST_DIMS

TRACE = "trace"


def frame_of(table: pa.Table, traces: tuple[str, ...] = (), names: Mapping[str, str] | None = None) -> Frame:
    """`traces`: ids by the number that stands in the column `trace`. `names`: column -> its name in the frame."""
    filled = [name for name in table.column_names if name != TRACE and table.column(name).null_count < table.num_rows]
    frame = from_arrow(table.select(filled))
    texts = {(names or {}).get(name, name): codes for name, codes in frame.texts.items()}
    if TRACE in table.column_names:
        texts[TRACE] = Codes(traces, np.asarray(table.column(TRACE).to_numpy(), dtype=np.int64))
    return Frame(table.num_rows, frame.numbers, texts)


def with_request(operations: Frame, requests: Frame) -> Frame:
    """Add `request`, the row of an operation's trace in `requests`; and where only some operations record a dimension
    of their request, fill it from there: a column of a frame stands for all its rows.
    """
    rows = operations.text(TRACE).codes  # `requests` has one row a trace, in the order of their numbers
    shared = [
        name for name in operations.texts if name in requests.texts and (name in REQUEST_DIMS or name not in COLUMNS) and name != TRACE
    ]
    texts = {**operations.texts, **{name: _filled(operations.texts[name], requests.texts[name].take(rows)) for name in shared}}
    return Frame(operations.n, {**operations.numbers, "request": rows.astype(np.float64)}, texts)


def _filled(own: Codes, else_: Codes) -> Codes:
    if own.recorded.all():
        return own
    values = tuple(sorted({*own.values, *else_.values}))
    index = {value: code for code, value in enumerate(values)}
    ours, theirs = (np.array([index[value] for value in codes.values] + [-1], dtype=np.int64)[codes.codes] for codes in (own, else_))
    return Codes(values, np.where(ours >= 0, ours, theirs))
