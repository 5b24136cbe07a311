"""EXC: how much of C lies above what only the worst few of B reached."""

import numpy as np
import pytest

from bot.model.finding import Grade
from bot.stats.exceedance import ExcGates, exceedance


def slow(seed: int, n: int, ratio: float = 1.0) -> np.ndarray:
    return np.asarray(ratio * np.exp(np.random.default_rng(seed).normal(0, 0.9, n)))


@pytest.mark.parametrize(("ratio", "share"), [(1.5, 0.116), (2.0, 0.19), (3.0, 0.34)])
def test_the_catalogues_shares_of_a_slower_lognormal(ratio: float, share: float) -> None:
    found = exceedance(slow(1, 40_000), slow(2, 10_000, ratio))
    assert found.numbers["rate"] == pytest.approx(share, rel=0.06)
    assert found.numbers["ratio"] == pytest.approx(share / 0.05, rel=0.06)
    assert found.grade is Grade.STRONG


def test_twice_the_expected_share_is_the_limit() -> None:
    b = np.arange(1.0, 1001.0)  # the .95 quantile is 951: 49 lie above it
    at = np.where(np.arange(1000) < 100, 2000.0, 1.0)
    below = np.where(np.arange(1000) < 99, 2000.0, 1.0)
    assert exceedance(b, at).grade is Grade.STRONG
    assert exceedance(b, below).grade is Grade.WEAK


def test_healthy_and_constant_metrics_do_not_exceed_themselves() -> None:
    assert sum(exceedance(slow(s, 4000), slow(s + 1, 1000)).grade in (Grade.STRONG, Grade.MODERATE) for s in range(0, 100, 2)) == 0
    still = exceedance(np.full(500, 3.0), np.full(500, 3.0))
    assert still.grade is Grade.NONE
    assert still.numbers["rate"] == 0.0


def test_a_small_sample_is_not_assessed() -> None:
    assert exceedance(slow(1, 500), slow(2, 99, 9.0)).reason == "n=99 below 100"
    assert exceedance(slow(1, 500), slow(2, 100, 9.0)).grade is Grade.STRONG
    assert exceedance(np.zeros(0), np.zeros(0)).grade is Grade.NA
    assert exceedance(slow(1, 500), slow(2, 50, 9.0), gates=ExcGates(n=50)).grade is Grade.STRONG
