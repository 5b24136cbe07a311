"""Failures of one class, and whether their absence means anything: a class that nobody records is not a class that does not occur."""

from __future__ import annotations

from dataclasses import replace

from bot.engine.cells import Rate
from bot.engine.exam import Exam
from bot.engine.failing import unlabelled
from bot.engine.questions import PASSED
from bot.model.frame import BoolArray, Frame
from bot.stats.proportion import PropGates


def class_rate(exam: Exam, ops: Frame, mine: BoolArray, by: tuple[str, ...], gates: PropGates) -> Rate:
    """PROP of the failures `mine` in their worst cell; not assessable where as many failures as would show carry no class at all."""
    worst = exam.rate(ops, mine, by=by, gates=gates, kind="llm")
    if worst.measured.grade in PASSED:
        return worst
    unclear = exam.rate(ops, unlabelled(ops), gates=gates, slices=False).measured
    return replace(worst, measured=exam.not_recorded("llm", "error_class")) if unclear.grade in PASSED else worst
