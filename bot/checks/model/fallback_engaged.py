"""Traffic runs on the fallback model.

## Looks at
The share of calls served by another model than was asked for, known before or while the primary fails; calls of another model
after a failed one in the same request; a model that took over calls of others after those had failed.

## Why it matters
Cheaper, weaker, and often run with prompts that were never validated on it.

## Stays quiet when
The share served by another model moved by less than five points.

## Told apart from
model.silent_version_change (a model never seen before, no errors), cost.model_upsell (a router or flag, no errors).
"""

import numpy as np
from pydantic import Field

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.failing import failed
from bot.engine.families import after_failure, another_model
from bot.engine.indirect import stands_in
from bot.engine.needs import need
from bot.engine.questions import PASSED
from bot.engine.takeover import after_its_own_failure, failed_since, taken_over
from bot.engine.words import CAP, name, share
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.frame import BoolArray, Frame
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.05, ratio=1.5))  # routers move a few points by themselves
    more: float = 1.5  # times the calls that follow failures of their own: then the primary is no longer asked, a breaker is open
    failing: PropGates = Field(default=PropGates(floor=0.02))  # of all calls: the primary has a reason to be replaced


@check(need("llm", "model_requested", "model_served"), prior=4, limits=Limits)
def fallback_engaged(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    primary = exam.rate(ops, failed(ops), gates=limits.failing, slices=False).measured.grade in PASSED
    known = another_model(ops) & (~exam.new_values(ops, "model_served") | primary)  # a fallback is mostly idle until it is needed
    after = after_failure(ops, exam.evidence.request_of(ops), failed(ops))
    other = known | after
    worst = exam.rate(ops, other, by=("model_requested", "provider", "route", "region"), gates=limits.gates, kind="llm", slices=False)
    took, calls, model = taken_over(exam, ops, limits.gates, limits.failing)
    if took.grade in PASSED and (
        worst.measured.grade not in PASSED or _gained(took) > limits.more * float((other & exam.current(ops)).sum())
    ):
        return _breaker(exam, ops, took, calls, model)
    if not (exam.sees("llm", "model_served") and exam.sees("llm", "model_requested")) and worst.measured.grade not in PASSED:
        lacking = "model_requested" if exam.sees("llm", "model_served") else "model_served"
        exam.require("calls served by another known model", Signal.CHANGE, exam.not_recorded("llm", lacking))
        return exam.conclude("")
    own = after_its_own_failure(exam, ops, other, after)  # then it is a consequence of what makes the primary fail
    grown = stands_in(worst.measured) if own.grade is Grade.STRONG else worst.measured
    exam.require("calls served by another known model", Signal.CHANGE, grown)
    exam.support("other models failed before it", Signal.ORIGIN, failed_since(exam, ops, ~other, limits.failing))
    exam.against("each follows a failure of its own", Signal.ORIGIN, own)
    exam.affects(ops, other)
    exam.cell(worst.where)
    return exam.conclude(f"calls for {name(worst.where, 'the primary model')} are served by a fallback: {share(worst.measured)}")


def _breaker(exam: Exam, ops: Frame, took: Measured, calls: BoolArray, model: str) -> Examination:
    """The caller itself asks for the fallback, and the primary is left alone: its failures lie before, where the breaker opened."""
    exam.require("calls that a known model took over after failures of others", Signal.CHANGE, took)
    exam.affects(ops, calls)
    exam.cell(_as_recorded(exam, ops, calls))
    return exam.conclude(f"calls went over to {model[:CAP]} after others had failed: {share(took)}")


def _gained(took: Measured) -> float:
    """Calls that the family took over: those of now beyond its share of before."""
    return (took.effect or 0.0) * took.n


def _as_recorded(exam: Exam, ops: Frame, calls: BoolArray) -> dict[str, str]:
    """The model as spans name it: the commonest name among the calls."""
    column = "model_served" if exam.sees("llm", "model_served") else "model_requested"
    codes = ops.text(column)
    count = np.bincount(codes.codes[calls & codes.recorded & exam.current(ops)], minlength=len(codes.values) or 1)
    return {column: codes.values[int(np.argmax(count))]} if count.any() else {}
