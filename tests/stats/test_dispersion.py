"""The dispersion of a rate and of means over buckets."""

import numpy as np
import pytest

from bot.stats.dispersion import CAP, buckets, phi, phi_of_means
from tests.stats.nulls import counts


def test_independent_requests_have_none_and_bursts_have_what_was_put_in() -> None:
    plain = [phi(*counts(np.random.default_rng(seed), 1000, np.full(72, 0.02))) for seed in range(60)]
    burst = [phi(*counts(np.random.default_rng(seed), 1000, np.full(72, 0.02), rho=0.01)) for seed in range(60)]
    assert np.mean(plain) == pytest.approx(1.07, abs=0.06)
    assert np.mean(burst) == pytest.approx(1 + 999 * 0.01, rel=0.15)


def test_it_has_a_floor_a_cap_and_a_minimum() -> None:
    n = np.full(12, 100.0)
    assert phi(np.full(12, 5.0), n) == 1.0
    wild = np.where(np.arange(12) % 2 == 0, 0.0, 100.0)
    assert phi(wild, n) == CAP
    assert phi(wild[:11], n[:11]) == 1.0  # eleven buckets are too few
    assert phi(np.append(wild[:11], 0.0), np.append(n[:11], 0.0)) == 1.0  # an empty bucket is none
    assert phi(np.zeros(12), n) == 1.0


def test_means_are_held_against_their_standard_error() -> None:
    rng = np.random.default_rng(5)
    n = np.full(72, 50.0)
    assert phi_of_means(rng.normal(0, 1 / np.sqrt(50), 72), n, 1.0) < 1.6
    assert phi_of_means(rng.normal(0, 3 / np.sqrt(50), 72), n, 1.0) == pytest.approx(9, rel=0.35)
    assert phi_of_means(np.zeros(72), n, 0.0) == 1.0


def test_moments_fall_into_their_bucket_and_strays_to_the_ends() -> None:
    ts = np.array([-5.0, 0.0, 299.9, 300.0, 899.0, 5000.0])
    assert buckets(ts, 0.0, 900.0).tolist() == [0, 0, 0, 1, 2, 2]
