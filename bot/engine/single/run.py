"""Who did what in the trace of an agent: which model call asked for a tool, what had been observed by then, which call gave the answer."""

from __future__ import annotations

import re
from bisect import bisect_left

from bot.model.step import Step, Told

OBSERVING = ("tool", "retrieval", "db", "http")
"""Kinds of spans that bring something in from outside."""

_CLOSING = re.compile(
    r"(final|submit|finish|return|give|provide)[_ -]?(the[_ -])?(answer|result|response|output)"
    r"|^(finish|done|submit|terminate|respond|end)$",
    re.I,
)
"""Tools that only hand an answer over: calling one brings nothing in."""


def closes(step: Step) -> bool:
    return step.kind == "tool" and any(_CLOSING.search(_spaced(name)) for name in (step.tool, step.name))


def closing_name(name: str) -> bool:
    return _CLOSING.search(_spaced(name)) is not None


def _spaced(name: str) -> str:
    """FinalAnswerTool -> Final Answer Tool."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name[:100])


def author(told: Told, step: Step) -> Step | None:
    """The model call whose output made this step happen: the last one that began before it, on its own level or the nearest above."""
    for at in (step, *told.above(step)):
        if at is not step and at.kind == "llm":
            return at
        if at is not step and at.kind == "agent":  # beyond an agent stands its caller, who did not ask for this step
            return None
        beside = told.calls_below.get(at.parent_id, [])
        place = bisect_left(beside, told.rank[at.span_id], key=lambda one: told.rank[one.span_id])
        if place:
            return beside[place - 1]
    return None


def turns(told: Told, agent: str) -> list[Step]:
    """The model calls of one agent, its sub-agents' left out; "" for those outside of any."""
    return told.turns.get(agent, [])


def outermost(told: Told) -> str:
    """The agent that answers the user: the highest one with model calls of its own; "" when none is recorded."""
    working = set(told.turns) - {""}
    agents = [step for step in told.of("agent") if step.span_id in working]
    if not agents:
        return ""
    return min(agents, key=lambda step: (sum(1 for _ in told.above(step)), told.rank[step.span_id])).span_id


def answering(told: Told) -> Step | None:
    """The model call that gave the run's answer: the last turn of the agent that answers the user."""
    own = turns(told, outermost(told)) or told.of("llm")
    return own[-1] if own else None


def observed(told: Told, until: Step, since: Step | None = None) -> list[Step]:
    """Steps between two turns of one agent that brought something in: tools, retrievals, sub-agents. Failed and closing ones did not."""
    return [step for step in acted(told, until, since) if not step.failed]


def acted(told: Told, until: Step | None, since: Step | None = None) -> list[Step]:
    """Tools, retrievals and sub-agents that ran between two turns of one agent, whatever came of it."""
    turn = until or since
    outer = told.agent_of[turn.span_id] if turn is not None else ""
    low = told.rank[since.span_id] if since is not None else -1
    high = told.rank[until.span_id] if until is not None else len(told.steps)
    found = []
    for step in told.steps[low + 1 : high]:
        within = outer == "" or any(one.span_id == outer for one in told.above(step))
        if not within or closes(step):
            continue
        if step.kind in OBSERVING or (step.kind == "agent" and step.span_id != outer and turns(told, step.span_id)):
            found.append(step)
    return found


def heard(turn: Step) -> bool:
    """Whether the call was sent the result of a tool: many emitters record those only as messages."""
    return any(one.role in ("tool", "function") and one.text.strip() for one in turn.asked)
