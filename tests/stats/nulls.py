"""Seeded traffic for the tests of the test library: rates with bursts, steps, ramps, and requests with dimensions."""

from __future__ import annotations

import numpy as np

from bot.model.frame import BoolArray, FloatArray, IntArray

Dims = dict[str, tuple[tuple[str, ...], IntArray]]
CARDINALITY = (4, 6, 3, 5, 8, 30, 2, 10, 12, 3, 20, 6)


def counts(rng: np.random.Generator, per_bucket: float, p: FloatArray, rho: float = 0.0, block: int = 1) -> tuple[FloatArray, FloatArray]:
    """(bad, total) per bucket; within `block` buckets the rate is one beta draw with correlation `rho`."""
    total = rng.poisson(per_bucket, len(p)).astype(np.float64)
    if rho > 0:
        mean = p[::block]
        drawn = rng.beta(mean * (1 / rho - 1), (1 - mean) * (1 / rho - 1))
        p = np.repeat(drawn, block)[: len(p)]
    return rng.binomial(total.astype(np.int64), p).astype(np.float64), total


def shaped(m: int, at: int, ramp: int, before: float, after: float) -> FloatArray:
    """A level per bucket: a step at `at`, or a ramp of `ramp` buckets from there."""
    place = np.arange(m) - at
    reached = np.clip(place / ramp, 0, 1) if ramp else (place >= 0).astype(np.float64)
    return np.asarray(before + (after - before) * reached, dtype=np.float64)


def requests(rng: np.random.Generator, n_b: int, n_c: int, dims: int = 10) -> tuple[Dims, FloatArray, BoolArray, BoolArray]:
    """(dimensions, base rate per row, in B, in C): bases of some 1 to 8 % that differ by the values of the first three dimensions."""
    n = n_b + n_c
    found: Dims = {}
    log_rate = np.full(n, np.log(0.02))
    for i, size in enumerate(CARDINALITY[:dims]):
        weight = 0.8 * rng.dirichlet(np.ones(size)) + 0.2 / size
        codes = rng.choice(size, n, p=weight).astype(np.int64)
        found[f"d{i:02d}"] = (tuple(f"v{j}" for j in range(size)), codes)
        if i < 3:
            log_rate += rng.normal(0, 0.25, size)[codes]
    in_c = np.arange(n) >= n_b
    return found, np.clip(np.exp(log_rate), 0.004, 0.08), ~in_c, in_c


def planted(rng: np.random.Generator, dims: Dims, in_c: BoolArray, words: int, low: float, high: float) -> BoolArray:
    """Rows of a random slice of `words` dimensions that holds between `low` and `high` of C."""
    names = sorted(dims)
    for _ in range(2000):
        mask = np.ones(len(in_c), dtype=np.bool_)
        for name in rng.choice(names, words, replace=False):
            values, codes = dims[str(name)]
            mask &= codes == rng.integers(len(values))
        if low <= mask[in_c].mean() <= high:
            return mask
    raise AssertionError("no slice of this size")


def jaccard(one: BoolArray, other: BoolArray) -> float:
    return float((one & other).sum() / max(1, int((one | other).sum())))
