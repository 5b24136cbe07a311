"""Whether nothing happened: the paged signal within its band, and no signal changed for good."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bot.engine.cells import asked, rate_in
from bot.model.evidence import Evidence, Interval
from bot.model.finding import Grade, Measured
from bot.stats.proportion import PropGates

ANY = PropGates(floor=0.0, ratio=1.0, min_bad=0)
MIN_NOW, MIN_THEN = 30, 100  # requests; fewer cannot carry a "no fault"
TAIL = 0.95  # quantile of its own past beyond which a number counts as high
LATELY = 1200.0  # seconds before the page in which what recovered must be back in band


def in_band(evidence: Evidence, band: float) -> Measured:
    """STRONG when the paged signal's rate in C is within `band` of B. A signal that is a number is judged by `moved`."""
    n_c, n_b = int(evidence.in_current.sum()), int(evidence.in_baseline.sum())
    if n_c < MIN_NOW or n_b < MIN_THEN:
        return Measured(test="BAND", grade=Grade.NA, n=n_c, n_baseline=n_b, reason=f"{n_c} requests now, {n_b} before")
    if evidence.bad is None:
        return _number_in_band(evidence, band)
    measured = _rate(evidence, evidence)
    z = abs(measured.z or 0.0)
    if z >= band and evidence.recovered:
        late = _rate(evidence, _lately(evidence))
        back = late.n >= MIN_NOW and abs(late.z or 0.0) < band
        grade = Grade.STRONG if back else Grade.NONE
        numbers = {**measured.numbers, "rate_lately": late.numbers.get("rate"), "n_lately": late.n}
        return measured.model_copy(update={"test": "BAND", "grade": grade, "numbers": numbers})
    grade = Grade.STRONG if z < band else Grade.NONE if z < 4 else Grade.OPPOSITE
    return measured.model_copy(update={"test": "BAND", "grade": grade})


def _rate(evidence: Evidence, seen: Evidence) -> Measured:
    everything = np.ones(evidence.seen.n, dtype=np.bool_)
    return rate_in(asked(seen, seen.seen, seen.failing), seen, everything, ANY)


def _lately(evidence: Evidence) -> Evidence:
    """The same evidence with the last minutes before the page as its current window."""
    now = evidence.windows.now
    return replace(evidence, windows=replace(evidence.windows, current=Interval(max(evidence.windows.current.start, now - LATELY), now)))


def _number_in_band(evidence: Evidence, band: float) -> Measured:
    """The tail of a number: a slice of it that moved shows there long before it moves a median."""
    if evidence.value is None or evidence.moved:
        return Measured(test="BAND", grade=Grade.OPPOSITE if evidence.moved else Grade.NA, reason="no signal")
    past = evidence.value[evidence.in_baseline & ~np.isnan(evidence.value)]
    if len(past) < MIN_THEN:
        return Measured(test="BAND", grade=Grade.NA, n_baseline=len(past), reason=f"{len(past)} values before")
    with np.errstate(invalid="ignore"):
        far = evidence.value > np.quantile(past, TAIL)
    measured = rate_in(
        asked(evidence, evidence.seen, far, ~np.isnan(evidence.value)), evidence, np.ones(evidence.seen.n, dtype=np.bool_), ANY
    )
    z = measured.z or 0.0
    grade = Grade.STRONG if z < band else Grade.NONE if z < 4 else Grade.OPPOSITE
    return measured.model_copy(update={"test": "BAND", "grade": grade})


def nothing_moved(evidence: Evidence) -> Measured:
    return Measured(test="ONSET", grade=Grade.OPPOSITE if evidence.moved else Grade.STRONG, n=int(evidence.in_current.sum()))
