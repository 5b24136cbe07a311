"""One change of a series, as a step and as ramps of several lengths, at every place at once (catalogue 2.4).

A 60-minute ramp fitted by a step alone is dated 17 to 34 minutes late, with an interval that misses the truth; so both are fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from bot.model.frame import FloatArray
from bot.stats.series import NEAR_ZERO, Series, best_loglik, loglik_at

RAMP_MINUTES = (10, 20, 30, 45, 60, 90, 120)  # shorter ones are steps to a one-minute clock; longer ones are drift
EDGE = 5  # buckets at either end in which no change is looked for: a blip of fewer is not a level
ROUNDS = 2  # reweighting rounds: the second moves no level by more than a tenth of its error
PENALTY = 1.0  # log-likelihood a ramp must gain over a step. Half the log of the buckets (2.9), the textbook price, takes 57 % of
# 60-minute ramps at 20 requests a minute (2 % -> 12 %) for steps, 16 minutes late; this takes 20 %, and 4 % of true steps for ramps.
REACH = 30  # buckets beyond the step's own interval in which a ramp's beginning is looked for, besides its length


@dataclass(frozen=True)
class Outside:
    """Sums before and after the window that is looked at: they inform the levels, not the place."""

    x_before: float = 0.0
    n_before: float = 0.0
    x_after: float = 0.0
    n_after: float = 0.0


@dataclass(frozen=True)
class Fit:
    """`at`: bucket where the change begins; `ramp`: its length in buckets (0 for a step); `low`, `high`: buckets of the interval."""

    at: int
    ramp: int
    low: int
    high: int
    before: float
    after: float
    gain: float  # twice the log-likelihood over no change, penalised, divided by the dispersion
    fitted: FloatArray


@dataclass(frozen=True)
class _Curve:
    """For one shape, at each place: penalised log-likelihood over the dispersion, and the two levels."""

    ramp: int
    value: FloatArray
    before: FloatArray
    after: FloatArray


def step_profile(series: Series, outside: Outside = Outside()) -> FloatArray:
    """Log-likelihood of a step up at each bucket, (m,); -inf at the edges and where the step would go down."""
    x1, n1, x2, n2 = _sides(series, 0, outside)
    value = best_loglik(x1, n1, series.binary) + best_loglik(x2, n2, series.binary)
    rises = (n1 > 0) & (n2 > 0) & (x2 * n1 > x1 * n2)
    return _within(np.where(rises, value, -np.inf)[:-1], outside)


def fit(series: Series, spread: float, profile_units: float, outside: Outside = Outside()) -> Fit | None:
    """The best single rise, None when nothing rises. `spread`: dispersion; `profile_units`: log-likelihood that bounds the interval."""
    flat = step_profile(series, outside)
    if not np.isfinite(flat).any():
        return None
    x1, n1, x2, n2 = _sides(series, 0, outside)
    with np.errstate(divide="ignore", invalid="ignore"):
        curves = [_Curve(0, flat / spread, (x1 / n1)[:-1], (x2 / n2)[:-1])]
    near = np.flatnonzero(curves[0].value >= curves[0].value.max() - profile_units)
    for minutes in RAMP_MINUTES:
        ramp = round(minutes * 60.0 / series.step_s)
        if ramp >= 2:
            curves.append(_ramp(series, ramp, int(near[0]), int(near[-1]), spread, outside))
    best = max(curves, key=lambda curve: float(curve.value.max()))
    top = float(best.value.max())
    at = int(np.argmax(best.value)) if best.ramp == 0 else _middle(curves[1:], best, top)
    # Both shapes bound the interval, without the price: what cannot be told from a step may still have begun earlier.
    profile = np.max([curve.value + (PENALTY if curve.ramp else 0.0) for curve in curves], axis=0)
    likely = np.flatnonzero(profile >= top - profile_units)
    total = np.array([series.x.sum() + outside.x_before + outside.x_after]), np.array([series.n.sum() + outside.n_before + outside.n_after])
    none = float(best_loglik(*total, series.binary)[0]) / spread
    fitted = _curve_of(best, at, len(series))
    return Fit(
        at=at,
        ramp=best.ramp,
        low=min(int(likely[0]), at),
        high=max(int(likely[-1]), at),
        before=float(best.before[at]),
        after=float(fitted[-1]),
        gain=2.0 * (top - none),
        fitted=fitted,
    )


def _middle(ramps: list[_Curve], best: _Curve, top: float) -> int:
    """The middle of the likelihood over all ramps, where the best one can begin: half as many gross errors as its peak."""
    weight = np.sum([np.exp(curve.value - top) for curve in ramps], axis=0) * np.isfinite(best.value)
    return int(np.searchsorted(np.cumsum(weight), weight.sum() / 2))


def _sides(series: Series, ramp: int, outside: Outside) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Sums before each place and from `ramp` buckets after it, places 0 ... m."""
    m = len(series)
    until = np.minimum(np.arange(m + 1) + ramp, m)
    x, n = (np.concatenate([[0.0], np.cumsum(column)]) for column in (series.x, series.n))
    return x + outside.x_before, n + outside.n_before, x[-1] - x[until] + outside.x_after, n[-1] - n[until] + outside.n_after


def _within(value: FloatArray, outside: Outside) -> FloatArray:
    value = value.copy()
    value[: EDGE if outside.n_before == 0 else 0] = -np.inf
    if outside.n_after == 0:
        value[len(value) - EDGE :] = -np.inf
    return value


def _shape(ramp: int) -> FloatArray:
    """Share of the rise reached in the middle of each bucket of the ramp."""
    return (np.arange(ramp) + 0.5) / ramp


def _curve_of(curve: _Curve, at: int, m: int) -> FloatArray:
    """The fitted level of every bucket."""
    place = np.arange(m) - at
    reached = np.clip((place + 0.5) / curve.ramp, 0.0, 1.0) if curve.ramp else (place >= 0).astype(np.float64)
    return np.asarray(curve.before[at] + (curve.after[at] - curve.before[at]) * reached, dtype=np.float64)


def _ramp(series: Series, ramp: int, first: int, last: int, spread: float, outside: Outside) -> _Curve:
    """Ramps of one length beginning around the places [first, last] where a step would be likely; one may run past the end."""
    m = len(series)
    low, high = max(0, first - ramp - REACH), min(m, last + REACH + 1)
    g = _shape(ramp)
    x, n = (np.concatenate([column, np.zeros(ramp)])[low : high + ramp - 1] for column in (series.x, series.n))
    sums = [
        np.correlate(column, weight, "valid") for column, weight in ((n, (1 - g) ** 2), (n, g * (1 - g)), (n, g * g), (x, 1 - g), (x, g))
    ]
    sides = [column[low:high] for column in _sides(series, ramp, outside)]
    before, after = _levels(series, sums, sides)
    x1, n1, x2, n2 = sides
    level = before[:, None] + (after - before)[:, None] * g
    during = loglik_at(sliding_window_view(x, ramp), sliding_window_view(n, ramp), level, series.binary).sum(axis=1)
    value = loglik_at(x1, n1, before, series.binary) + loglik_at(x2, n2, after, series.binary) + during
    whole = [np.full(m, filler) for filler in (-np.inf, 0.0, 0.0)]
    rises = (after > before) & (n1 > 0)
    for target, column in zip(whole, (np.where(rises, value / spread - PENALTY, -np.inf), before, after), strict=True):
        target[low:high] = column
    return _Curve(ramp, _within(whole[0], outside), whole[1], whole[2])


def _levels(series: Series, sums: list[FloatArray], sides: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Levels before and after by (re)weighted least squares, at every place at once."""
    whole = series.level()
    before, after = np.full(len(sums[0]), whole), np.full(len(sums[0]), whole)
    for _ in range(ROUNDS + 1 if series.binary else 1):
        # Weights are the inverse variances of one value before, in the middle of, and after the ramp.
        w0, w, w1 = (_weight(level, series.binary) for level in (before, (before + after) / 2, after))
        a00, a01, a11 = w0 * sides[1] + w * sums[0], w * sums[1], w1 * sides[3] + w * sums[2]
        b0, b1 = w0 * sides[0] + w * sums[3], w1 * sides[2] + w * sums[4]
        det = np.maximum(a00 * a11 - a01 * a01, 1e-12)
        before, after = (a11 * b0 - a01 * b1) / det, (a00 * b1 - a01 * b0) / det
        if series.binary:
            before, after = np.clip(before, NEAR_ZERO, 1.0 - NEAR_ZERO), np.clip(after, NEAR_ZERO, 1.0 - NEAR_ZERO)
    return before, after


def _weight(level: FloatArray, binary: bool) -> FloatArray:
    if not binary:
        return np.ones(len(level))
    p = np.clip(level, 1e-4, 1.0 - 1e-4)  # a rate of zero would weigh infinitely
    return np.asarray(1.0 / (p * (1.0 - p)), dtype=np.float64)
