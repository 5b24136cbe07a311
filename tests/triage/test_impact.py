"""How bad it is: requests counted, also where only a sample of them was read."""

from dataclasses import replace

import numpy as np
import pytest

from bot.model.evidence import Coverage, Evidence, Interval, Windows
from bot.model.frame import Frame
from bot.model.page import Page, Status
from bot.triage.report import impact_of

N = 2000
PAGE = Page(source="generic", dedup_key="k", title="t", status=Status.FIRING)
BAD = np.zeros(N, dtype=np.bool_)
BAD[:10] = BAD[1000:1100] = True
EVIDENCE = Evidence(
    PAGE, None, Windows(2000.0, Interval(1000.0, 2000.0), Interval(0.0, 1000.0)), Frame(N, {"ts": np.arange(N) * 1.0}, {}), bad=BAD
)


def test_bad_requests_beyond_what_the_baseline_gives():
    found = impact_of(EVIDENCE)
    assert (found.bad, found.total, found.rate, found.baseline_rate, found.excess_bad) == (100, 1000, 0.1, 0.01, 90)


def test_a_sample_of_one_in_four_stands_for_all():
    found = impact_of(replace(EVIDENCE, coverage=Coverage({}, {}, 4)))
    assert (found.bad, found.total, found.rate, found.excess_bad) == (400, 4000, 0.1, 360)


TOOK = np.where(np.arange(N) < 1000, np.arange(N) % 100, 94.0)
TOOK[1000:1300] = 500.0
NUMBER = replace(EVIDENCE, bad=None, value=TOOK, signal="request duration")


def test_of_a_number_those_beyond_the_worst_twentieth_of_its_past():
    found = impact_of(NUMBER)
    assert (found.bad, found.total, found.rate, found.baseline_rate, found.excess_bad) == (300, 1000, 0.3, 0.05, 250)
    assert found.threshold == pytest.approx(94.05)


def test_of_a_score_those_below_it():
    found = impact_of(replace(NUMBER, value=1000.0 - TOOK, signal="evaluation score"))
    assert (found.bad, found.rate, found.threshold) == (300, 0.3, pytest.approx(905.95))


@pytest.mark.parametrize(("past", "told"), [(100, True), (99, False)])
def test_of_a_number_with_too_short_a_past_nothing_is_said(past: int, told: bool):
    some = TOOK.copy()
    some[: 1000 - past] = np.nan
    found = impact_of(replace(NUMBER, value=some))
    assert found.total == 1000
    assert (found.rate is not None, found.baseline_rate is not None, found.threshold is not None) == (told, told, told)
