"""Whether a prompt's version is new, by whatever the product records of it."""

from __future__ import annotations

import numpy as np

from bot.engine.cells import better
from bot.engine.exam import Exam
from bot.model.finding import Measured
from bot.model.frame import BoolArray, Frame

COLUMNS = ("prompt_version", "prompt_hash")  # a version may be a label that never moves while the text behind it does


def new_version(exam: Exam, ops: Frame, bad: BoolArray, among: BoolArray) -> tuple[Measured, BoolArray] | None:
    """(novelty of a prompt's version that holds the bad calls of C, the calls of new versions); None where none is recorded.

    `among`: calls of the prompts in question. Of version and hash the stronger answer is given.
    """
    found: tuple[Measured, BoolArray] | None = None
    for column in COLUMNS:
        if not exam.sees(_kind(exam, ops), column):
            continue
        fresh = exam.new_values(ops, column)
        measured = exam.held(exam.novelty(ops, column, among=among), bad & exam.current(ops), fresh)
        if found is None or better(measured, found[0]):
            found = (measured, np.asarray(fresh, dtype=np.bool_))
    return found


def _kind(exam: Exam, ops: Frame) -> str:
    return next((kind for kind, frame in exam.evidence.ops.items() if frame is ops), "requests")
