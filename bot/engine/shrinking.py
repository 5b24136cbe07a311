"""Tool results that are smaller than the same tool's used to be."""

from __future__ import annotations

import numpy as np

from bot.engine.exam import Exam
from bot.model.evidence import Evidence
from bot.model.frame import BoolArray, FloatArray, Frame

NULL = 4  # bytes of `null`: nothing smaller holds an answer
LOW = 0.05  # quantile of a tool's own past sizes: a result below it was one in twenty
SMALLER = 0.6  # of the usual size at most: where sizes hardly vary a few bytes less are nothing
MIN_PAST = 50  # results of a tool before its usual size is known


def shrunken(exam: Exam, ops: Frame, size: FloatArray) -> BoolArray:
    """Rows whose result is below the low quantile of its tool's own past, and clearly below its usual size."""
    tools = exam.dim(ops, "tool")
    small = np.zeros(ops.n, dtype=np.bool_)
    for code in range(-1, len(tools.values)):
        cell = tools.codes == code
        past = size[exam.baseline(ops) & cell & ~np.isnan(size)]
        if len(past) < MIN_PAST:
            continue
        limit = min(float(np.quantile(past, LOW)), SMALLER * float(np.median(past)))
        with np.errstate(invalid="ignore"):
            small |= cell & (size < limit)
    return small


def asked_first(evidence: Evidence, ops: Frame) -> BoolArray:
    """The first of identical calls of one request: an agent that goes in circles gets the same nothing each time."""
    rows, tools, args = evidence.request_of(ops), ops.text("tool"), ops.text("tool_args_hash")
    order = np.lexsort((ops.number("ts"), args.codes, tools.codes, rows))
    new = np.ones(ops.n, dtype=np.bool_)
    new[1:] = False
    for column in (rows, tools.codes, args.codes):
        new[1:] |= column[order][1:] != column[order][:-1]
    first = np.ones(ops.n, dtype=np.bool_)
    first[order] = new
    return first | (rows < 0)
