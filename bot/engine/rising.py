"""Rates that rose in a cell: against the cell's own past, with windows that reach back where the cell is thin."""

from __future__ import annotations

import numpy as np

from bot.engine.cells import better
from bot.engine.clumping import clumped
from bot.engine.exam import Exam
from bot.engine.moving import CLEARER_RATE, NEARLY_ALL, SMALL, Moved, cells, crowded, windows_of
from bot.engine.questions import PASSED
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Frame
from bot.stats.proportion import PropGates, prop

FIRST = 3.0  # z of a small cell of a dimension with few values
SURE = 4.0  # z of a small cell among many: the exact tail and the smallest count already hold it back
COMMON = 0.1  # share of bad rows from which several of one session are no sign of a clump any more
ANECDOTE = 4  # bad rows in a small cell below which it is not looked at


def compared_rate(exam: Exam, frame: Frame, bad: BoolArray, then: BoolArray, now: BoolArray, gates: PropGates) -> Measured:
    """PROP of the rows `now` against `then`, its z divided by the clumps in which bad rows come."""
    phi = _clumps(exam, frame, bad, then, now)
    return prop(float((bad & then).sum()), float(then.sum()), float((bad & now).sum()), float(now.sum()), phi, gates)


def _clumps(exam: Exam, frame: Frame, bad: BoolArray, then: BoolArray, now: BoolArray) -> float:
    """Design effect of bad rows: of rare ones, how many of them the same request or session brought; else their correlation."""
    hit = bad & now
    count = int(hit.sum())
    if count == 0:
        return 1.0
    if count >= COMMON * int(now.sum()):
        return clumped(exam.evidence, frame, bad.astype(np.float64), then, now)
    owners = [exam.evidence.request_of(frame), exam.dim(frame, "session_id").codes]
    worst = 1.0
    for owner in owners:
        known = owner[hit & (owner >= 0)]
        if len(known):
            sizes = np.unique(known, return_counts=True)[1].astype(np.float64)
            worst = max(worst, (float((sizes**2).sum()) + count - len(known)) / count)
    return worst


def risen(
    exam: Exam,
    frame: Frame,
    bad: BoolArray,
    *,
    by: tuple[tuple[str, ...], ...],
    gates: PropGates,
    among: BoolArray | None = None,
    whole: bool = True,
) -> Moved:
    """The cell in which a rate rose most: every value of each of `by`, every pair of values where one names two; `whole`: or all rows."""
    inside = np.ones(frame.n, dtype=np.bool_) if among is None else among
    now, then = exam.current(frame) & inside, exam.baseline(frame) & inside
    best = Moved(compared_rate(exam, frame, bad, then, now, gates) if whole else exam.nothing(frame), {}, inside, then, now)
    total = max(1, int(now.sum()))
    for where, cell in cells(exam, frame, by, inside, least=3):
        for mine_then, mine_now in windows_of(exam, frame, cell, then, now):
            count = int((bad & mine_now).sum())
            if count < ANECDOTE or count * max(1, int(mine_then.sum())) <= int((bad & mine_then).sum()) * int(mine_now.sum()):
                continue
            measured = compared_rate(exam, frame, bad, mine_then, mine_now, gates)
            if (
                measured.grade in PASSED
                and int((cell & now).sum()) < SMALL * total
                and (measured.z or 0.0) < (SURE if crowded(where) else FIRST)
            ):
                measured = measured.model_copy(update={"grade": Grade.WEAK})
            if better(measured, best.measured) or _names(measured, best.measured):
                best = Moved(measured, where, cell, mine_then, mine_now)
    return best


def _names(one: Measured, best: Measured) -> bool:
    """Whether a cell as strong as the best holds nearly all of its excess: then it is the better name for it."""
    if one.grade not in PASSED or one.grade is not best.grade or one.effect is None or best.effect is None:
        return False
    return one.effect >= CLEARER_RATE * best.effect and one.n * one.effect >= NEARLY_ALL * best.n * best.effect
