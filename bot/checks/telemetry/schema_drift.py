"""Telemetry changed its names or units, not the product its behaviour.

## Looks at
Columns that nearly every span of a kind carried and now hardly any does, or the other way round, at one moment, over all spans or those of
one release, region or way of calling (zero tokens of a call that went well count as not recorded); numbers that suddenly lie a round factor
away from all of their past.

## Why it matters
"Token cost fell 60 %" and nobody cut spend.

## Stays quiet when
Coverage of every column is within thirty points of its past, and numbers lie where they lay.

## Told apart from
telemetry.trace_loss (whole spans missing), a real fall (an independent counter falls too).
"""

from bot.engine.check import check
from bot.engine.drift import drifted
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.words import percent
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base


class Limits(Base):
    points: float = 0.30  # of coverage; a deploy of one service of many moves less
    enough: int = 100  # spans of a kind on both sides


@check(need("requests"), prior=4, limits=Limits)
def schema_drift(exam: Exam, limits: Limits) -> Examination:
    moved = drifted(exam.evidence, limits.points, limits.enough)
    exam.require("coverage or unit of a field", Signal.TELEMETRY, moved)
    numbers = moved.numbers
    if moved.test == "UNITS":
        far, ratio = percent(float(numbers.get("share") or 0.0)), float(numbers.get("ratio") or 1.0)
        return exam.conclude(f"{numbers.get('field')} is x{ratio:.3g} of what it was on {far} of spans: units changed, not behaviour")
    was, is_now = float(numbers.get("coverage_before") or 0.0), float(numbers.get("coverage") or 0.0)
    among = f" with {numbers['among']}" if numbers.get("among") else ""
    then, now = f"was recorded on {percent(was)} of spans{among}", f"is now on {percent(is_now)}"
    return exam.conclude(f"{numbers.get('field')} {then} and {now}: names changed, not behaviour")
