"""The agent picks other tools than it did.

## Looks at
The first tool of each request, by route; calls of tools that do not exist; and requests of tool-using routes that call none at all.

## Why it matters
Every call succeeds, and the answer comes from the wrong place: the refund policy is never looked up.

## Stays quiet when
The choice moved by less than 15 points beyond chance, drifts like that anyway, or moved because other people ask (by route, tenant,
locale).

## Told apart from
A shift of intent (the mix of who asks is taken out), tool.schema_break (the right tool, wrong arguments), tool.loop (the same tool again).
"""

import numpy as np
from pydantic import Field

from bot.engine.check import check
from bot.engine.choosing import FRESH, first_tools, silent, unknown_tool
from bot.engine.exam import Exam
from bot.engine.lasting import rate_since
from bot.engine.needs import need
from bot.engine.turnover import PASSED, grown, worst
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.frame import BoolArray
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates
from bot.stats.variation import VariationGates

BY = ("route", "tenant", "app_version")
SURE = 2.0 / 3.0  # of the gate beyond what chance moves: a dozen tools and some hundred requests are moved a tenth by chance


class Limits(Base):
    choice: VariationGates = Field(default=VariationGates(n=50, moderate_p=0.001))  # one in seven begins elsewhere; p knows the n
    announced: VariationGates = Field(default=VariationGates(n=50, distance=0.08))  # half of it, where the definitions are new too
    unknown: PropGates = Field(default=PropGates(floor=0.01))  # models invent a tool now and then
    none: PropGates = Field(default=PropGates(floor=0.15, ratio=1.5))  # as far as a choice must move: no tool is a choice too


@check(need("tool", "tool"), prior=2, limits=Limits)
def selection_drift(exam: Exam, limits: Limits) -> Examination:
    requests, ops = exam.requests, exam.ops("tool")
    definitions = _new(exam, "tool_defs_hash")
    moved, where, rows = _choice(exam, limits.announced if definitions.grade is Grade.STRONG else limits.choice)
    invented = rate_since(exam, ops, unknown_tool(ops), by=("tool", "tool_server"), gates=limits.unknown, kind="tool")
    callers, quiet = silent(exam.evidence)
    without = exam.rate(requests, quiet, among=callers, by=("route", "tenant"), gates=limits.none, slices=False)
    required, said = moved, _moved_words(moved, where)
    if moved.grade not in PASSED and invented.measured.grade in PASSED:
        required, where, rows = invented.measured, invented.where, exam.evidence.requests_with(ops, unknown_tool(ops))
        exam.seen_in(invented.windows)
        said = f"tools that do not exist are called: {share(required)}"
    elif moved.grade not in PASSED and without.measured.grade in PASSED:
        required, where, rows = without.measured, without.where, quiet
        exam.cap(0.7)  # spans that were lost look the same
        said = f"requests of {name(where, 'the agents')} call no tool at all: {share(required)}"
    exam.require("choice of the first tool", Signal.FORM, required)
    if required is moved:
        exam.support("calls of tools that do not exist", Signal.FORM, _only_loud(invented.measured))
    exam.support("new tool definitions", Signal.CHANGE, _only_loud(definitions))
    exam.support("a new prompt", Signal.CHANGE, _only_loud(_new(exam, "prompt_version")))
    exam.support("a new model", Signal.CHANGE, _only_loud(_new(exam, "model_served")))
    exam.affects(requests, rows)
    exam.cell(where)
    return exam.conclude(said)


def _choice(exam: Exam, gates: VariationGates) -> tuple[Measured, dict[str, str], BoolArray]:
    """The cell where the first tool moved most. A route with choices of its own is judged by itself: other routes have other tools."""
    requests, chosen = exam.requests, first_tools(exam.evidence)
    moved, where, cell = worst(exam.evidence, requests, chosen, BY, gates, SURE)
    return moved, where, grown(exam.evidence, requests, chosen, cell)


def _moved_words(moved: Measured, where: dict[str, str]) -> str:
    tool, now, then = (moved.numbers.get(key) for key in ("value", "share", "baseline_share"))
    return f"agents of {name(where, 'all routes')} turn to other tools first: {tool} {_percent(then)} -> {_percent(now)}"


def _percent(value: object) -> str:
    return f"{value:.0%}" if isinstance(value, int | float) else "?"


def _new(exam: Exam, column: str) -> Measured:
    """NOVEL among the model calls of requests that call tools: the definitions, the prompt or the model that reads them."""
    calls, ops = exam.ops("llm"), exam.ops("tool")
    if not exam.sees("llm", column):
        return exam.not_recorded("llm", column)
    calling = exam.evidence.requests_with(ops, np.ones(ops.n, dtype=np.bool_))
    of = exam.evidence.request_of(calls)
    return exam.novelty(calls, column, among=(of >= 0) & calling[np.maximum(of, 0)], gates=FRESH)


def _only_loud(measured: Measured) -> Measured:
    """Its presence speaks, its absence does not: descriptions change without a hash, models by themselves."""
    return measured if measured.grade in PASSED else measured.model_copy(update={"grade": Grade.NA})
