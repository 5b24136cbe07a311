"""The page is noise, a season, or already over.

## Looks at
Every signal that the page could mean: none of them changed for good, and the current window is within its own scatter. Where a store keeps
the gateway's counters for weeks: whether requests and failures are what they always are at this hour.

## Why it matters
"Nothing is broken" is an answer too, if it is measured and if enough could be seen.

## Stays quiet when
Any signal changed for good, or the paged one is outside its band.

## Told apart from
none.mix_shift (the average moved, no part of it did), insufficient_data (nothing found because nothing could be seen).
"""

from scipy.special import ndtr

from bot.engine.calm import in_band, nothing_moved
from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.weeks import failures_of_weeks, volume_of_weeks
from bot.engine.words import percent, share
from bot.model.finding import Examination, Measured, Signal
from bot.model.value import Limits as Base


class Limits(Base):
    band: float = 2.8  # z below which the current window is within the scatter of its past


@check(need("requests"), prior=10, limits=Limits)
def noise_or_seasonal(exam: Exam, limits: Limits) -> Examination:
    calm = in_band(exam.evidence, limits.band)
    exam.require("the paged signal within its own scatter", Signal.ORIGIN, calm)
    exam.require("no signal changed for good", Signal.ORIGIN, nothing_moved(exam.evidence))
    exam.support("failures as at this hour of earlier weeks", Signal.ORIGIN, failures_of_weeks(exam.evidence))
    exam.support("requests as at this hour of earlier weeks", Signal.VOLUME, volume_of_weeks(exam.evidence))
    if calm.z is not None:
        exam.note(p=float(f"{2.0 * ndtr(-abs(calm.z)):.3g}"), mde=calm.mde)
    over = "; it moved within the last hours and came back" if exam.evidence.recovered else ""
    return exam.conclude(
        f"{exam.evidence.signal} are within their own scatter{_chance(calm)}{over}", f"{exam.evidence.signal} moved for good"
    )


def _chance(calm: Measured) -> str:
    """`: 1.2 % (3 of 250), was 0.8 %, p=0.41, +2.1 % would have been seen`."""
    if calm.z is None or calm.mde is None:
        return ""
    return f": {share(calm)}, p={2.0 * ndtr(-abs(calm.z)):.2g}, +{percent(calm.mde)} would have been seen"
