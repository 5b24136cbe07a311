"""Whether trouble is everywhere it could be, or only in some places."""

from __future__ import annotations

from bot.engine.cells import asked, rate_in
from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Frame
from bot.stats.proportion import PropGates

MIN_ROWS = 30  # operations in C before a place counts
RISEN = PropGates(floor=0.005, ratio=2.0)


def breadth(evidence: Evidence, frame: Frame, bad: BoolArray, cell: BoolArray, dim: str, wanted: float) -> Measured:
    """Share of the values of `dim` inside `cell` that at least doubled. Not assessable with fewer than two such values."""
    question = asked(evidence, frame, bad, cell)
    codes = evidence.dim(frame, dim)
    places = [code for code in range(len(codes.values)) if int((question.in_c & (codes.codes == code)).sum()) >= MIN_ROWS]
    if len(places) < 2:
        return Measured(test="BREADTH", grade=Grade.NA, n=len(places), reason=f"{len(places)} values of {dim}")
    up = 0
    for code in places:
        numbers = rate_in(question, evidence, codes.codes == code, RISEN).numbers
        rate, base = numbers.get("rate"), numbers.get("baseline_rate")
        up += isinstance(rate, int | float) and isinstance(base, int | float) and rate >= 2.0 * base and rate - base >= RISEN.floor
    share = up / len(places)
    grade = Grade.STRONG if share >= wanted else Grade.WEAK if share >= wanted / 2 else Grade.NONE
    return Measured(test="BREADTH", grade=grade, effect=share, n=len(places), numbers={"places": len(places), "risen": up})
