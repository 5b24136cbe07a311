"""A tool answers too late.

## Looks at
Tool calls that timed out, per tool, server and region; unlabelled failures, given-up calls and empty answers at one deadline count.

## Why it matters
Agents plan again after each, so a small share of late calls becomes a large share of failed runs.

## Stays quiet when
The share is within a point or twice its past.

## Told apart from
retrieval.timeout (a search, even when called as a tool), tool.error, tool.loop (no failures), infra.network_region (several hosts).
"""

from pydantic import Field

from bot.engine.check import check
from bot.engine.deadline import swallowed
from bot.engine.exam import Exam
from bot.engine.failing import failed, timed_out
from bot.engine.lasting import rate_since
from bot.engine.needs import need
from bot.engine.shrinking import NULL
from bot.engine.words import name, share
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.01))  # tools time out now and then; a point more is a fault


@check(need("tool"), prior=6, limits=Limits)
def timeout(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("tool")
    nothing = ~failed(ops) & (ops.true("tool_result_empty") | (ops.number("tool_result_bytes") <= NULL))
    late = timed_out(ops) | swallowed(ops.number("duration_ms"), nothing, exam.baseline(ops) & ~failed(ops))
    worst = rate_since(exam, ops, late, by=("tool", "tool_server", "server_address", "region"), gates=limits.gates, kind="tool")
    exam.require("timed-out tool calls", Signal.ORIGIN, worst.measured)
    exam.support("requests that first went wrong in a tool", Signal.ORIGIN, exam.origin("tool"))
    exam.affects(ops, late)
    exam.cell(worst.where)
    exam.seen_in(worst.windows)
    return exam.conclude(f"calls of {name(worst.where, 'the tools')} time out: {share(worst.measured)}")
