"""Whether one family of models took over calls of others, and whether those others failed before it did."""

from __future__ import annotations

import numpy as np

from bot.engine.cells import better
from bot.engine.exam import Exam
from bot.engine.failing import failed
from bot.engine.families import family
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Codes, Frame
from bot.stats.proportion import PropGates, prop

PLACES = ("prompt_name", "route")  # a route that grew brings its own model along: shares are compared at the routes' weights of now
MANY = 40  # families of models; beyond it the names are no models
ALL, MOST = 0.8, 0.5  # of the calls: each had its own failure before it


def families_of(exam: Exam, ops: Frame) -> Codes:
    """The family that answered each call, or that it asked for where nobody records who answered."""
    name = "model_served" if exam.sees("llm", "model_served") else "model_requested"
    asked, told = ops.text("model_requested"), ops.text(name)
    values = sorted({family(value) for value in (*asked.values, *told.values)})
    of_told = np.array([values.index(family(value)) for value in told.values] + [-1], dtype=np.int64)[told.codes]
    of_asked = np.array([values.index(family(value)) for value in asked.values] + [-1], dtype=np.int64)[asked.codes]
    return Codes(tuple(values), np.where(of_told >= 0, of_told, of_asked))


def taken_over(exam: Exam, ops: Frame, grown: PropGates, failing: PropGates) -> tuple[Measured, BoolArray, str]:
    """(growth of the family that took over, its calls, its name), only where the others failed since the baseline ended."""
    codes = families_of(exam, ops)
    nobody = np.zeros(ops.n, dtype=np.bool_)
    best, rows, name = exam.nothing(ops), nobody, ""
    for code, value in enumerate(codes.values[:MANY]):
        mine = (codes.codes == code) & ~failed(ops)
        measured = _at_equal_weights(exam, ops, mine, codes.recorded, grown)
        if better(measured, best) and failed_since(exam, ops, codes.codes != code, failing).grade in (Grade.STRONG, Grade.MODERATE):
            best, rows, name = measured, mine, value
    return best, rows, name


def failed_since(exam: Exam, ops: Frame, others: BoolArray, gates: PropGates) -> Measured:
    """PROP of failures among calls, from the end of the baseline until now: a breaker opens before the page, and hides what opened it."""
    ts, windows = ops.number("ts"), exam.evidence.windows
    then = exam.baseline(ops) & others
    since = others & (ts >= windows.baseline.end) & (ts < windows.now)
    bad = failed(ops)
    return prop(float((bad & then).sum()), float(then.sum()), float((bad & since).sum()), float(since.sum()), 1.0, gates)


def after_its_own_failure(exam: Exam, ops: Frame, other: BoolArray, after: BoolArray) -> Measured:
    """STRONG where nearly every fallback call follows a failed call of its own request: the primary is still asked, and still fails."""
    now = exam.current(ops) & other
    share = float((now & after).sum()) / max(1.0, float(now.sum()))
    grade = Grade.STRONG if share >= ALL else Grade.MODERATE if share >= MOST else Grade.NONE
    return Measured(test="AFTER", grade=grade, effect=share, n=int(now.sum()), numbers={"after_a_failure": round(share, 4)})


def _at_equal_weights(exam: Exam, ops: Frame, mine: BoolArray, known: BoolArray, gates: PropGates) -> Measured:
    """PROP of a family's share of calls, the baseline's shares taken at the weights that prompts (or routes) have now."""
    then, now = exam.baseline(ops) & known, exam.current(ops) & known
    n_b, n_c = float(then.sum()), float(now.sum())
    place = next((codes for codes in (exam.dim(ops, name) for name in PLACES) if codes.recorded.any()), None)
    expected = float((mine & then).sum())
    if place is not None and n_b and n_c:
        size = len(place.values) + 1
        all_b, all_c, mine_b = (np.bincount(place.codes[rows] + 1, minlength=size).astype(float) for rows in (then, now, then & mine))
        shared = all_b > 0
        weight = all_c[shared].sum()
        expected = float((mine_b[shared] / all_b[shared] * all_c[shared]).sum() / weight * n_b) if weight else expected
    return prop(expected, n_b, float((mine & now).sum()), n_c, 1.0, gates)
