"""LOC of catalogue 0.3: where a number lies, C against B, by ranks (Mann-Whitney) and by the typical ratio (Hodges-Lehmann)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from bot.model.finding import Grade, Measured
from bot.model.frame import FloatArray, IntArray
from bot.model.value import Limits
from bot.stats.figures import Numbers, figure

POINTS = 1001  # even-spaced order statistics of each side for the typical ratio: errs by a tenth of its own standard error at most
MIN_STRATUM = 10  # values on each side before a stratum is compared
HALVINGS = 60  # of the range of differences: the median pair is found to the last digit of a double
POWER_Z = float(ndtri(0.975) + ndtri(0.8))  # two-sided alpha .05 and power .8, as catalogue 2.8 prints it
SLOPE = 1.0 / (2.0 * np.sqrt(np.pi))  # of theta over a shift in standard deviations, at no shift, for bell-shaped logs
IQR_SD = 1.349  # interquartile range of a normal in standard deviations
EXACTLY = 1e-9  # limits are inclusive also where rounding falls short


class LocGates(Limits):
    """`theta` is the distance of P(C > B) from one half; `log_ratio` the natural log of the typical ratio."""

    theta: float = 0.10  # 8 of 18 false alarms of the prototype lay at .06 to .10: ordinary drift of some 6 % (catalogue 2.9)
    z: float = 4.0  # p = 3e-5 one-sided
    log_ratio: float = float(np.log(1.25))  # less is not felt
    n: int = 50  # on either side
    moderate_z: float = 2.8  # two-sided .005
    weak_z: float = 2.0  # with the effect gates passed
    direction: Literal["up", "down", "both"] = "up"


DEFAULT = LocGates()


@dataclass(frozen=True)
class _Shift:
    theta: float
    variance: float  # of theta if nothing had changed
    log_ratio: float  # -inf or inf where the ratio is not positive


def location(b: FloatArray, c: FloatArray, phi: float = 1.0, gates: LocGates = DEFAULT) -> Measured:
    """Values of the baseline (n_b,) and of the current window (n_c,), without NaN; any unit, `ratio` has none.

    `phi`: variance of per-bucket means over its expectation; z is divided by its root. `effect` and `mde` are log ratios; where a
    side has zeros or negative values the ratio is that of the medians' shift. `z` is positive when C lies higher.
    """
    if min(len(b), len(c)) < gates.n:
        return _too_few(len(b), len(c), gates)
    return _measured(_shift(b, c), b, c, phi, gates, {})


def location_in_strata(
    b: FloatArray, c: FloatArray, strata_b: IntArray, strata_c: IntArray, phi: float = 1.0, gates: LocGates = DEFAULT
) -> Measured:
    """The same within strata (a code per value), pooled by C's weights: a change of mix between strata is no shift.

    `numbers` has besides: `strata` compared, and `strata_up`, those whose own typical ratio passes the gate in the gates' direction.
    """
    if min(len(b), len(c)) < gates.n:
        return _too_few(len(b), len(c), gates)
    found: list[tuple[int, _Shift]] = []
    for stratum in np.unique(strata_c):
        one, other = b[strata_b == stratum], c[strata_c == stratum]
        if min(len(one), len(other)) >= MIN_STRATUM:
            found.append((len(other), _shift(one, other)))
    if not found:
        return Measured(test="LOC", grade=Grade.NA, n=len(c), n_baseline=len(b), reason="no stratum is filled on both sides")
    share = np.array([n for n, _ in found], dtype=np.float64)
    share /= share.sum()
    pooled = _Shift(
        theta=float(share @ np.array([one.theta for _, one in found])),
        variance=float(share**2 @ np.array([one.variance for _, one in found])),
        log_ratio=float(share @ np.array([one.log_ratio for _, one in found])),
    )
    sign = _sign(pooled, gates)
    up = sum(sign * one.log_ratio >= gates.log_ratio - EXACTLY for _, one in found)
    return _measured(pooled, b, c, phi, gates, {"strata": len(found), "strata_up": int(up)})


def _shift(b: FloatArray, c: FloatArray) -> _Shift:
    """Mann-Whitney with mid-ranks and the tie correction: a metric that never changes gives one half and z = 0, not 80."""
    n_b, n_c = len(b), len(c)
    n = n_b + n_c
    everything = np.concatenate([b, c])
    ranks = rankdata(everything)
    theta = (float(ranks[n_b:].sum()) - n_c * (n_c + 1) / 2) / (n_b * n_c)
    ties = np.unique(everything, return_counts=True)[1].astype(np.float64)
    crowd = float((ties**3 - ties).sum()) / (n * (n - 1))
    return _Shift(theta, (n + 1 - crowd) / (12.0 * n_b * n_c), _log_ratio(b, c))


def _log_ratio(b: FloatArray, c: FloatArray) -> float:
    if b.min() > 0 and c.min() > 0:
        return hodges_lehmann(np.log(b), np.log(c))
    middle = float(np.median(b))
    moved = hodges_lehmann(b, c)
    if moved == 0.0:
        return 0.0
    if middle <= 0:
        return float(np.copysign(np.inf, moved))
    return float(np.log((middle + moved) / middle)) if middle + moved > 0 else float("-inf")


def hodges_lehmann(b: FloatArray, c: FloatArray) -> float:
    """The median of all differences c - b, on at most 1,001 even-spaced order statistics of each side, without forming the pairs."""
    one, other = (np.sort(side)[_spaced(len(side))] for side in (b, c))
    pairs = len(one) * len(other)
    low, high = float(other[0] - one[-1]), float(other[-1] - one[0])
    middle = _ranked(one, other, (pairs + 1) // 2, low, high)
    return middle if pairs % 2 else 0.5 * (middle + _ranked(one, other, pairs // 2 + 1, low, high))


def _spaced(n: int) -> IntArray:
    return np.round(np.linspace(0, n - 1, min(POINTS, n))).astype(np.int64)


def _ranked(b: FloatArray, c: FloatArray, rank: int, low: float, high: float) -> float:
    """The rank-th smallest difference c - b of sorted sides, by halving [low, high]."""
    margin = 1e-12 * max(1.0, abs(low), abs(high))  # so that a difference that is hit exactly is counted
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if int(np.searchsorted(b, c - middle - margin, side="left").sum()) <= len(b) * len(c) - rank:
            high = middle
        else:
            low = middle
        if high - low <= margin:
            break
    return 0.0 if abs(high) <= 4 * margin else high


def _sign(shift: _Shift, gates: LocGates) -> float:
    if gates.direction == "both":
        return 1.0 if shift.theta >= 0.5 else -1.0
    return 1.0 if gates.direction == "up" else -1.0


def _measured(shift: _Shift, b: FloatArray, c: FloatArray, phi: float, gates: LocGates, more: Numbers) -> Measured:
    spread = float(np.sqrt(shift.variance * max(phi, 1.0)))
    z = (shift.theta - 0.5) / spread if spread > 0 else 0.0
    sign = _sign(shift, gates)
    tail = float(ndtr(-sign * z)) if gates.direction != "both" else min(1.0, 2.0 * float(ndtr(-abs(z))))
    finite = bool(np.isfinite(shift.log_ratio))
    numbers: Numbers = {
        "ratio": figure(float(np.exp(shift.log_ratio))) if shift.log_ratio < np.inf else None,
        "theta": figure(shift.theta),
        "median_baseline": figure(float(np.median(b))),
        "median_current": figure(float(np.median(c))),
        "n": len(c),
        "z": figure(z),
        **more,
    }
    return Measured(
        test="LOC",
        grade=_grade(sign * (shift.theta - 0.5), sign * shift.log_ratio, sign * z, gates),
        effect=shift.log_ratio if finite else None,
        z=z,
        p=tail,
        n=len(c),
        n_baseline=len(b),
        mde=_mde(b, spread) if finite else None,
        numbers=numbers,
    )


def _grade(apart: float, moved: float, z: float, gates: LocGates) -> Grade:
    """All three signed so that the gates' direction is positive."""
    effect = apart >= gates.theta - EXACTLY and moved >= gates.log_ratio - EXACTLY
    if effect and z >= gates.z:
        return Grade.STRONG
    if effect and z >= gates.moderate_z:
        return Grade.MODERATE
    if -apart >= gates.theta and -moved >= gates.log_ratio and -z >= gates.moderate_z:
        return Grade.OPPOSITE
    if z >= gates.moderate_z or (effect and z >= gates.weak_z):
        return Grade.WEAK
    return Grade.NONE


def _mde(b: FloatArray, spread: float) -> float | None:
    """The smallest log ratio that would have been seen, from the spread of B's logs; None where that cannot be said."""
    if b.min() <= 0:
        return None
    low, high = np.quantile(np.log(b), [0.25, 0.75])
    if high <= low:
        return None  # a metric that hardly varies: any change would be seen, but how small a one cannot be said
    return float(POWER_Z * spread / SLOPE * (high - low) / IQR_SD)


def _too_few(n_b: int, n_c: int, gates: LocGates) -> Measured:
    reason = f"n={n_c} below {gates.n}" if n_c < gates.n else f"baseline n={n_b} below {gates.n}"
    return Measured(test="LOC", grade=Grade.NA, n=n_c, n_baseline=n_b, reason=reason)
