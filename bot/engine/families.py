"""Which model served a call, against which was asked for."""

from __future__ import annotations

import re

import numpy as np

from bot.model.frame import BoolArray, Frame, IntArray

_DATE = re.compile(r"[-_@:]?(20\d{2}[-_]?\d{2}[-_]?\d{2}|\d{4}|latest|preview|v\d+(?:[.:]\d+)*|00\d)$")


def family(model: str) -> str:
    """`gpt-4o-2024-08-06` and `openai/gpt-4o` -> `gpt-4o`: dates, revisions and the vendor's prefix taken off."""
    name = model.casefold().rsplit("/", 1)[-1]
    while True:
        shorter = _DATE.sub("", name)
        if shorter == name or not shorter:
            return name
        name = shorter


def another_model(ops: Frame) -> BoolArray:
    """Calls served by another family of model than was asked for."""
    asked, served = ops.text("model_requested"), ops.text("model_served")
    families = sorted({family(value) for value in (*asked.values, *served.values)})
    index = {name: code for code, name in enumerate(families)}
    a = np.array([index[family(value)] for value in asked.values] + [-1], dtype=np.int64)[asked.codes]
    s = np.array([index[family(value)] for value in served.values] + [-1], dtype=np.int64)[served.codes]
    other: BoolArray = (a >= 0) & (s >= 0) & (a != s)
    return other


def after_failure(ops: Frame, request: IntArray, failed: BoolArray) -> BoolArray:
    """Calls that asked for another family of model after a failed call of the same request; `request` is -1 for an orphan."""
    asked = ops.text("model_requested")
    names = [family(value) for value in asked.values]
    families = sorted(set(names))
    code = np.array([families.index(name) for name in names] + [-1], dtype=np.int64)[asked.codes]
    ts = ops.number("ts")
    rows = np.flatnonzero(failed & (request >= 0) & (code >= 0))
    rows = rows[np.lexsort((rows, ts[rows], request[rows]))]
    owners, first = np.unique(request[rows], return_index=True)
    if len(owners) == 0:
        return np.zeros(ops.n, dtype=np.bool_)
    at = np.minimum(np.searchsorted(owners, request), len(owners) - 1)
    begun = rows[first][at]
    same = owners[at] == request
    after: BoolArray = same & ~failed & (code >= 0) & (ts > ts[begun]) & (code != code[begun])
    return after
