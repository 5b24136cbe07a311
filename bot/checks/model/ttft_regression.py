"""The first token comes late while inputs are no longer than before.

## Looks at
Time to first token within deciles of input tokens; time per output token as control. Where no first token is recorded: how much longer
calls of each output length take, short ones as well as long ones.

## Why it matters
Users say that it hangs; span latency hides it behind long answers.

## Stays quiet when
The shift disappears at equal input size, or is that of another model that traffic moved to. Slower decoding and fewer cached tokens
speak against it.

## Told apart from
prompt.bloat and cost.context_growth (gone within input deciles), cost.cache_collapse (cached share fell), model.decode_slowdown
(per token), infra.traffic_surge.
"""

import math

import numpy as np
from pydantic import Field

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.failing import failed
from bot.engine.indirect import stands_in
from bot.engine.needs import RECORDED, need
from bot.engine.pace import at_the_start, decode_ms, first_token_ms, of_the_same_model
from bot.engine.words import name, times
from bot.model.finding import Examination, Signal
from bot.model.frame import Frame
from bot.model.value import Limits as Base
from bot.stats.location import LocGates


class Limits(Base):
    first: LocGates = Field(
        default=LocGates(theta=0.12, log_ratio=math.log(1.5), direction="up")
    )  # half as long again is what people notice
    each: LocGates = Field(default=LocGates(log_ratio=math.log(1.3), direction="up"))  # slower per token too: then it is the decoding
    whole: LocGates = Field(
        default=LocGates(theta=0.10, log_ratio=math.log(1.2), direction="up")
    )  # of a call, of which the start is a part
    unseen: float = 0.7  # of confidence where the first token is not recorded
    cached: LocGates = Field(default=LocGates(theta=0.15, log_ratio=math.log(1.25), direction="down"))


BY = ("provider", "model_requested", "region", "service_tier", "server_address")


@check(need("llm"), prior=5, limits=Limits)
def ttft_regression(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    ttft = of_the_same_model(exam, ops, first_token_ms(exam, ops))
    if float((~np.isnan(ttft)).mean()) < RECORDED:
        return _from_durations(exam, ops, limits)
    worst = exam.worst_shift(ops, ttft, by=BY, gates=limits.first)
    size = ops.number("tokens_input")
    at_equal_size = (
        exam.shift(ops, ttft, among=worst.cell, strata=size, gates=limits.first) if exam.sees("llm", "tokens_input") else worst.measured
    )
    exam.require("time to first token at equal input size", Signal.LATENCY, at_equal_size)
    each = of_the_same_model(exam, ops, decode_ms(ops)) if exam.sees("llm", "ttft_ms") or exam.sees("llm", "tpot_ms") else None
    if each is not None:
        exam.against("time per output token", Signal.TOKENS, exam.shift(ops, each, among=worst.cell, gates=limits.each))
    if exam.sees("llm", "tokens_cache_read"):
        read = ops.number("tokens_cache_read") / size
        exam.against("share of cached input", Signal.TOKENS, exam.shift(ops, read, among=worst.cell, gates=limits.cached))
    exam.affects(ops, exam.slow(ops, ttft, ~failed(ops) & worst.cell))
    exam.cell(worst.where)
    return exam.conclude(f"the first token of {name(worst.where, 'all models')} comes late: {times(at_equal_size)}, in ms")


def _from_durations(exam: Exam, ops: Frame, limits: Limits) -> Examination:
    """Nobody records the first token: calls of equal length that take longer, short ones by as much as long ones."""
    if not exam.sees("llm", "tokens_output"):
        exam.require("time to first token at equal input size", Signal.LATENCY, exam.not_recorded("llm", "ttft_ms"))
        return exam.conclude("")
    whole = of_the_same_model(exam, ops, np.where(failed(ops), np.nan, ops.number("duration_ms")))
    worst = exam.worst_shift(ops, whole, by=BY, gates=limits.whole)
    longer = exam.shift(ops, whole, among=worst.cell, strata=ops.number("tokens_output"), gates=limits.whole)
    exam.require("duration at equal output length", Signal.LATENCY, stands_in(longer))
    exam.require("short calls got longer by as much as long ones", Signal.TOKENS, stands_in(at_the_start(exam, ops, worst.cell)))
    if exam.sees("llm", "tokens_input"):
        same = exam.shift(ops, whole, among=worst.cell, strata=ops.number("tokens_input"), gates=limits.whole)
        exam.require("duration at equal input size", Signal.LATENCY, stands_in(same))
    exam.affects(ops, exam.slow(ops, whole, worst.cell))
    exam.cell(worst.where)
    exam.cap(limits.unseen)
    return exam.conclude(f"answers of {name(worst.where, 'all models')} start late: {times(longer)}, in ms a call")
