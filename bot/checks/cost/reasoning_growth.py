"""Hidden reasoning tokens grew.

## Looks at
Reasoning tokens per call, and the reasoning level asked for; where nobody counts them, billed output beyond what the text can be.

## Why it matters
The invoice doubles, the visible answer does not change.

## Stays quiet when
Reasoning is within half as much again of its past, and no more calls reason than before.

## Told apart from
prompt.verbosity_drift (visible tokens), model.decode_slowdown (pace).
"""

import math

import numpy as np
from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.moving import high, moved
from bot.engine.needs import need
from bot.engine.rising import risen
from bot.engine.words import name, share, times
from bot.model.finding import Examination, Grade, Signal
from bot.model.frame import FloatArray, Frame
from bot.model.value import Limits as Base
from bot.stats.location import LocGates
from bot.stats.proportion import PropGates

BY = (("model_requested",), ("prompt_name",), ("route",), ("prompt_name", "tenant"), ("route", "tenant"), ("prompt_name", "region"))
LETTERS = 4.0  # of a token, as catalogue 1.5 takes it
SPARE = 1.6  # times the tokens that the visible text can be: a script of few letters a token is no reasoning


class Limits(Base):
    hidden: LocGates = Field(
        default=LocGates(theta=0.12, log_ratio=math.log(1.5), direction="up")
    )  # effort varies with questions; half more does not
    begun: PropGates = Field(default=PropGates(floor=0.10, ratio=1.5))  # calls that reason at all: a router moves a few points by itself


@check(need("llm", "tokens_reasoning", "output_chars"), prior=3, limits=Limits)
def reasoning_growth(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    counted = exam.sees("llm", "tokens_reasoning")
    if not counted and not (exam.sees("llm", "tokens_output") and exam.sees("llm", "output_chars")):
        exam.require("reasoning tokens a call", Signal.TOKENS, exam.not_recorded("llm", "tokens_reasoning"))
        return exam.conclude("")
    hidden = exam.positive(ops.number("tokens_reasoning") if counted else _unseen(ops))
    worst = moved(exam, ops, hidden, by=BY, gates=limits.hidden)
    reasons = ~np.isnan(hidden)
    begun = risen(exam, ops, reasons, among=ops.recorded("tokens_reasoning" if counted else "output_chars"), by=BY, gates=limits.begun)
    if better(begun.measured, worst.measured):  # switched on where there was none: nothing to compare a size with
        exam.require("calls that reason at all", Signal.TOKENS, begun.measured)
        exam.affects(ops, reasons & begun.cell)
        exam.cell(begun.where)
        said = f"calls of {name(begun.where, 'all models')} reason that did not: {share(begun.measured)}"
    else:
        silent = worst.measured.grade is Grade.NA and not reasons[exam.current(ops)].any()
        exam.require("reasoning tokens a call", Signal.TOKENS, exam.nothing(ops) if silent else worst.measured)
        exam.affects(ops, high(hidden, worst.then, worst.cell))
        exam.cell(worst.where)
        said = f"calls of {name(worst.where, 'all models')} reason longer: {times(worst.measured)}, in hidden tokens"
    if exam.sees("llm", "reasoning_level"):
        exam.support("a new reasoning level", Signal.CHANGE, exam.novelty(ops, "reasoning_level"))
    return exam.conclude(said)


def _unseen(ops: Frame) -> FloatArray:
    """Billed output beyond what the visible text can be; a call that called a tool wrote more than its text."""
    text = SPARE * ops.number("output_chars") / LETTERS
    beyond = ops.number("tokens_output") - text
    return np.where(ops.equals("finish", "tool_call"), np.nan, np.where(beyond > 0, beyond, np.where(np.isnan(beyond), np.nan, 0.0)))
