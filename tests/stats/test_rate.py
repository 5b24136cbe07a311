"""RATE: events per minute against other weeks, or against the minutes before an onset."""

import numpy as np
import pytest

from bot.model.finding import Grade
from bot.stats.rate import RateGates, rate, rate_pre_onset


def weeks(mean: float, n: int = 4, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, (n, 60)).astype(float)


def test_a_surge_is_strong_and_a_silence_too() -> None:
    surge = rate(weeks(100), np.full(15, 200.0))
    assert surge.grade is Grade.STRONG
    assert surge.numbers["ratio"] == pytest.approx(2.0, rel=0.03)
    assert surge.numbers["minutes_out"] == 15
    assert rate(weeks(100), np.zeros(15)).grade is Grade.STRONG
    assert rate(weeks(100), np.zeros(15), RateGates(direction="up")).grade is Grade.OPPOSITE
    assert rate(weeks(100), np.full(15, 200.0), RateGates(direction="down")).grade is Grade.OPPOSITE


def test_ten_of_fifteen_minutes_is_the_limit() -> None:
    usual = weeks(100)
    assert rate(usual, np.r_[np.full(5, 100.0), np.full(10, 200.0)]).grade is Grade.STRONG
    assert rate(usual, np.r_[np.full(6, 100.0), np.full(9, 200.0)]).grade is Grade.WEAK
    assert rate(usual, np.full(15, 140.0)).grade is not Grade.STRONG  # a rise of less than half
    assert rate(weeks(20), np.full(15, 38.0)).grade is Grade.MODERATE  # large, but within five of its own deviations


def test_half_as_much_again_is_the_limit() -> None:
    usual = np.full((3, 60), 400.0)
    assert rate(usual, np.full(15, 600.0)).grade is Grade.STRONG
    assert rate(usual, np.full(15, 590.0)).grade is Grade.WEAK  # ten of its own deviations, but not half as much again


def test_only_the_last_quarter_of_an_hour_counts() -> None:
    assert rate(weeks(100), np.r_[np.full(60, 500.0), np.full(15, 100.0)]).grade is Grade.NONE


def test_history_must_be_two_weeks() -> None:
    short = rate(weeks(100, n=1), np.full(15, 300.0))
    assert short.grade is Grade.NA
    assert short.reason == "weeks=1 below 2"
    holes = weeks(100)
    holes[:2] = np.nan
    assert rate(holes, np.full(15, 300.0)).grade is Grade.STRONG
    holes[2] = np.nan
    assert rate(holes, np.full(15, 300.0)).grade is Grade.NA
    assert rate(np.zeros((0, 0)), np.full(15, 300.0)).grade is Grade.NA
    assert rate(weeks(100), np.full(9, 300.0)).reason == "minutes=9 below 10"


def test_without_history_the_minutes_before_the_onset_serve() -> None:
    before = weeks(100)[0]
    assert rate_pre_onset(before, np.full(15, 200.0)).grade is Grade.STRONG
    assert rate_pre_onset(before[:29], np.full(15, 200.0)).reason == "minutes=29 below 30"
    assert rate_pre_onset(before, weeks(100, seed=2)[0]).grade is Grade.NONE


def test_healthy_traffic_is_quiet_even_when_nobody_is_there() -> None:
    for mean in (0.0, 0.3, 5.0, 500.0):
        grades = [rate(weeks(mean, seed=s), np.random.default_rng(s + 99).poisson(mean, 15).astype(float)).grade for s in range(50)]
        assert Grade.STRONG not in grades
        assert Grade.MODERATE not in grades
