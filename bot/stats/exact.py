"""Exact small-sample tests, and the two corrections for many of them (catalogue 0.3, 2.9, 2.10)."""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, gammaln, ndtri_exp
from scipy.stats import binomtest, false_discovery_control, hypergeom

from bot.model.frame import FloatArray

KAPPA = 50.0  # requests of the global rate that a slice's own history is shrunk by (catalogue 2.6)
BLOCK = 128  # terms summed at once: most tails end within one block
NEGLIGIBLE = 1e-16  # a further term below this part of the sum changes no digit of it


def predictive_p(
    x_c: FloatArray, n_c: FloatArray, x_b: FloatArray, n_b: FloatArray, p0: float | FloatArray, kappa: float = KAPPA
) -> FloatArray:
    """P(X >= x_c) for X ~ BetaBinomial(n_c; x_b + kappa p0, n_b - x_b + kappa (1 - p0)), element by element, arrays (m,) -> (m,).

    Unlike a binomial tail at x_b / n_b it knows that the baseline was a sample too: on null windows the plug-in tail calls a false
    slice in 22 to 32 % of cases (catalogue 2.6).
    """
    return np.asarray(np.exp(log_predictive(x_c, n_c, x_b, n_b, p0, kappa)), dtype=np.float64)


def log_predictive(
    x_c: FloatArray, n_c: FloatArray, x_b: FloatArray, n_b: FloatArray, p0: float | FloatArray, kappa: float = KAPPA
) -> FloatArray:
    """Natural log of `predictive_p`: exact where the probability itself would be zero in floating point."""
    x, n, xb, nb, rate = np.broadcast_arrays(*(np.atleast_1d(np.asarray(one, dtype=np.float64)) for one in (x_c, n_c, x_b, n_b, p0)))
    rate = np.clip(rate, 1e-6, 1.0 - 1e-6)
    a, b = xb + kappa * rate, np.maximum(nb - xb, 0.0) + kappa * (1.0 - rate)
    logp = np.zeros(x.shape)
    # Each side is summed away from the mean: the terms only fall, and nothing small is taken from something large.
    above = (x > 0) & (x > n * a / (a + b))
    below = (x > 0) & ~above
    logp[above] = _log_tail(x[above], n[above], a[above], b[above])
    logp[below] = np.log1p(-np.minimum(np.exp(_log_tail(n[below] - x[below] + 1.0, n[below], b[below], a[below])), 1.0 - 1e-16))
    return np.minimum(logp, 0.0)


def _log_tail(x: FloatArray, n: FloatArray, a: FloatArray, b: FloatArray) -> FloatArray:
    """log P(X >= x) of a beta-binomial, by the ratio of neighbouring terms."""
    with np.errstate(invalid="ignore", divide="ignore"):
        first = gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1) + betaln(x + a, n - x + b) - betaln(a, b)
    first = np.where(x > n, -np.inf, first)
    total, term, k = np.ones(x.shape), np.ones(x.shape), x.copy()
    rows = np.flatnonzero(k + 1 <= n)
    while len(rows):
        at = k[rows, None] + np.arange(BLOCK)
        left = n[rows, None] - at
        inside = left >= 1.0
        ratio = np.where(inside, left * (at + a[rows, None]) / ((at + 1.0) * np.where(inside, left - 1.0 + b[rows, None], 1.0)), 0.0)
        terms = term[rows, None] * np.cumprod(ratio, axis=1)
        total[rows] += terms.sum(axis=1)
        term[rows] = terms[:, -1]
        k[rows] += BLOCK
        rows = rows[(term[rows] > NEGLIGIBLE * total[rows]) & (k[rows] + 1 <= n[rows])]
    return np.asarray(first + np.log(total), dtype=np.float64)


def z_of_log(logp: float) -> float:
    """The normal z whose upper tail has this log probability; works far beyond 1e-308."""
    return float(-ndtri_exp(min(logp, 0.0)))


def fisher(x_c: FloatArray, n_c: FloatArray, x_b: FloatArray, n_b: FloatArray) -> FloatArray:
    """One-sided Fisher exact p that C's rate is the higher, element by element, counts (m,) -> (m,)."""
    x, n, xb, nb = (np.asarray(one, dtype=np.float64) for one in (x_c, n_c, x_b, n_b))
    return np.asarray(np.clip(hypergeom.sf(x - 1, n + nb, x + xb, n), 0.0, 1.0), dtype=np.float64)


def bh(p: FloatArray) -> FloatArray:
    """Benjamini-Hochberg adjusted p values, (m,) -> (m,); empty for empty. Valid here: the tests are positively dependent."""
    return np.asarray(false_discovery_control(p), dtype=np.float64) if len(p) else np.zeros(0)


def simes(p: FloatArray) -> float:
    """One p value for "at least one of these is not null"; 1 for none."""
    if len(p) == 0:
        return 1.0
    return float(np.min(np.sort(p) * len(p) / np.arange(1, len(p) + 1)))


def mcnemar(worse: int, better: int) -> float:
    """Exact two-sided McNemar p on the discordant pairs; 1 when there are none. Eight all one way give p <= .01."""
    n = worse + better
    return float(binomtest(worse, n, 0.5).pvalue) if n else 1.0
