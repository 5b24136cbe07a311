"""Tokens come slower once they come.

## Looks at
Time per output token of calls with at least twenty of them.

## Why it matters
The assistant freezes mid-sentence, and long answers run into timeouts.

## Stays quiet when
The pace per token is within a third of its past: longer answers alone are not slower.

## Told apart from
prompt.verbosity_drift (more tokens, same pace), cost.reasoning_growth (hidden tokens), model.ttft_regression (only the start).
"""

import math

from pydantic import Field

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.pace import at_the_start, decode_ms, of_the_same_model
from bot.engine.words import name, times
from bot.model.finding import Examination, Grade, Signal
from bot.model.value import Limits as Base
from bot.stats.location import LocGates


class Limits(Base):
    pace: LocGates = Field(
        default=LocGates(theta=0.12, log_ratio=math.log(1.3), n=100, direction="up")
    )  # a third slower is felt while reading


@check(need("llm", "tokens_output", "tpot_ms"), prior=3, limits=Limits)
def decode_slowdown(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    pace = of_the_same_model(exam, ops, decode_ms(ops))
    worst = exam.worst_shift(ops, pace, by=("provider", "model_requested", "region", "service_tier", "server_address"), gates=limits.pace)
    exam.require("time per output token", Signal.LATENCY, worst.measured)
    if not exam.sees("llm", "ttft_ms") and not exam.sees("llm", "tpot_ms"):
        at_start = at_the_start(exam, ops, worst.cell)  # without the first token's time a slow start looks like a slow pace
        each = {Grade.OPPOSITE: Grade.STRONG, Grade.STRONG: Grade.NONE}.get(at_start.grade, at_start.grade)
        exam.require("long calls got longer by more than short ones", Signal.TOKENS, at_start.model_copy(update={"grade": each}))
        exam.cap(0.6 if each is Grade.NA else 0.8)
    exam.affects(ops, exam.slow(ops, pace, worst.cell))
    exam.cell(worst.where)
    return exam.conclude(f"tokens of {name(worst.where, 'all models')} come slower: {times(worst.measured)}, in ms a token")
