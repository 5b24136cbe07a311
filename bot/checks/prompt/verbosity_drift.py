"""Answers of one prompt got long.

## Looks at
Output tokens per prompt and version, and the pace per token as control.

## Why it matters
Slow and expensive in proportion, and the longest run into the output cap.

## Stays quiet when
The typical length is within 40 percent of its past, or no new prompt version holds the long answers.
Other prompts that grew alike speak against it.

## Told apart from
model.silent_version_change (all prompts), cost.reasoning_growth (hidden tokens), model.decode_slowdown (pace).
"""

import math

import numpy as np
from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.editions import Edition, editions, tells_versions
from bot.engine.exam import Exam
from bot.engine.moving import Moved, compared, high, moved
from bot.engine.needs import need
from bot.engine.pace import decode_ms
from bot.engine.versions import new_version
from bot.engine.words import name, times
from bot.model.finding import Examination, Grade, Signal
from bot.model.frame import FloatArray, Frame
from bot.model.value import Limits as Base
from bot.stats.location import LocGates

BY = (("prompt_name",), ("prompt_name", "tenant"), ("prompt_name", "region"), ("prompt_name", "locale"))
FEW = 20  # calls of a new version: its own lengths against many before it


class Limits(Base):
    length: LocGates = Field(
        default=LocGates(theta=0.15, log_ratio=math.log(1.4), n=FEW, direction="up")
    )  # traffic alone moves length by a quarter
    pace: LocGates = Field(default=LocGates(log_ratio=math.log(1.3), direction="up"))


@check(
    need("llm", "tokens_output", "output_chars"),
    need("llm", "prompt_version", "prompt_name", "prompt_hash", "system_hash"),
    prior=4,
    limits=Limits,
)
def verbosity_drift(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    length = visible(exam, ops)
    edition, best = _longest(exam, ops, length, limits.length)
    exam.require("length of answers", Signal.TOKENS, best.measured)
    if best.measured.grade is Grade.NA:
        return exam.conclude("")  # a new version alone is no drift
    grown = high(length, best.then, best.cell)
    if edition is not None:
        exam.require("a new prompt version", Signal.CHANGE, edition.novelty())
        exam.support(
            "new against old version, both live", Signal.SLICE, compared(exam, ops, length, edition.beside, edition.new, limits.length)
        )
        others = ~exam.same_prompt(ops, edition.new) & ~edition.beside
        exam.against("other prompts got longer too", Signal.TOKENS, exam.shift(ops, length, among=others, gates=limits.length))
    elif tells_versions(exam, ops):
        told = new_version(exam, ops, grown, best.cell)
        exam.require("a new prompt version", Signal.CHANGE, told[0] if told is not None else exam.nothing(ops))
    else:
        exam.require("a new prompt version", Signal.CHANGE, exam.not_recorded("llm", "prompt_version"))
        if best.where:
            exam.against("other prompts got longer too", Signal.TOKENS, exam.shift(ops, length, among=~best.cell, gates=limits.length))
    exam.against("time per token", Signal.LATENCY, compared(exam, ops, decode_ms(ops), best.then, best.now, limits.pace))
    exam.affects(ops, grown)
    exam.cell(best.where)
    return exam.conclude(f"answers of {name(best.where, 'every prompt')} got longer: {times(best.measured)}, in tokens")


def visible(exam: Exam, ops: Frame) -> FloatArray:
    """Length of the visible answer of each call; NaN where there is none, or a tool was called instead."""
    column = "tokens_output" if exam.sees("llm", "tokens_output") else "output_chars"
    seen = ops.number(column) - (np.nan_to_num(ops.number("tokens_reasoning")) if column == "tokens_output" else 0.0)
    return np.where((seen > 0) & ~ops.equals("finish", "tool_call"), seen, np.nan)


def _longest(exam: Exam, ops: Frame, length: FloatArray, gates: LocGates) -> tuple[Edition | None, Moved]:
    """The new version whose answers grew most; where no version is new, the cell of a prompt in which they did."""
    found: tuple[Edition | None, Moved] | None = None
    for one in editions(exam, ops):
        measured = compared(exam, ops, length, one.before, one.new, gates)
        if found is None or better(measured, found[1].measured):
            found = one, Moved(measured, one.where, one.new, one.before, one.new)
    if found is not None:
        return found
    return None, moved(exam, ops, length, by=BY, gates=gates)
