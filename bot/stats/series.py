"""A rate or a mean over equal buckets of time: its likelihood in stretches, and how much it scatters more than chance.

One representation serves both: `x` is the sum per bucket (bad requests, or the sum of values), `n` the count per bucket. The
log-likelihood of a rate is binomial; that of a mean is Gaussian with unit variance, so that its dispersion is the variance itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtr, chdtri, xlog1py, xlogy

from bot.model.frame import FloatArray

SCALES_S = (300.0, 900.0)  # bursts, sessions and retries live within five minutes; queues and caches within fifteen
MIN_GROUPS = 8  # two hours of quarter-hours; with fewer the sum of squares tells nothing about scatter
CAP = 25.0  # beyond this the buckets are not one process, and a larger divisor would hide everything
SPARSE = 0.05  # expected variance of a group below which its squared residual says nothing
KEPT = 0.85  # of the differences: two incidents that begin and end within six hours make four large ones of 23
KEPT_MEAN = float(chdtr(3, chdtri(1, 1 - KEPT))) / KEPT  # mean of the kept part of squared normal differences
NEAR_ZERO = 1e-9  # rates are kept this far from 0 and 1, where a logarithm ends


@dataclass(frozen=True)
class Series:
    """`x` and `n`: (m,); empty buckets have n = 0 and x = 0. `binary`: a rate (0 <= x <= n), else a mean."""

    x: FloatArray
    n: FloatArray
    step_s: float
    binary: bool

    def __len__(self) -> int:
        return len(self.x)

    def part(self, low: int, high: int) -> Series:
        return Series(self.x[low:high], self.n[low:high], self.step_s, self.binary)

    def flipped(self) -> Series:
        """The same series upside down: a fall becomes a rise."""
        return Series(self.n - self.x if self.binary else -self.x, self.n, self.step_s, self.binary)

    def coarse(self, by: int) -> Series:
        """Sums of `by` neighbouring buckets; the newest one stays whole, the oldest one takes what is left."""
        pad = -len(self) % by
        x, n = (np.concatenate([np.zeros(pad), column]).reshape(-1, by).sum(axis=1) for column in (self.x, self.n))
        return Series(x, n, self.step_s * by, self.binary)

    def level(self, low: int = 0, high: int | None = None) -> float:
        n = float(self.n[low:high].sum())
        return float(self.x[low:high].sum()) / n if n > 0 else 0.0


def best_loglik(x: FloatArray, n: FloatArray, binary: bool) -> FloatArray:
    """Maximised log-likelihood of stretches with sums `x` of `n`, element by element (constants left out)."""
    safe = np.maximum(n, 1e-12)
    if binary:
        return np.asarray(xlogy(x, x / safe) + xlogy(n - x, np.maximum(n - x, 0.0) / safe), dtype=np.float64)
    return np.asarray(0.5 * x * x / safe, dtype=np.float64)


def loglik_at(x: FloatArray, n: FloatArray, level: FloatArray, binary: bool) -> FloatArray:
    """Log-likelihood of sums `x` of `n` at a given level, element by element, on the scale of `best_loglik`."""
    if binary:
        p = np.clip(level, NEAR_ZERO, 1.0 - NEAR_ZERO)
        return np.asarray(xlogy(x, p) + xlog1py(n - x, -p), dtype=np.float64)
    return np.asarray(x * level - 0.5 * n * level * level, dtype=np.float64)


def spread_about(series: Series, fitted: FloatArray, parameters: int) -> float:
    """Dispersion of the residuals of a fit with `parameters`, on the worst of the time scales; so the change itself does not inflate it.

    For a rate at least 1 and at most 25; for a mean the variance of one value, at least a tiny positive number.
    """
    scales = [max(1, round(seconds / series.step_s)) for seconds in SCALES_S]
    found = [_pearson(series, fitted, by, parameters) for by in sorted({*scales, *(() if series.binary else (1,))})]
    return _bounded(series, max((one for one in found if one is not None), default=0.0))


def _pearson(series: Series, fitted: FloatArray, by: int, parameters: int) -> float | None:
    variance = series.n * fitted * (1.0 - fitted) if series.binary else series.n
    size = len(series) // by * by
    if size == 0:
        return None
    residual, expected = (column[len(series) - size :].reshape(-1, by).sum(axis=1) for column in (series.x - series.n * fitted, variance))
    told = expected > SPARSE
    k = int(told.sum())
    return float((residual[told] ** 2 / expected[told]).sum()) / (k - parameters) if k >= MIN_GROUPS else None


def spread_between(series: Series) -> float:
    """Dispersion from differences of neighbouring groups, the largest left out: it can be had before any fit, as a step spoils one only."""
    overall = series.level()
    found = []
    for seconds in SCALES_S:
        sums = series.coarse(max(1, round(seconds / series.step_s)))
        x, n = sums.x[sums.n > 0], sums.n[sums.n > 0]
        if len(x) < MIN_GROUPS:
            continue
        apart = np.diff(x / n) ** 2
        chance = 1.0 / n[1:] + 1.0 / n[:-1]
        if series.binary:
            p = (x[1:] + x[:-1] + overall) / (n[1:] + n[:-1] + 1.0)
            chance = chance * np.maximum(p * (1.0 - p), 1e-12)
        kept = np.sort(apart / chance)[: int(np.ceil(KEPT * len(apart)))]
        found.append(float(kept.mean()) / KEPT_MEAN)
    return _bounded(series, max(found, default=0.0))


def _bounded(series: Series, spread: float) -> float:
    if series.binary:
        return min(max(spread, 1.0), CAP)
    if spread > 0:
        return spread
    return max(1e-12, float(np.var(series.x[series.n > 0] / series.n[series.n > 0])) if (series.n > 0).any() else 1e-12)
