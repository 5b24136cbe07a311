"""Exact tails against SciPy, and the corrections for many tests."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import betabinom, binomtest, fisher_exact

from bot.stats.exact import bh, fisher, log_predictive, mcnemar, predictive_p, simes, z_of_log


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(1, 3000), st.floats(0, 1), st.integers(0, 5000), st.floats(0, 1), st.floats(0.001, 0.999))
def test_the_predictive_tail_is_the_sum_of_scipys_terms(n: int, part: float, n_b: int, part_b: float, p0: float) -> None:
    x, x_b = round(n * part), round(n_b * part_b)
    a, b = x_b + 50 * p0, n_b - x_b + 50 * (1 - p0)
    wanted = float(logsumexp(betabinom.logpmf(np.arange(x, n + 1), n, a, b)))
    found = float(log_predictive(*(np.array([float(v)]) for v in (x, n, x_b, n_b)), p0)[0])
    assert found == pytest.approx(min(wanted, 0.0), rel=1e-6, abs=1e-8)


def test_the_tail_is_exact_where_one_minus_the_rest_is_rounding() -> None:
    args = [np.array([v]) for v in (472.0, 11586.0, 112.0, 11517.0)]
    p = predictive_p(*args, 0.02)[0]
    assert p == pytest.approx(6.3487603e-55, rel=1e-5)


def test_the_tail_takes_arrays_and_edges() -> None:
    p = predictive_p(np.array([0.0, 1.0, 10.0]), np.array([10.0, 0.5, 10.0]), np.array([0.0, 0.0, 10.0]), np.array([0.0, 0.0, 10.0]), 0.5)
    assert p[0] == 1.0
    assert p[1] == 0.0
    assert 0.0 < p[2] < 1.0
    assert z_of_log(-1e5) > 400


def test_simes_and_bh_agree_on_whether_anything_is_there() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        p = rng.random(20) ** 3
        assert simes(p) == pytest.approx(float(bh(p).min()))
    assert simes(np.zeros(0)) == 1.0
    assert len(bh(np.zeros(0))) == 0
    assert simes(np.array([0.01, 0.5])) == pytest.approx(0.02)


def test_mcnemar_needs_eight_pairs_all_one_way() -> None:
    assert mcnemar(8, 0) <= 0.01
    assert mcnemar(7, 0) > 0.01
    assert mcnemar(3, 9) == pytest.approx(binomtest(3, 12, 0.5).pvalue)
    assert mcnemar(0, 0) == 1.0


def test_fisher_is_scipys_one_sided_test() -> None:
    found = fisher(np.array([5.0, 0.0]), np.array([30.0, 30.0]), np.array([2.0, 4.0]), np.array([100.0, 100.0]))
    assert found[0] == pytest.approx(fisher_exact([[5, 25], [2, 98]], alternative="greater").pvalue)
    assert found[1] == pytest.approx(1.0)
