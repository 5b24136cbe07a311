"""Values, intervals and n."""

import numpy as np
import pytest

from bot.evaluation.measure import estimate, mean, median, share, share_of
from bot.evaluation.words import number
from bot.model.frame import FloatArray


def test_a_share_has_the_interval_of_wilson() -> None:
    found = share(8, 10)
    assert (found.value, found.n, found.hits) == (0.8, 10, 8)
    assert found.low == pytest.approx(0.4902, abs=1e-4)  # (8 + 1.9208 -+ 1.96 sqrt(8 * 2 / 10 + 0.9604)) / 13.8416
    assert found.high == pytest.approx(0.9433, abs=1e-4)


def test_none_of_ten_may_still_be_a_quarter() -> None:
    found = share(0, 10)
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(0.2775, abs=1e-4)


def test_nothing_measured_is_not_zero() -> None:
    assert share(0, 0).value is None
    assert share_of([]).n == 0
    assert mean([]).value is None
    assert mean([]).document() == {"value": None, "n": 0, "low": None, "high": None}


def test_the_bootstrap_is_the_same_every_time_and_holds_the_value() -> None:
    values = [float(number) for number in range(40)]
    found = median(values)
    assert found == median(values)
    assert found.value == 19.5
    assert found.low is not None
    assert found.high is not None
    assert 10 < found.low < 19.5 < found.high < 30


def test_two_scenarios_have_no_interval() -> None:
    assert mean([1.0, 3.0]).document() == {"value": 2.0, "n": 2, "low": None, "high": None}


def test_a_statistic_that_some_resamples_do_not_have_still_has_an_interval() -> None:
    def odd(weights: FloatArray) -> FloatArray:
        """The weight of the first; none where it was not drawn."""
        return np.where(weights[:, 0] > 0, weights[:, 0], np.nan)

    found = estimate(4, odd)
    assert (found.value, found.low) == (1.0, 1.0)
    assert found.high == 3.0
    assert estimate(4, lambda weights: np.full(len(weights), np.nan)).value is None


def test_numbers_are_short_and_never_another_number() -> None:
    said = [number(value) for value in (0.0, 0.004, -0.003, 0.5, -0.17, 0.999, 1.0, 10.5, -2.0, 100.0, None)]
    assert said == ["0", "0", "0", ".50", "-.17", "1.00", "1.00", "10.50", "-2.00", "100.00", "–"]
    assert number(3.26, "onset_error_median_min") == "3.3"
