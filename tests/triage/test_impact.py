"""How bad it is: requests counted, also where only a sample of them was read."""

from dataclasses import replace

import numpy as np

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
