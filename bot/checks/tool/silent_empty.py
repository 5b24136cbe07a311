"""A tool says OK and returns nothing.

## Looks at
Successful tool calls with an empty result, or one smaller than nineteen in twenty of the same tool used to be, per tool and version.

## Why it matters
The model explains the nothing away: "out of stock".

## Stays quiet when
The share is within 1.5 points or twice its past, and results keep their size; lookups that always found nothing stay out of it.

## Told apart from
retrieval.empty_results (a search), tool.error (says so), real emptiness (the source agrees).
"""

import numpy as np
from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.deadline import swallowed
from bot.engine.exam import Exam
from bot.engine.failing import failed
from bot.engine.lasting import rate_since
from bot.engine.needs import need
from bot.engine.questions import PASSED
from bot.engine.shrinking import NULL, asked_first, shrunken
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.frame import BoolArray
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates

BY = ("tool", "tool_server", "tool_version", "tenant")


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.015))  # some lookups find nothing; own past decides
    small: PropGates = Field(default=PropGates(floor=0.05))  # one in twenty is that small by definition: as many again


@check(need("tool", "tool_result_empty", "tool_result_bytes"), prior=4, limits=Limits)
def silent_empty(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("tool")
    answered = ~failed(ops)
    size = np.where(answered, ops.number("tool_result_bytes"), np.nan)
    empty = answered & (ops.true("tool_result_empty") | (size <= NULL))
    empty &= ~swallowed(ops.number("duration_ms"), empty, exam.baseline(ops) & answered)  # a timeout dressed as an empty result
    told = answered & (ops.recorded("tool_result_empty") | ~np.isnan(size)) & asked_first(exam.evidence, ops)
    worst = rate_since(exam, ops, empty, among=told, by=BY, gates=limits.gates, kind="tool")
    tiny = shrunken(exam, ops, size) | empty
    shrunk = rate_since(exam, ops, tiny, among=told & ~np.isnan(size), by=BY, gates=limits.small, kind="tool")
    if better(shrunk.measured, worst.measured) and worst.measured.grade not in PASSED:
        exam.require("results smaller than they used to be", Signal.FORM, shrunk.measured)
        found, rows = shrunk, tiny
    else:
        exam.require("empty results", Signal.FORM, worst.measured)
        exam.support("results smaller than they used to be", Signal.FORM, shrunk.measured)
        found, rows = worst, empty
    exam.affects(ops, rows)
    exam.cell(found.where)
    exam.seen_in(found.windows)
    exam.support("requests that first went wrong in a tool", Signal.ORIGIN, exam.origin("tool"))
    for column, words in (("tool_version", "a new tool version"), ("tool_result_keys_hash", "results of another shape")):
        if exam.sees("tool", column):
            exam.support(words, Signal.CHANGE, _new(exam, column, found.cell))
    return exam.conclude(f"{name(found.where, 'a tool')} says OK and returns nothing or less: {share(found.measured)}")


def _new(exam: Exam, column: str, cell: BoolArray) -> Measured:
    """That neither is new speaks against nothing: data vanish behind an old version too."""
    novelty = exam.novelty(exam.ops("tool"), column, among=cell)
    return novelty if novelty.grade in PASSED else novelty.model_copy(update={"grade": Grade.NA})
