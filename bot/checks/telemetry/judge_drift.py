"""The judge changed, not the product.

## Looks at
Evaluation scores per evaluator and language; the same judge's scores of a frozen control set; new versions of the judge; whether users,
refusals and parsers say the same as the scores.

## Why it matters
"Faithfulness 0.86 -> 0.78 over the weekend" costs a week of searching in a product that is well.

## Stays quiet when
The scores moved by less than two hundredths, or the frozen items kept their scores.

## Told apart from
model.silent_version_change (answers changed: users, length, refusals move too; frozen items do not).
"""

import numpy as np
from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.judging import frozen, mean_shift
from bot.engine.needs import need
from bot.engine.words import name
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.frame import BoolArray, Frame
from bot.model.value import Limits as Base
from bot.stats.location import LocGates
from bot.stats.novel import NovelGates
from bot.stats.proportion import PropGates


class Limits(Base):
    scores: LocGates = Field(default=LocGates(theta=0.10, log_ratio=0.02, direction="both", n=20))  # scores are few, and lie close together
    version: NovelGates = Field(default=NovelGates(n=20, share=0.2))  # a judge is replaced whole
    least: float = 0.02  # of a score: less is not paged
    behaviour: PropGates = Field(default=PropGates(floor=0.01))


@check(need("evaluator", "evaluator_value"), prior=3, limits=Limits)
def judge_drift(exam: Exam, limits: Limits) -> Examination:
    scores = exam.ops("evaluator")
    product = ~scores.true("evaluator_control_set")
    where, cell, moved = _worst(exam, scores, product, limits.scores)
    shift = mean_shift(exam.evidence, scores, product & cell)
    small = moved.grade is not Grade.NA and abs(shift) < limits.least
    exam.require("scores", Signal.FEEDBACK, moved.model_copy(update={"grade": Grade.NONE}) if small else moved)
    control = frozen(exam.evidence, scores, cell, shift)
    fresh = [exam.novelty(scores, one, among=cell, gates=limits.version) for one in ("judge_version", "judge_model") if _has(scores, one)]
    new = max(
        fresh, key=lambda one: (one.grade is Grade.STRONG, one.effect or 0.0), default=exam.not_recorded("evaluator", "judge_version")
    )
    if control.grade is not Grade.NA:
        exam.require("the frozen control set moved as well", Signal.TELEMETRY, control)
        exam.support("a new judge", Signal.CHANGE, new)
    else:
        exam.require("a new judge", Signal.CHANGE, new)
    exam.against("users or parsers see it too", Signal.FEEDBACK, _behaviour(exam, limits.behaviour))
    exam.affects(scores, product & cell)
    exam.cell(where)
    return exam.conclude(f"the judge of {name(where, 'all answers')} scores {shift:+.2f}: {_why(control, new)}")


def _worst(exam: Exam, scores: Frame, product: BoolArray, gates: LocGates) -> tuple[dict[str, str], BoolArray, Measured]:
    """All scores, one evaluator's, or one language's: a judge may lose one language only."""
    value = scores.number("evaluator_value")
    cell = np.ones(scores.n, dtype=np.bool_)
    best: tuple[dict[str, str], BoolArray, Measured] = ({}, cell, exam.shift(scores, value, among=product, gates=gates))
    for dim in ("evaluator", "locale"):
        codes = exam.dim(scores, dim)
        for code, one in enumerate(codes.values):
            mine = codes.codes == code
            measured = exam.shift(scores, value, among=product & mine, gates=gates)
            if better(measured, best[2], np.sign(measured.z or 1.0)):
                best = ({dim: one}, mine, measured)
    return best


def _has(frame: Frame, column: str) -> bool:
    return bool(frame.text(column).values)


def _behaviour(exam: Exam, gates: PropGates) -> Measured:
    """The worst of what people and machines say of the answers themselves."""
    requests = exam.requests
    unhappy = (requests.number("feedback_thumb") < 0) | requests.true("feedback_re_ask") | requests.true("feedback_escalated")
    rows = [(unhappy, requests.recorded("feedback_thumb") | requests.recorded("feedback_re_ask") | requests.recorded("feedback_escalated"))]
    rows += [(requests.true(one), requests.recorded(one)) for one in ("refusal", "parse_failed", "failed")]
    asked = [exam.rate(requests, bad, among=among, gates=gates, slices=False).measured for bad, among in rows if among.any()]
    return max(
        asked, key=lambda one: (one.grade is Grade.STRONG, one.grade is Grade.MODERATE, one.z or 0.0), default=exam.nothing(requests)
    )


def _why(control: Measured, new: Measured) -> str:
    if control.grade is not Grade.NA:
        return f"frozen items too, {control.numbers['frozen_before']} -> {control.numbers['frozen']}"
    return f"since {new.numbers.get('value')} judges"
