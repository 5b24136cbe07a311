"""ONSET: the accuracy table of catalogue 2.4, healthy series, several changes, long series."""

import time

import numpy as np
import pytest

from bot.stats.change_point import ChangePoint, onset, onset_of_mean
from tests.stats.nulls import counts, shaped

HOURS6 = 360
START = 1_000_000.0


def dated(seeds: int, per_minute: float, ramp: int, before: float, after: float) -> tuple[np.ndarray, list[ChangePoint], list[int]]:
    """(errors in minutes, changes found, true minutes) over seeded six-hour series."""
    errors, found, truth = [], [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        at = int(rng.integers(90, 270))
        change = onset(*counts(rng, per_minute, shaped(HOURS6, at, ramp, before, after)), START)
        if change is not None:
            errors.append((change.at - START) / 60 - at)
            found.append(change)
            truth.append(at)
    return np.array(errors), found, truth


def covered(found: list[ChangePoint], truth: list[int]) -> float:
    return float(np.mean([one.earliest <= START + 60 * at <= one.latest for one, at in zip(found, truth, strict=True)]))


def test_a_clear_step_is_dated_to_two_minutes() -> None:
    errors, found, truth = dated(60, 20, 0, 0.02, 0.12)
    assert len(found) == 60
    assert np.median(np.abs(errors)) <= 2
    assert np.quantile(np.abs(errors), 0.9) <= 4
    assert covered(found, truth) >= 0.9
    assert np.mean([one.shape == "step" for one in found]) >= 0.8
    assert np.median([one.latest - one.earliest for one in found]) <= 1800  # sharp


def test_a_weak_step_is_dated_within_a_quarter_of_an_hour() -> None:
    errors, found, truth = dated(60, 20, 0, 0.02, 0.05)
    assert len(found) >= 54
    assert np.median(np.abs(errors)) <= 4
    assert covered(found, truth) >= 0.9


def test_an_hours_ramp_is_dated_at_its_beginning() -> None:
    errors, found, truth = dated(60, 50, 60, 0.02, 0.12)
    assert len(found) == 60
    assert np.median(np.abs(errors)) <= 5
    assert covered(found, truth) >= 0.9
    assert np.mean([one.shape == "ramp" for one in found]) >= 0.9


def test_an_hours_ramp_of_little_traffic_is_still_inside_its_interval() -> None:
    errors, found, truth = dated(60, 20, 60, 0.02, 0.12)
    assert np.median(np.abs(errors)) <= 8  # a step alone is 16 minutes late
    assert covered(found, truth) >= 0.9


@pytest.mark.parametrize(
    ("per_minute", "rho", "block"), [(20, 0.0, 1), (200, 0.0, 1), (200, 0.01, 1), (200, 0.01, 5), (100, 0.03, 5), (200, 0.01, 15)]
)
def test_healthy_series_have_no_onset(per_minute: float, rho: float, block: int) -> None:
    false = 0
    for seed in range(300):
        bad, total = counts(np.random.default_rng(10_000 + seed), per_minute, np.full(HOURS6, 0.02), rho, block)
        false += onset(bad, total, START, min_ratio=1.0) is not None
    assert false / 300 <= 0.01


def levels(m: int, *stretches: tuple[int, int, float]) -> np.ndarray:
    p = np.full(m, 0.02)
    for low, high, rate in stretches:
        p[low:high] = rate
    return p


@pytest.mark.parametrize(
    ("name", "p", "at", "persists"),
    [
        ("an old blip", levels(360, (60, 120, 0.3), (250, 360, 0.1)), 250, True),
        ("a dip in the middle", levels(360, (150, 360, 0.12), (250, 265, 0.04)), 150, True),
        ("recovered an hour ago", levels(360, (200, 260, 0.12)), 200, False),
        ("recovered just now", levels(360, (250, 340, 0.12)), 250, False),
        ("began twelve minutes ago", levels(360, (348, 360, 0.15)), 348, True),
        ("half a day", levels(720, (600, 720, 0.08)), 600, True),
    ],
)
def test_of_several_changes_the_lasting_one_is_told(name: str, p: np.ndarray, at: int, persists: bool) -> None:
    right = 0
    for seed in range(20):
        change = onset(*counts(np.random.default_rng(seed), 20, p), START)
        right += change is not None and change.persists == persists and abs((change.at - START) / 60 - at) <= 12
    assert right >= 17, name


def test_a_week_of_minutes_takes_less_than_a_fifth_of_a_second() -> None:
    p = levels(10_080, (9_900, 10_080, 0.12))
    bad, total = counts(np.random.default_rng(1), 20, p)
    began = time.process_time()
    change = onset(bad, total, START)
    assert time.process_time() - began < 0.2
    assert change is not None
    assert abs((change.at - START) / 60 - 9_900) <= 4
    assert change.latest - change.earliest <= 1800


def test_a_daily_swing_is_not_an_onset() -> None:
    p = 0.02 * (1 + 0.25 * np.sin(np.arange(1440) / 1440 * 2 * np.pi))
    assert sum(onset(*counts(np.random.default_rng(seed), 200, p), START) is not None for seed in range(20)) <= 1


def test_a_fall_is_found_when_asked_for() -> None:
    bad, total = counts(np.random.default_rng(2), 20, shaped(HOURS6, 200, 0, 0.5, 0.3))
    assert onset(bad, total, START) is None
    down = onset(bad, total, START, direction="down")
    assert down is not None
    assert abs((down.at - START) / 60 - 200) <= 6
    assert down.before == pytest.approx(0.5, abs=0.03)
    assert down.after == pytest.approx(0.3, abs=0.04)
    both = onset(bad, total, START, direction="both")
    assert both == down


def test_too_short_too_few_and_too_small_are_none() -> None:
    p = shaped(119, 60, 0, 0.02, 0.3)
    bad, total = counts(np.random.default_rng(3), 50, p)
    assert onset(bad, total, START) is None
    one_more = onset(np.append(bad, 15.0), np.append(total, 50.0), START)
    assert one_more is not None
    assert onset(np.zeros(360), np.full(360, 20.0), START) is None
    assert onset(np.zeros(360), np.zeros(360), START) is None
    small, all_ = counts(np.random.default_rng(3), 5000, shaped(HOURS6, 180, 0, 0.10, 0.115))
    assert onset(small, all_, START) is None  # a rise of 15 % is drift, however certain
    assert onset(small, all_, START, min_ratio=1.1) is not None


def test_empty_minutes_and_time_shifts_change_nothing() -> None:
    bad, total = counts(np.random.default_rng(4), 20, shaped(HOURS6, 200, 0, 0.02, 0.12))
    one = onset(bad, total, START)
    later = onset(bad, total, START + 7200)
    assert one is not None
    assert later is not None
    assert later.at - one.at == 7200
    bad[30:60], total[30:60] = 0, 0
    gap = onset(bad, total, START)
    assert gap is not None
    assert abs(gap.at - one.at) <= 120


def mean_series(rng: np.random.Generator, at: int, ramp: int, shift: float, wobble: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    n = rng.poisson(20, HOURS6).astype(np.float64)
    noise = rng.normal(0, 0.9, HOURS6) / np.sqrt(np.maximum(n, 1)) + np.repeat(rng.normal(0, wobble, HOURS6 // 5), 5)
    return np.where(n > 0, 7.0 + shaped(HOURS6, at, ramp, 0.0, shift) + noise, np.nan), n


def test_a_mean_is_dated_in_both_directions() -> None:
    for shift in (0.4, -0.4):
        errors = []
        for seed in range(40):
            rng = np.random.default_rng(seed)
            at = int(rng.integers(90, 270))
            change = onset_of_mean(*mean_series(rng, at, 0, shift), START)
            assert change is not None
            assert change.after - change.before == pytest.approx(shift, abs=0.12)
            errors.append((change.at - START) / 60 - at)
        assert np.median(np.abs(errors)) <= 2


def test_a_healthy_mean_has_no_onset() -> None:
    false = sum(
        onset_of_mean(*mean_series(np.random.default_rng(seed), 0, 0, 0.0, wobble), START, min_shift=0.0) is not None
        for seed in range(100)
        for wobble in (0.0, 0.1)
    )
    assert false <= 2


def test_a_small_shift_of_a_mean_is_drift() -> None:
    n = np.full(HOURS6, 2000.0)
    means = shaped(HOURS6, 200, 0, 5.0, 5.1) + np.random.default_rng(1).normal(0, 0.02, HOURS6)
    assert onset_of_mean(means, n, START) is None
    assert onset_of_mean(means, n, START, min_shift=0.05) is not None
    assert onset_of_mean(np.full(HOURS6, np.nan), n, START) is None
    assert onset_of_mean(np.full(HOURS6, 3.0), n, START) is None
