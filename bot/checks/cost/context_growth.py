"""Requests carry more context: more documents, bigger ones, or a longer history.

## Looks at
Input tokens per call; documents returned, history turns and the parts of the input where these are recorded.

## Why it matters
Everything works, slower and dearer, until the context window ends it.

## Stays quiet when
Input is within a third of its past, or it grew and neither documents nor history did: then it is the fixed part.

## Told apart from
prompt.bloat (the fixed part), cost.call_fanout (more calls), tool results that grew.
"""

import math

import numpy as np
from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.costs import component
from bot.engine.exam import Exam
from bot.engine.moving import Moved, compared, high, moved
from bot.engine.needs import need
from bot.engine.words import name, times
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.frame import BoolArray, Frame
from bot.model.value import Limits as Base
from bot.stats.location import LocGates

BY = (("prompt_name",), ("route",), ("tenant",), ("prompt_name", "tenant"), ("route", "tenant"))
IN_CALLS = ("history_turns", "components_retrieval", "components_history")
IN_RETRIEVALS = ("n_returned", "top_k")
FIXED = ("system_tokens", "components_system")


class Limits(Base):
    input: LocGates = Field(default=LocGates(theta=0.15, log_ratio=math.log(1.3), direction="up"))  # a third more input than before
    part: LocGates = Field(default=LocGates(theta=0.15, log_ratio=math.log(1.3), direction="up"))


@check(need("llm", "tokens_input"), prior=4, limits=Limits)
def context_growth(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    size = ops.number("tokens_input")
    worst = moved(exam, ops, size, by=BY, gates=limits.input)
    exam.require("input tokens a call", Signal.TOKENS, worst.measured)
    exam.support("tokens in the cost", Signal.TOKENS, component(exam, "tokens"))
    told = [part for part in _parts(exam, ops, worst, limits.part) if part.grade is not Grade.NA]
    most: Measured | None = None
    for part in told:
        most = part if most is None or better(part, most) else most
    exam.require("documents or history", Signal.FORM, most or exam.not_recorded("llm", "components_retrieval"))
    for column in FIXED:
        if exam.sees("llm", column):
            fixed = compared(exam, ops, ops.number(column), worst.then, worst.now, limits.part)
            exam.against("the fixed part of the prompt", Signal.TOKENS, fixed)
            break
    exam.affects(ops, high(size, worst.then, worst.cell))
    exam.cell(worst.where)
    return exam.conclude(f"calls of {name(worst.where, 'the product')} carry more context: {times(worst.measured)}, in tokens")


def _parts(exam: Exam, ops: Frame, worst: Moved, gates: LocGates) -> list[Measured]:
    """Documents and history of the very calls whose input grew: those of one route are lost among all."""
    retrieval = exam.ops("retrieval")
    then, now = _same_requests(exam, worst.then), _same_requests(exam, worst.now)
    found = [compared(exam, retrieval, retrieval.number(column), then, now, gates) for column in IN_RETRIEVALS]
    return found + [compared(exam, ops, ops.number(column), worst.then, worst.now, gates) for column in IN_CALLS]


def _same_requests(exam: Exam, calls: BoolArray) -> BoolArray:
    """Retrievals of the requests that make the marked calls."""
    marked = exam.evidence.requests_with(exam.ops("llm"), calls)
    rows = exam.evidence.request_of(exam.ops("retrieval"))
    return np.asarray((rows >= 0) & marked[np.maximum(rows, 0)], dtype=np.bool_) if len(marked) else np.zeros(len(rows), dtype=np.bool_)
