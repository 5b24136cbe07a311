"""RATE of catalogue 0.3: events per minute against the same hour of earlier weeks, or against the minutes before an onset."""

from __future__ import annotations

from typing import Literal

import numpy as np

from bot.model.finding import Grade, Measured
from bot.model.frame import FloatArray
from bot.model.value import Limits
from bot.stats.figures import figure

MAD_SD = 1.4826  # median absolute deviation of a normal in standard deviations


class RateGates(Limits):
    ratio: float = 1.5  # traffic doubles over a day by itself, but not against the same hour of other weeks
    z: float = 5.0  # robust: of one minute
    moderate_z: float = 2.8
    held: int = 10  # minutes of the last `of` that must be out: fewer are a burst
    of: int = 15  # minutes
    weeks: int = 2  # of history; fewer cannot tell a habit from one odd week
    minutes: int = 30  # before an onset, where there is no such history
    direction: Literal["up", "down", "both"] = "both"


DEFAULT = RateGates()


def rate(per_minute_history: FloatArray, current: FloatArray, gates: RateGates = DEFAULT) -> Measured:
    """`per_minute_history`: (weeks, minutes) counts of the same hour of the week in earlier weeks, NaN where not collected;

    `current`: (minutes,) counts up to now, of which the last fifteen are judged. `effect` is the log ratio of the medians.
    """
    history = np.atleast_2d(per_minute_history)
    weeks = int((~np.isnan(history)).any(axis=1).sum()) if history.size else 0
    if weeks < gates.weeks:
        return Measured(
            test="RATE", grade=Grade.NA, n=_known(current), n_baseline=_known(history), reason=f"weeks={weeks} below {gates.weeks}"
        )
    return _judged(history[~np.isnan(history)], current, gates, {"weeks": weeks})


def rate_pre_onset(before: FloatArray, after: FloatArray, gates: RateGates = DEFAULT) -> Measured:
    """The same against the minutes before an onset, both (minutes,) counts: for when the history is short."""
    known = before[~np.isnan(before)]
    if len(known) < gates.minutes:
        reason = f"minutes={len(known)} below {gates.minutes}"
        return Measured(test="RATE", grade=Grade.NA, n=_known(after), n_baseline=len(known), reason=reason)
    return _judged(known, after, gates, {})


def _known(values: FloatArray) -> int:
    return int((~np.isnan(values)).sum())


def _judged(past: FloatArray, current: FloatArray, gates: RateGates, more: dict[str, float | int | str | None]) -> Measured:
    recent = current[~np.isnan(current)][-gates.of :]
    if len(recent) < gates.held:
        return Measured(
            test="RATE", grade=Grade.NA, n=len(recent), n_baseline=len(past), reason=f"minutes={len(recent)} below {gates.held}"
        )
    usual = float(np.median(past))
    # Counts scatter at least as chance lets them: a history of equal minutes does not make one more an alarm.
    spread = max(MAD_SD * float(np.median(np.abs(past - usual))), float(np.sqrt(max(usual, 1.0))))
    z, log_ratio = (recent - usual) / spread, np.log(np.maximum(recent, 0.5) / max(usual, 0.5))
    whole = float(np.log(max(float(np.median(recent)), 0.5) / max(usual, 0.5)))
    sign = {"up": 1.0, "down": -1.0, "both": 1.0 if whole >= 0 else -1.0}[gates.direction]
    out = {
        limit: int(((sign * z >= limit) & (sign * log_ratio >= np.log(gates.ratio) - 1e-9)).sum()) for limit in (gates.z, gates.moderate_z)
    }
    numbers = {
        "ratio": figure(float(np.exp(whole))),
        "per_minute": figure(float(np.median(recent))),
        "baseline_per_minute": figure(usual),
        "minutes_out": out[gates.z],
        "minutes": len(recent),
        **more,
    }
    middle = float(np.median(z))
    mde = float(np.log(max(gates.ratio, 1.0 + gates.z * spread / max(usual, 0.5))))
    grade = _grade(sign * whole, sign * middle, out[gates.z], out[gates.moderate_z], gates)
    return Measured(test="RATE", grade=grade, effect=whole, z=middle, n=len(recent), n_baseline=len(past), mde=mde, numbers=numbers)


def _grade(moved: float, z: float, far: int, out: int, gates: RateGates) -> Grade:
    if far >= gates.held:
        return Grade.STRONG
    if out >= gates.held:
        return Grade.MODERATE
    if z <= -gates.moderate_z and -moved >= np.log(gates.ratio):
        return Grade.OPPOSITE
    return Grade.WEAK if out > gates.held // 2 or z >= gates.moderate_z else Grade.NONE
