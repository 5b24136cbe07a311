"""Causes in the tool layer: one tool of the agent, or the agent's way with its tools."""

from __future__ import annotations

from bot.simulator.causes.draft import Cause, Draft, Plan, edited, newer
from bot.simulator.scenario import Event, Shift, Where
from bot.simulator.world import Tool


def _tool(draft: Draft) -> tuple[Tool, Where]:
    """One of the common tools: a rare one would not be paged about."""
    names = next(route.tools for route in draft.world.routes if route.kind == "agent")
    tool = draft.world.tool(draft.one(*names[:3]))
    return tool, (("tool", tool.name),)


def timeout(draft: Draft) -> Plan:
    tool, at = _tool(draft)
    shifts = (
        Shift("tool.stuck", "add", draft.share(0.06, 0.18, 0.55), where=draft.scope, at=at),
        Shift("tool.slow", "times", draft.factor(1.3, 1.8, 2.5), where=draft.scope, at=at),
    )
    return Plan(draft.fault("tool.timeout", shifts, (("tool", tool.name),), "tool_error"))


def error(draft: Draft) -> Plan:
    tool, at = _tool(draft)
    kind = draft.one("server_error", "connection", "auth", "rate_limit")
    shifts = (Shift("tool.hazard", "add", draft.share(0.06, 0.18, 0.6), where=draft.scope, at=at), Shift("tool.class", "set", kind, at=at))
    return Plan(draft.fault("tool.error", shifts, (("tool", tool.name),), "tool_error"))


def schema_break(draft: Draft) -> Plan:
    tool, at = _tool(draft)
    version = newer(tool.version)
    shifts = (
        Shift("tool.rejects", "add", draft.share(0.1, 0.3, 0.9), where=draft.scope, at=at, coin="tool"),
        Shift("tool.version", "set", version, where=draft.scope, at=at, coin="tool"),
        Shift("tool.schema", "set", f"{int(draft.rng.integers(1 << 16)):04x}", where=draft.scope, at=at, coin="tool"),
    )
    event = Event(draft.shape.onset - 60.0, "tool", tool.name, tool.version, version, author="tools-team")
    return Plan(draft.fault("tool.schema_break", shifts, (("tool", tool.name),), "tool_rejected"), (event,))


def silent_empty(draft: Draft) -> Plan:
    tool, at = _tool(draft)
    version = newer(tool.version)
    shifts = (
        Shift("tool.empty", "add", draft.share(0.12, 0.35, 0.85), where=draft.scope, at=at, coin="tool"),
        Shift("tool.version", "set", version, where=draft.scope, at=at, coin="tool"),
        Shift("tool.result_keys", "set", "b0d3", where=draft.scope, at=at, coin="tool"),
        Shift("tool.bytes", "times", 0.6, where=draft.scope, at=at, coin="tool"),
    )
    event = Event(draft.shape.onset - 60.0, "tool", tool.name, tool.version, version, author="tools-team")
    return Plan(draft.fault("tool.silent_empty", shifts, (("tool", tool.name),), "tool_empty"), (event,))


def loop(draft: Draft) -> Plan:
    """The stop instruction was lost from the agent's prompt: some runs ask the same question until the steps are used up."""
    route = draft.route("agent")
    prompt = draft.world.prompt(route.prompt)
    text = prompt.text.replace(", stop when the task is done", "")
    stuck = Shift("agent.stuck", "add", draft.share(0.05, 0.15, 0.4), where=draft.scope, coin="edit")
    shifts, events, texts = edited(draft, prompt, text, (stuck,))
    if draft.rng.random() < 0.5:  # or the model fell into it by itself
        shifts, events, texts = (Shift("agent.stuck", "add", float(stuck.to), where=draft.scope),), (), ()
    return Plan(draft.fault("tool.loop", shifts, (("route", route.name),), "loop"), events, texts)


def selection_drift(draft: Draft) -> Plan:
    route = draft.route("agent")
    shifts = (
        Shift("agent.drift", "set", draft.share(0.4, 0.65, 0.95), coin="defs"),
        Shift("tools.defs", "set", "e90b", coin="defs"),
        Shift("agent.dead_end", "add", draft.share(0.1, 0.2, 0.3), coin="defs"),
    )
    event = Event(draft.shape.onset - 40.0, "tool", "tool-descriptions", "d41f", "e90b", author="tools-team")
    return Plan(draft.fault("tool.selection_drift", shifts, (("route", route.name),), "failed"), (event,))


BUSY = (900.0, 2400.0)  # requests an hour: an agent's route is a tenth of them
SCOPES = ("region",)  # a tenant of 3 % on a route of 12 % would not be paged about
CAUSES = {
    "tool.timeout": Cause(timeout, SCOPES, per_hour=BUSY),
    "tool.error": Cause(error, SCOPES, per_hour=BUSY),
    "tool.schema_break": Cause(schema_break, (), ("step", "ramp"), per_hour=BUSY),
    "tool.silent_empty": Cause(silent_empty, (), ("step", "ramp"), per_hour=BUSY),
    "tool.loop": Cause(loop, (), ("step", "ramp"), per_hour=BUSY),
    "tool.selection_drift": Cause(selection_drift, (), ("step",), (1.0, 4.5), per_hour=BUSY),
}
