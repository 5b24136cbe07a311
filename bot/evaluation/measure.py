"""A number never comes alone: value, n, and the 95 % interval in which it may well lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from bot.model.frame import FloatArray
from bot.stats.figures import figure

RESAMPLES = 1_000  # the ends of a 95 % interval then move by about a hundredth of its width from seed to seed
SEED = 20_260_302  # of the bootstrap: the same rows give the same interval
ENDS = (2.5, 97.5)  # percentiles of a 95 % interval
ENOUGH = 3  # scenarios: two of them say nothing about a spread


@dataclass(frozen=True)
class Measure:
    """`value` None: there was nothing to measure (n = 0). `hits` for shares only: value = hits / n."""

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    hits: int | None = None

    def document(self) -> dict[str, float | int | None]:
        hits = {} if self.hits is None else {"hits": self.hits}
        return {"value": figure(self.value), "n": self.n, **hits, "low": figure(self.low), "high": figure(self.high)}


NOTHING = Measure(None, 0)


def share(hits: int, n: int) -> Measure:
    """A share with its Wilson interval, which is sound at 0, at 1, and for few."""
    if n == 0:
        return Measure(None, 0, hits=0)
    low, high = binomtest(hits, n).proportion_ci(method="wilson")
    return Measure(hits / n, n, float(low), float(high), hits)


def share_of(marks: Iterable[bool]) -> Measure:
    """The share of marks that are true."""
    listed = list(marks)
    return share(sum(listed), len(listed))


Statistic = Callable[[FloatArray], FloatArray]
"""Weights of n scenarios (m, n) -> the statistic of each of the m weightings (m,); NaN where it has none."""


def estimate(n: int, statistic: Statistic) -> Measure:
    """Any statistic of n scenarios that can be weighted, with a percentile bootstrap over whole scenarios; of too few: no interval."""
    value = float(statistic(np.ones((1, n)))[0]) if n else float("nan")
    if np.isnan(value):
        return Measure(None, n)
    if n < ENOUGH:
        return Measure(value, n)
    rng = np.random.default_rng(SEED)
    return _between(value, n, statistic(rng.multinomial(n, np.full(n, 1.0 / n), RESAMPLES).astype(np.float64)))


def mean(values: Sequence[float]) -> Measure:
    held = np.array(values, dtype=np.float64)
    return estimate(len(held), lambda weights: weights @ held / weights.sum(axis=1))


def median(values: Sequence[float]) -> Measure:
    return quantile(values, 0.5)


def quantile(values: Sequence[float], q: float) -> Measure:
    held, n = np.array(values, dtype=np.float64), len(values)
    if n < ENOUGH:
        return Measure(float(np.quantile(held, q)) if n else None, n)
    drawn = held[np.random.default_rng(SEED).integers(0, n, (RESAMPLES, n))]
    return _between(float(np.quantile(held, q)), n, np.quantile(drawn, q, axis=1))


def _between(value: float, n: int, drawn: FloatArray) -> Measure:
    low, high = np.percentile(drawn[~np.isnan(drawn)], ENDS)
    return Measure(value, n, float(low), float(high))
