"""A tool or its server breaks.

## Looks at
Tool calls that failed with server, connection, auth, rate-limit or transport errors, per tool and server.

## Why it matters
The agent works around it, expensively and wrongly.

## Stays quiet when
The share is within a point or twice its own past: chronically bad tools stay out of it.

## Told apart from
tool.timeout (late), tool.schema_break (arguments rejected), model.access_denied (a model call).
"""

from pydantic import Field

from bot.engine.check import check
from bot.engine.choosing import renewed, unknown_tool
from bot.engine.exam import Exam
from bot.engine.failing import failed, labelled_share, of_class, rows, timed_out
from bot.engine.lasting import rate_since
from bot.engine.needs import need
from bot.engine.words import name, share
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.01))  # one tool in many is always a little broken; own past decides
    labelled: float = 0.5  # below this share of labelled failures a timeout or a rejected argument looks the same


@check(need("tool"), prior=6, limits=Limits)
def error(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("tool")
    broken = failed(ops) & ~timed_out(ops) & ~of_class(ops, "tool_contract", "bad_request", "parse")
    broken &= ~(ops.number("tool_args_valid") == 0) & ~unknown_tool(ops)  # a rejected argument whose class nobody recorded
    worst = rate_since(exam, ops, broken, by=("tool", "tool_server", "server_address"), gates=limits.gates, kind="tool")
    exam.require("failed tool calls", Signal.ORIGIN, worst.measured)
    exam.support("requests that first went wrong in a tool", Signal.ORIGIN, exam.origin("tool"))
    exam.affects(ops, broken)
    exam.cell(worst.where)
    exam.seen_in(worst.windows)
    if labelled_share(ops, rows(ops)) < limits.labelled:
        exam.cap(0.6)
        changed = next((one for one in ("tool_schema_hash", "tool_version") if exam.sees("tool", one)), None)
        if changed is not None:
            exam.against("a new tool schema holds them", Signal.CHANGE, renewed(exam, ops, changed, worst.cell, broken))
    return exam.conclude(f"calls of {name(worst.where, 'the tools')} fail: {share(worst.measured)}")
