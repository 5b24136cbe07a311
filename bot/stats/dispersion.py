"""Overdispersion: how much more a rate scatters between five-minute buckets than chance alone would (catalogue 0.2)."""

from __future__ import annotations

import numpy as np

from bot.model.frame import FloatArray, IntArray

BUCKET = 300.0
MIN_BUCKETS = 12  # an hour of buckets; fewer cannot tell scatter from chance
CAP = 25.0  # beyond this the buckets are not one process, and a larger divisor would hide everything


def buckets(ts: FloatArray, start: float, end: float, seconds: float = BUCKET) -> IntArray:
    """Bucket of each moment within [start, end); moments outside are put into the first or last."""
    size = max(1, int(np.ceil((end - start) / seconds)))
    return np.clip(((ts - start) // seconds).astype(np.int64), 0, size - 1)


def phi(bad: FloatArray, total: FloatArray) -> float:
    """Pearson dispersion of a rate over buckets (bad, total): at least 1, at most 25; 1 with fewer than 12 filled buckets."""
    filled = total > 0
    k = int(filled.sum())
    if k < MIN_BUCKETS:
        return 1.0
    x, n = bad[filled], total[filled]
    p = float(x.sum() / n.sum())
    if p <= 0.0 or p >= 1.0:
        return 1.0
    chi2 = float(((x - n * p) ** 2 / (n * p * (1 - p))).sum())
    return float(np.clip(chi2 / (k - 1), 1.0, CAP))


def phi_of_means(means: FloatArray, counts: FloatArray, sd: float) -> float:
    """Variance of per-bucket means over its expectation for independent values with standard deviation `sd`."""
    filled = counts > 0
    k = int(filled.sum())
    if k < MIN_BUCKETS or sd <= 0:
        return 1.0
    m, n = means[filled], counts[filled]
    centre = float((m * n).sum() / n.sum())
    return float(np.clip(float((n * (m - centre) ** 2).sum()) / (sd**2 * (k - 1)), 1.0, CAP))
