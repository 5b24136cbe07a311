"""Traces in which an agent repeats itself (SEQ of catalogue 0.3)."""

from __future__ import annotations

import re

import numpy as np

from bot.engine.failing import failed
from bot.model.evidence import Evidence
from bot.model.frame import BoolArray
from bot.stats.sequence import repeats

STEPS = re.compile(
    r"(max(imum)?|too many)[ _-]?(number of )?(steps|iterations|turns|tool[ _-]?calls)"
    r"|recursion[ _-]?limit|(step|turn|iteration)[ _-]?limit",
    re.I,
)
"""How frameworks say that an agent used up its steps: GraphRecursionError, MaxTurnsExceeded, max_steps reached."""


def looping(evidence: Evidence) -> tuple[BoolArray, BoolArray]:
    """Per request: (makes tool calls at all, repeats itself on calls that succeeded, or used up its steps).

    Repeats of failed calls are the tool's fault."""
    ops = evidence.kind("tool")
    rows = evidence.request_of(ops)
    agents = evidence.requests_with(ops, np.ones(ops.n, dtype=np.bool_))
    fine = ~failed(ops) & ~ops.true("tool_result_empty") & (rows >= 0)
    tools, args = ops.text("tool"), ops.text("tool_args_hash")
    calls = tools.codes * np.int64(len(args.values) + 2) + args.codes
    circling = np.zeros(evidence.seen.n, dtype=np.bool_)
    if fine.any():
        trace, order = rows[fine], ops.number("ts")[fine]
        flagged = repeats(trace, order, calls[fine])
        circling[flagged] = True
    return agents, circling | (agents & used_up(evidence) & ~evidence.requests_with(ops, failed(ops)))


def used_up(evidence: Evidence) -> BoolArray:
    """Requests that ended because the agent had no steps left."""
    said = evidence.seen.text("outcome_reason")
    named = np.array([bool(STEPS.search(value[:200])) for value in said.values] + [False], dtype=np.bool_)
    marked = np.asarray(named[said.codes], dtype=np.bool_)
    agents = evidence.kind("agent")
    raw = agents.text("error_raw")
    broke = np.array([bool(STEPS.search(value[:400])) for value in raw.values] + [False], dtype=np.bool_)
    return marked | evidence.requests_with(agents, np.asarray(broke[raw.codes], dtype=np.bool_))
