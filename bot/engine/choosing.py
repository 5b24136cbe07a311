"""Which tool an agent turns to first, and calls of tools that do not exist."""

from __future__ import annotations

import re

import numpy as np

from bot.engine.exam import Exam
from bot.engine.turnover import Chosen
from bot.model.evidence import Evidence
from bot.model.finding import Measured
from bot.model.frame import BoolArray, Codes, Frame
from bot.stats.novel import NovelGates

UNKNOWN = re.compile(
    r"(unknown|no such|unregistered|nonexistent|invalid)[ _-]?(tool|function)\b"
    r"|(tool|function)\b.{0,60}\b(not (found|registered|available|defined)|does ?n[o']t exist|is unknown)"
    r"|nosuchtool|tool_?not_?found|-32601\b",
    re.I,
)
"""What frameworks say of a tool that nobody has; JSON-RPC's own code for it is -32601."""


def first_tools(evidence: Evidence) -> Chosen:
    """The first tool of each request that calls any. Later calls answer to what the first one brought."""
    ops = evidence.kind("tool")
    rows = evidence.request_of(ops)
    tools = ops.text("tool")
    good = np.flatnonzero((rows >= 0) & tools.recorded)
    order = good[np.lexsort((tools.codes[good], ops.number("ts")[good], rows[good]))]
    of = rows[order]
    head = np.r_[True, of[1:] != of[:-1]] if len(of) else np.zeros(0, dtype=np.bool_)
    return Chosen(Codes(tools.values, tools.codes[order[head]]), of[head])


def unknown_tool(ops: Frame) -> BoolArray:
    """Calls that failed because there is no such tool."""
    said = ops.text("error_raw")
    named = np.array([bool(UNKNOWN.search(value[:400])) for value in said.values] + [False], dtype=np.bool_)
    return np.asarray(named[said.codes], dtype=np.bool_)


USUAL = 0.3  # of a route's healthy requests call a tool: then one that does not made a choice
MIN_ROUTE = 50  # requests of B before a route's habit is known


def silent(evidence: Evidence) -> tuple[BoolArray, BoolArray]:
    """(requests of routes that usually call a tool, those of them that ended well without calling any)."""
    requests, ops, calls = evidence.seen, evidence.kind("tool"), evidence.kind("llm")
    calling = evidence.requests_with(ops, np.ones(ops.n, dtype=np.bool_))
    routes = requests.text("route")
    of = routes.codes + 1  # requests without a route are one route
    then = evidence.in_baseline
    total = np.bincount(of[then], minlength=len(routes.values) + 1)
    with_tool = np.bincount(of[then & calling], minlength=len(routes.values) + 1)
    usual = (total >= MIN_ROUTE) & (with_tool >= USUAL * np.maximum(total, 1))
    cut_short = requests.true("failed") | requests.true("guardrail_blocked") | requests.true("cache_hit") | requests.true("refusal")
    asked = evidence.requests_with(calls, calls.equals("finish", "tool_call"))  # it did call one, whose span is lost
    callers = usual[of] & ~cut_short
    return callers, callers & ~calling & ~asked


FRESH = NovelGates(n=30, share=0.1)  # one tool is called less often than all; its schema changes for all its calls or for a roll-out


def renewed(exam: Exam, ops: Frame, column: str, cell: BoolArray, bad: BoolArray) -> Measured:
    """NOVEL of a tool's version or schema inside its cell, when it holds most of the bad calls."""
    novelty = exam.novelty(ops, column, among=cell, gates=FRESH)
    return exam.held(novelty, bad & cell & exam.current(ops), exam.new_values(ops, column))
