"""A tool rejects the arguments the model writes.

## Looks at
Tool calls with invalid arguments or class tool_contract, per tool; whether the tool's schema or the model changed.

## Why it matters
Tool and agent drifted apart: every call costs a turn and changes nothing.

## Stays quiet when
The share is within a point or twice its past.

## Told apart from
prompt.contract_break (the final answer), tool.selection_drift (the wrong tool), tool.error (the tool itself).
"""

from pydantic import Field

from bot.engine.check import check
from bot.engine.choosing import renewed, unknown_tool
from bot.engine.exam import Exam
from bot.engine.failing import failed, labelled_share, of_class, timed_out, unlabelled
from bot.engine.lasting import rate_since
from bot.engine.needs import need
from bot.engine.words import name, share
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.01))  # models write a bad argument now and then
    labelled: float = 0.5  # below this share of failures with a known class, a rejected argument looks like any other failure


@check(need("tool"), prior=5, limits=Limits)
def schema_break(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("tool")
    invented, unsaid = unknown_tool(ops), unlabelled(ops) & ~timed_out(ops)
    rejected = (of_class(ops, "tool_contract", "bad_request", "parse") | (ops.number("tool_args_valid") == 0)) & ~invented
    if labelled_share(ops, failed(ops) & exam.current(ops)) < limits.labelled:
        rejected |= unsaid & ~invented  # nobody says why they fail: the tool may have broken as well
        exam.cap(0.6)
    worst = rate_since(exam, ops, rejected, by=("tool", "tool_server", "tool_version"), gates=limits.gates, kind="tool")
    exam.require("rejected arguments", Signal.ORIGIN, worst.measured)
    exam.support("requests that first went wrong in a tool", Signal.ORIGIN, exam.origin("tool"))
    changed = next((one for one in ("tool_schema_hash", "tool_version") if exam.sees("tool", one)), None)
    if changed is not None:
        exam.support("a new tool schema", Signal.CHANGE, renewed(exam, ops, changed, worst.cell, rejected))
    exam.affects(ops, rejected)
    exam.cell(worst.where)
    exam.seen_in(worst.windows)
    return exam.conclude(f"arguments for {name(worst.where, 'the tools')} are rejected: {share(worst.measured)}")
