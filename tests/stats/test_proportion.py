"""PROP against its gates, against SciPy, and on healthy hours with bursts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import betabinom, norm, t

from bot.model.finding import Grade
from bot.stats.dispersion import phi
from bot.stats.proportion import PropGates, mde, prop
from tests.stats.nulls import counts

quickly = settings(max_examples=60, deadline=None, derandomize=True)


def test_the_seeds_page_is_measured_as_the_catalogue_prints_it() -> None:
    found = prop(79, 7200, 216, 1800)
    assert found.z == pytest.approx(23.2, abs=0.05)
    burst = prop(79, 7200, 216, 1800, phi=1.6)
    assert burst.z == pytest.approx(18.35, abs=0.05)
    assert burst.grade is Grade.STRONG
    assert burst.numbers["ratio"] == pytest.approx(10.94, abs=0.01)
    assert mde(0.004, 7200, 1790, 1.6) == pytest.approx(0.0059, abs=1e-4)


# 100 of 10,000 before; the C side is chosen so that exactly one gate fails.
@pytest.mark.parametrize(
    ("bad", "n", "gates", "grade"),
    [
        (200, 10_000, PropGates(), Grade.STRONG),  # ratio 2 and floor .01, both exactly at the limit
        (199, 10_000, PropGates(), Grade.WEAK),  # ratio just below
        (199, 10_000, PropGates(floor=0.005), Grade.WEAK),  # ratio alone
        (199, 10_000, PropGates(ratio=1.9), Grade.WEAK),  # floor just below
        (199, 10_000, PropGates(ratio=1.9, floor=0.0099), Grade.STRONG),
        (105, 10_000, PropGates(), Grade.NONE),
        (50, 10_000, PropGates(ratio=2.0, floor=0.005), Grade.OPPOSITE),
        (51, 10_000, PropGates(ratio=2.0, floor=0.005), Grade.NONE),
        (6, 150, PropGates(), Grade.WEAK),  # z = 2.6
        (7, 150, PropGates(), Grade.MODERATE),  # large enough, but z between 2.8 and 4
        (4, 100, PropGates(z=2.0), Grade.WEAK),  # z below 2.8 with the effect gates passed
        (4, 60, PropGates(z=2.0, moderate_z=2.0), Grade.MODERATE),  # four bad ones are never strong
        (5, 60, PropGates(z=2.0, moderate_z=2.0), Grade.STRONG),
    ],
)
def test_each_gate_decides_at_its_limit(bad: float, n: float, gates: PropGates, grade: Grade) -> None:
    assert prop(100, 10_000, bad, n, gates=gates).grade is grade


def test_a_small_sample_is_not_assessed_but_still_counted() -> None:
    few = prop(10, 1000, 12, 29)
    assert few.grade is Grade.NA
    assert few.reason == "n=29 below 30"
    assert few.numbers["bad"] == 12
    assert few.z is None
    assert prop(10, 1000, 12, 30).grade is Grade.STRONG
    assert prop(1, 99, 12, 300).reason == "baseline n=99 below 100"
    assert prop(0, 0, 0, 0, gates=PropGates(n_current=0, n_baseline=0)).grade is Grade.NA


def test_a_fall_is_found_downwards_and_needs_enough_to_miss() -> None:
    down = PropGates(direction="down")
    assert prop(500, 1000, 20, 200, gates=down).grade is Grade.STRONG
    assert prop(500, 1000, 180, 200, gates=PropGates(direction="down", ratio=1.5)).grade is Grade.OPPOSITE
    assert prop(500, 1000, 20, 200).grade is Grade.OPPOSITE
    vanished = prop(1500, 10_000, 0, 33, gates=PropGates(direction="down", z=1.0, moderate_z=0.5))
    assert vanished.grade is Grade.MODERATE  # 4.95 were promised: fewer than five to miss
    assert prop(1500, 10_000, 0, 34, gates=PropGates(direction="down", z=1.0, moderate_z=0.5)).grade is Grade.STRONG


def test_the_first_ever_failures_have_no_infinite_ratio() -> None:
    found = prop(0, 1000, 8, 400)
    assert found.numbers["ratio"] is None
    assert found.grade is Grade.STRONG
    assert prop(0, 100, 2, 200).grade is not Grade.STRONG


def test_few_bad_ones_are_judged_by_the_predictive_tail() -> None:
    found = prop(3, 1000, 6, 300)
    pooled = 9 / 1300
    k = np.arange(6, 301)
    p = float(np.exp(logsumexp(betabinom.logpmf(k, 300, 3 + 50 * pooled, 997 + 50 * (1 - pooled)))))
    assert found.z == pytest.approx(norm.isf(p), abs=1e-6)
    assert found.p == pytest.approx(p, rel=1e-6)


def test_few_buckets_widen_the_tails() -> None:
    free, tied = prop(79, 7200, 150, 1800, phi=9.0), prop(79, 7200, 150, 1800, phi=9.0, k=13)
    assert free.z is not None
    assert tied.z == pytest.approx(norm.isf(t.sf(free.z, 12)), rel=1e-6)
    assert tied.z < free.z


@quickly
@given(st.integers(0, 400), st.integers(400, 5000), st.integers(0, 200), st.integers(201, 3000), st.floats(1.0, 25.0))
def test_more_bad_never_lowers_z_and_dispersion_never_raises_it(x_b: int, n_b: int, x_c: int, n_c: int, spread: float) -> None:
    one, more = prop(x_b, n_b, x_c, n_c), prop(x_b, n_b, x_c + 1, n_c)
    assert one.z is not None
    assert more.z is not None
    if (one.z > 0) == (more.z > 0) and _same_way(x_b, n_b, x_c, n_c):
        assert more.z >= one.z - 1e-9
    calmer = prop(x_b, n_b, x_c, n_c, phi=spread)
    assert abs(calmer.z or 0.0) <= abs(one.z) + 1e-9


def _same_way(x_b: int, n_b: int, x_c: int, n_c: int) -> bool:
    """Both counts are judged by the same distribution."""
    expected = [min(p, 1 - p) * min(n_b, n_c) for p in ((x_b + x) / (n_b + n_c) for x in (x_c, x_c + 1))]
    return (expected[0] < 10) == (expected[1] < 10)


@quickly
@given(st.integers(0, 300), st.integers(300, 2000), st.integers(0, 300), st.integers(300, 2000))
def test_counting_the_good_ones_instead_mirrors_z(x_b: int, n_b: int, x_c: int, n_c: int) -> None:
    bad, good = prop(x_b, n_b, x_c, n_c), prop(n_b - x_b, n_b, n_c - x_c, n_c)
    assert bad.z == pytest.approx(-(good.z or 0.0), abs=1e-6)


def test_healthy_hours_with_bursts_are_rarely_called_and_the_plain_test_often() -> None:
    """Catalogue 0.2: 1,000 requests per five minutes, correlation .01: 43 % at alpha .01 without the dispersion, 1.0 to 1.7 % with it."""
    plain = kept = strong = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        bad, total = counts(rng, 1000, np.full(60, 0.02), rho=0.01)
        spread = phi(bad[:48], total[:48])
        args = (bad[:48].sum(), total[:48].sum(), bad[48:].sum(), total[48:].sum())
        alone, divided = prop(*args), prop(*args, phi=spread, k=48)
        plain += abs(alone.z or 0.0) >= norm.isf(0.005)
        kept += abs(divided.z or 0.0) >= norm.isf(0.005)
        strong += divided.grade is Grade.STRONG
    assert plain / 400 > 0.30
    assert kept / 400 <= 0.03
    assert strong / 400 <= 0.02


@pytest.mark.parametrize(
    ("before", "after", "n_c"),
    [(0.003, 0.11, 97), (0.02, 0.12, 149), (0.02, 0.05, 939), (0.01, 0.04, 642), (0.01, 0.02, 3796), (0.003, 0.01, 3185), (0.02, 0.5, 17)],
)
def test_the_power_table_holds(before: float, after: float, n_c: int) -> None:
    """Catalogue 0.3: n_C for 90 % power with a baseline three times as long, alpha .001 two-sided."""
    rng = np.random.default_rng(7)
    gates = PropGates(n_current=1, n_baseline=1)
    x_b, x_c = rng.binomial(3 * n_c, before, 400), rng.binomial(n_c, after, 400)
    seen = sum((prop(int(b), 3 * n_c, int(c), n_c, gates=gates).z or 0.0) >= norm.isf(0.0005) for b, c in zip(x_b, x_c, strict=True))
    assert seen / 400 >= (0.85 if n_c > 20 else 0.75)  # a baseline of 51 requests is itself uncertain, and the exact tail says so


def test_an_empty_window_would_have_seen_nothing() -> None:
    assert mde(0.1, 0, 100, 1.0) == float("inf")
    assert mde(0.0, 1000, 1000, 1.0) > 0.003  # a rate of zero is only known to one in a thousand
