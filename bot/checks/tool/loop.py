"""An agent asks one tool the same question again and again.

## Looks at
Sequences of tool calls per trace: identical calls in a row, or few distinct calls among many.

## Why it matters
Each repeat feeds the same text back to the model: cost and latency, no progress.

## Stays quiet when
Repeats follow a failed result of that tool (then the tool is the cause), or the share of such traces is within a point of its past.

## Told apart from
tool.error and tool.silent_empty (parents), cost.call_fanout (every trace makes more calls), cost.retry_amplification (the harness repeats).
"""

from pydantic import Field

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.lasting import rate_since
from bot.engine.looping import looping
from bot.engine.needs import need
from bot.engine.words import name, share
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.01))  # agents loop a little at rest


@check(need("tool"), prior=4, limits=Limits)
def loop(exam: Exam, limits: Limits) -> Examination:
    requests = exam.requests
    agents, circling = looping(exam.evidence)
    worst = rate_since(exam, requests, circling, among=agents, by=("route", "tenant", "app_version"), gates=limits.gates, kind="")
    exam.require("traces that repeat themselves", Signal.FORM, worst.measured)
    calls = requests.number("n_tool")
    exam.support(
        "tool calls a request", Signal.TOKENS, exam.rate(requests, exam.slow(requests, calls, agents), among=agents, slices=False).measured
    )
    if not exam.sees("tool", "tool_args_hash"):
        exam.cap(0.6)  # same tool in a row, arguments unknown: it may be paging through results
    exam.affects(requests, circling)
    exam.cell(worst.where)
    exam.seen_in(worst.windows)
    return exam.conclude(f"agents of {name(worst.where, 'some routes')} repeat the same tool call: {share(worst.measured)}")
