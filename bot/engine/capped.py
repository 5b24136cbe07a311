"""Answers that end at a limit, where nobody says why they ended: their lengths pile up at it."""

from __future__ import annotations

import numpy as np

from bot.engine.exam import Exam
from bot.model.frame import BoolArray, FloatArray, Frame

SLACK = 0.01  # below the limit: tokenisers and special tokens differ by as much
LEAST = 5  # answers at one length before it is looked at
UPPER = 0.5  # quantile of lengths below which a pile is a usual short answer (a label, a number), not a limit
BEYOND = 0.5  # of the pile may lie beyond it in the same place: past a limit there is nothing
TIMES = 4.0  # as many answers there as in a band as wide next to it
NEXT = 0.1  # how far "next to it" reaches below


def at_limit(exam: Exam, ops: Frame) -> BoolArray | None:
    """Calls whose output is as long as it may be: the limit they asked for, else the length at which those of C pile up.

    None where no lengths are recorded.
    """
    length = ops.number("tokens_output") if exam.sees("llm", "tokens_output") else ops.number("output_chars")
    if not (exam.sees("llm", "tokens_output") or exam.sees("llm", "output_chars")):
        return None
    allowed = ops.number("max_tokens")
    with np.errstate(invalid="ignore"):
        full = (length >= (1.0 - SLACK) * allowed) & (allowed > 1) if exam.sees("llm", "tokens_output") else np.zeros(ops.n, dtype=np.bool_)
    piled = np.zeros(ops.n, dtype=np.bool_)
    for cell in _places(exam, ops):
        piled |= _pile(exam, ops, length, cell)
    return np.asarray(full | piled, dtype=np.bool_)


def _places(exam: Exam, ops: Frame) -> list[BoolArray]:
    """A limit belongs to a prompt, a route or a model."""
    for name in ("prompt_name", "route", "model_requested"):
        codes = exam.dim(ops, name)
        if float(codes.recorded.mean()) >= BEYOND:
            return [codes.codes == code for code in range(len(codes.values))]
    return [np.ones(ops.n, dtype=np.bool_)]


def _pile(exam: Exam, ops: Frame, length: FloatArray, cell: BoolArray) -> BoolArray:
    """Rows at the length at which the answers of C in a cell pile up; none where they do not."""
    nobody = np.zeros(ops.n, dtype=np.bool_)
    now = cell & exam.current(ops) & (length > 0)
    values, counts = np.unique(length[now], return_counts=True)
    if len(values) == 0:
        return nobody
    late = values >= np.quantile(length[now], UPPER)
    at = int(np.argmax(np.where(late, counts, 0)))
    top = float(values[at])
    band = (length <= top) & (length >= (1.0 - SLACK) * top)
    pile, beyond = int((now & band).sum()), int((now & (length > top)).sum())
    near = int((now & (length < (1.0 - SLACK) * top) & (length >= (1.0 - NEXT - SLACK) * top)).sum()) * SLACK / NEXT
    if counts[at] < LEAST or beyond > BEYOND * pile or pile < TIMES * max(near, 1.0):
        return nobody
    return np.asarray(cell & band, dtype=np.bool_)
