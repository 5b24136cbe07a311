"""Scores of a judge on items that never change: if these move, the judge did."""

from __future__ import annotations

import numpy as np

from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, FloatArray, Frame
from bot.stats.location import LocGates, location

MIN_ITEMS = 8  # scores of frozen items on either side; below this the exact test cannot reach one in a hundred
SURE, LIKELY = 2.6, 1.96  # z: one in a hundred, one in twenty, two-sided
HALF = 0.5  # of the shift of all scores that the frozen ones must show
ANY = LocGates(theta=0.0, log_ratio=0.0, n=MIN_ITEMS, direction="both")


def frozen(evidence: Evidence, frame: Frame, cell: BoolArray, shift: float) -> Measured:
    """Scores of the frozen control set, C against B. STRONG when they moved the same way by half of `shift` or more; NONE when they
    stood still although there were enough to see it; not assessable otherwise. `shift`: difference of means of the other items.
    """
    control = frame.true("evaluator_control_set") & cell
    value = frame.number("evaluator_value")
    then, now = _known(value, control & evidence.baseline(frame)), _known(value, control & evidence.current(frame))
    if min(len(then), len(now)) < MIN_ITEMS:
        reason = f"{len(now)} scores of frozen items now, {len(then)} before, {MIN_ITEMS} needed"
        return Measured(test="FROZEN", grade=Grade.NA, n=len(now), n_baseline=len(then), missing=("evaluator.control_set",), reason=reason)
    moved = float(now.mean() - then.mean())
    measured = location(then, now, 1.0, ANY)
    z = abs(measured.z or 0.0)
    chance = float(np.sqrt(then.var(ddof=1) / len(then) + now.var(ddof=1) / len(now)))
    same = moved * shift > 0 and abs(moved) >= HALF * abs(shift)
    seen = abs(shift) > 2.5 * chance  # a shift of all of it would have shown
    grade = Grade.STRONG if same and z >= SURE else Grade.MODERATE if same and z >= LIKELY else Grade.NONE if seen else Grade.NA
    numbers = {
        "frozen": round(float(now.mean()), 4),
        "frozen_before": round(float(then.mean()), 4),
        "frozen_z": round(measured.z or 0.0, 3),
    }
    reason = "" if grade is not Grade.NA else "the frozen items are too few for a shift of this size"
    return Measured(
        test="FROZEN", grade=grade, effect=moved, z=measured.z, n=len(now), n_baseline=len(then), numbers=numbers, reason=reason
    )


def mean_shift(evidence: Evidence, frame: Frame, rows: BoolArray) -> float:
    """Difference of mean scores, C minus B; 0 where one side is empty."""
    value = frame.number("evaluator_value")
    then, now = _known(value, rows & evidence.baseline(frame)), _known(value, rows & evidence.current(frame))
    return float(now.mean() - then.mean()) if len(then) and len(now) else 0.0


def _known(value: FloatArray, rows: BoolArray) -> FloatArray:
    return value[rows & ~np.isnan(value)]
