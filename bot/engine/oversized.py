"""Whether it is the largest inputs that fail: by the sizes of the calls that failed, else by what is gone among those that did not."""

from __future__ import annotations

import numpy as np

from bot.engine.exam import Exam
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Frame
from bot.stats.proportion import PropGates, prop

SIZES = ("tokens_input", "input_chars")
LARGE = 0.9  # quantile of the inputs that fit beyond which an input is large
MOSTLY = 0.8  # of the failed calls are larger than that
KNOWN = 0.5  # of the failed calls must tell their size; usage comes with the answer, and there was none
MIN_FAILED = 8  # failed calls with a size; of 8 random ones 7 would lie in the top tenth once in a million times
SHARED = 0.1  # of the failed calls must ask for a model for its window to be the one in question
GONE = PropGates(direction="down", ratio=4.0, floor=0.005, n_current=50)  # inputs that large went on being answered: then it is not size
FEW, MOST = 0.005, 0.9  # share of failed calls between which the tail that they would have been can be looked for


def only_the_largest(exam: Exam, ops: Frame, bad: BoolArray, cell: BoolArray) -> Measured:
    """STRONG when the calls `bad` of a cell are its largest ones. Not assessable where no sizes are recorded.

    Where failed calls tell no size: had they been of any size, then the calls answered now would be as large as those answered before.
    """
    cell = cell & _of_their_models(ops, bad & cell & exam.current(ops))
    now, then = exam.current(ops) & cell, exam.baseline(ops) & cell
    for column in SIZES:
        size = ops.number(column)
        known = ~np.isnan(size) & (size > 0)
        failing, fitting = now & bad, now & ~bad & known
        if int(fitting.sum()) < GONE.n_current or not failing.any():
            continue
        if float((failing & known).sum()) >= max(MIN_FAILED, KNOWN * float(failing.sum())):
            return _seen(size[failing & known], size[fitting])
        missing = float(failing.sum()) / float(now.sum())
        if FEW <= missing <= MOST and int((then & known & ~bad).sum()) >= GONE.n_baseline:
            return _unseen(size[then & known & ~bad], size[fitting], missing)
    return Measured(test="LARGEST", grade=Grade.NA, missing=("llm.tokens.input",), reason="no sizes of inputs")


def _of_their_models(ops: Frame, failed: BoolArray) -> BoolArray:
    """Calls of the models that the failed ones asked for: a fallback with a larger window goes on answering what the first refuses."""
    asked = ops.text("model_requested")
    count = np.bincount(asked.codes[failed & asked.recorded], minlength=len(asked.values) or 1)
    theirs = np.flatnonzero(count >= SHARED * max(1, int(count.sum())))
    return np.isin(asked.codes, theirs) if count.any() else np.ones(ops.n, dtype=np.bool_)


def _seen(failed: np.ndarray, fitting: np.ndarray) -> Measured:
    share = float((failed > np.quantile(fitting, LARGE)).mean())
    grade = Grade.STRONG if share >= MOSTLY else Grade.NONE
    return Measured(test="LARGEST", grade=grade, effect=share, n=len(failed), numbers={"among_the_largest": round(share, 4)})


def _unseen(before: np.ndarray, after: np.ndarray, missing: float) -> Measured:
    """The tail that would be missing, had the failed calls been the largest: how much of it is left among those answered."""
    line = float(np.quantile(before, 1.0 - missing))
    measured = prop(float((before > line).sum()), len(before), float((after > line).sum()), len(after), 1.0, GONE)
    grade = measured.grade if measured.grade in (Grade.STRONG, Grade.MODERATE) else Grade.NONE
    return measured.model_copy(update={"test": "LARGEST", "grade": grade, "numbers": {**measured.numbers, "larger_than": round(line)}})
