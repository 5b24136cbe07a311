"""Inputs no longer fit the model's context window.

## Looks at
Model calls with error class context_length or finish context_window, and how large their inputs are against those that succeed. Where
the refusal has no telling class: whether it is the largest inputs that are refused.

## Why it matters
Long sessions and big tool results fail while short ones are fine.

## Stays quiet when
The share is within a point or twice its past.

## Told apart from
prompt.bloat, cost.context_growth and tool.loop, which are its usual parents; model.provider_incident (5xx, any size).
"""

import math

import numpy as np
from pydantic import Field

from bot.engine.cells import Rate
from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.failing import of_class, unlabelled
from bot.engine.needs import need
from bot.engine.oversized import only_the_largest
from bot.engine.questions import PASSED
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Signal
from bot.model.frame import Frame
from bot.model.value import Limits as Base
from bot.stats.location import LocGates, location
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.01))  # a point of requests that can never succeed
    unnamed: float = 0.8  # of confidence where no error says that it was the length
    larger: LocGates = Field(default=LocGates(theta=0.3, log_ratio=math.log(4.0), n=20))  # than inputs that fit (catalogue 1.1)


BY = ("model_requested", "prompt_name", "route", "tenant")


@check(need("llm"), prior=3, limits=Limits)
def context_overflow(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    too_long = of_class(ops, "context_length") | ops.equals("finish", "context_window")
    worst = exam.rate(ops, too_long, by=BY, gates=limits.gates, kind="llm")
    if worst.measured.grade not in PASSED:
        return _by_size(exam, ops, worst, limits)
    exam.require("calls beyond the context window", Signal.ORIGIN, worst.measured)
    exam.support("requests that first went wrong in a model call", Signal.ORIGIN, exam.origin("llm"))
    column = "tokens_input" if exam.sees("llm", "tokens_input") else "input_chars"
    size = ops.number(column)
    known = exam.current(ops) & ~np.isnan(size)
    larger = location(size[known & ~too_long], size[known & too_long], 1.0, limits.larger)
    exam.support("inputs larger than those that fit", Signal.TOKENS, larger)
    exam.affects(ops, too_long)
    exam.cell(worst.where)
    return exam.conclude(f"inputs of {name(worst.where, 'some calls')} exceed the context window: {share(worst.measured)}")


def _by_size(exam: Exam, ops: Frame, labelled: Rate, limits: Limits) -> Examination:
    """A refusal that only says "bad request", or nothing at all: then it is the size of what failed that tells."""
    refused = unlabelled(ops) | of_class(ops, "bad_request")
    worst = exam.rate(ops, refused, by=BY, gates=limits.gates, kind="llm")
    if worst.measured.grade not in PASSED:
        exam.require("calls beyond the context window", Signal.ORIGIN, labelled.measured)
        return exam.conclude("")
    largest = only_the_largest(exam, ops, refused, worst.cell)
    if largest.grade is Grade.NA:
        exam.require("calls beyond the context window", Signal.ORIGIN, exam.not_recorded("llm", "error_class"))
        return exam.conclude("")
    exam.require("refused calls", Signal.ORIGIN, worst.measured)
    exam.require("only the largest inputs are refused", Signal.TOKENS, largest)
    exam.support("requests that first went wrong in a model call", Signal.ORIGIN, exam.origin("llm"))
    exam.affects(ops, refused)
    exam.cell(worst.where)
    exam.cap(limits.unnamed)
    return exam.conclude(f"the largest inputs of {name(worst.where, 'some calls')} are refused: {share(worst.measured)}")
