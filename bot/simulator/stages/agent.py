"""An agent's loop: the model picks a tool, the tool answers or not, until the model is content or the steps run out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.model.frame import BoolArray, FloatArray, IntArray
from bot.simulator.sim import NONE, Sim, absent
from bot.simulator.stages.model import Ask, ask
from bot.simulator.world import Route, Tool

MAX_STEPS = 9
STEPS = 2.2  # mean tool calls of a healthy run
DECISION_TOKENS = 34.0


@dataclass
class Called:
    ok: BoolArray
    useful: BoolArray


def run_agent(sim: Sim, rows: IntArray, route: Route) -> None:
    alive = rows[~sim.done[rows]]
    if len(alive) == 0 or not route.tools:
        return
    begun = sim.clock[alive].copy()
    agent = sim.record("agent", f"invoke_agent {route.name}", alive, np.zeros(len(alive)))
    batch = sim.batches[-1]
    first = int(agent[0])
    where = np.full(sim.n, -1, dtype=np.int64)
    where[alive] = np.arange(len(alive))
    wants = sim.draws.stream(f"{route.name}.steps").geometric(1.0 / STEPS, sim.n)[alive].astype(np.float64)
    last_tool = np.full(len(alive), None, dtype=object)
    last_args = np.zeros(len(alive))
    for step in range(MAX_STEPS):
        going = np.flatnonzero((wants > 0) & ~sim.done[alive])
        if len(going) == 0:
            break
        these = alive[going]
        ask(sim, these, Ask(f"{route.name}.step{step}", route, DECISION_TOKENS, tools=True, parent=first + going, last=False))
        still = np.flatnonzero(~sim.done[these])
        going, these = going[still], these[still]
        again = _again(sim, these, step, last_tool[going])
        tools = np.where(again, last_tool[going], _chosen(sim, these, route, step))
        args = np.where(again, last_args[going], sim.uniform(f"{route.name}.args{step}", these))
        last_tool[going], last_args[going] = tools, args
        called = _call(sim, these, tools, args, step, first + going)
        wants[going] += _after(sim, these, called, again, step)
    spent = (wants > 0) & ~sim.done[alive]
    sim.sign("loop", alive[spent])
    sim.degraded[alive[spent]] = True
    writing = alive[~sim.done[alive]]
    ask(sim, writing, Ask(f"{route.name}.final", route, route.out_tokens, parent=first + where[writing]))
    batch.duration = sim.clock[alive] - begun
    batch.error = np.where(sim.done[alive], sim.failed[alive], NONE)


def _again(sim: Sim, rows: IntArray, step: int, last: np.ndarray) -> BoolArray:
    """The model asks the very same question again."""
    stuck = sim.uniform("agent.stuck", rows) < sim.dial("agent.stuck", rows, 0.002)
    return stuck & ~absent(last) & (sim.uniform(f"agent.again{step}", rows) < 0.93)


def _chosen(sim: Sim, rows: IntArray, route: Route, step: int) -> np.ndarray:
    """By what the request needs: early tools of the list are the common ones. A drifted model picks by another order."""
    weights = 1.0 / np.arange(1, len(route.tools) + 1) ** 0.8
    edges = np.cumsum(weights) / weights.sum()
    pick = np.minimum(np.searchsorted(edges, sim.uniform(f"{route.name}.tool{step}", rows), side="right"), len(route.tools) - 1)
    drifted = sim.uniform("agent.drift", rows) < sim.dial("agent.drift", rows, 0.0)
    pick = np.where(drifted, len(route.tools) - 1 - pick, pick)
    return np.array(route.tools, dtype=object)[pick]


def _after(sim: Sim, rows: IntArray, called: Called, again: BoolArray, step: int) -> FloatArray:
    """Change of the steps still wanted: a failure makes most models plan anew; some runs die of it."""
    u = sim.uniform(f"agent.react{step}", rows)
    bad = ~called.ok
    dead = sim.uniform(f"agent.dead{step}", rows) < sim.dial("agent.dead_end", rows, 0.0)
    dies = (bad & (u < 0.45)) | dead
    sim.fail(rows[dies], np.full(int(dies.sum()), "tool_failed", dtype=object), "the agent gave up after a failed tool")
    empty = called.ok & ~called.useful
    sim.context[rows[empty]] = np.minimum(sim.context[rows[empty]], 0.45)
    return np.where(again, 0.0, np.where(bad, np.where(u < 0.9, 1.0, 0.0) - 1.0 + 0.3, -1.0))


def _call(sim: Sim, rows: IntArray, tools: np.ndarray, args: FloatArray, step: int, parent: IntArray) -> Called:
    ok = np.zeros(len(rows), dtype=np.bool_)
    useful = np.zeros(len(rows), dtype=np.bool_)
    for name in sorted({str(tool) for tool in tools.tolist()}):
        part = np.flatnonzero(tools == name)
        ok[part], useful[part] = _one(sim, rows[part], sim.world.tool(name), args[part], f"{name}.{step}", parent[part])
    return Called(ok, useful)


def _one(sim: Sim, rows: IntArray, tool: Tool, args: FloatArray, stream: str, parent: IntArray) -> tuple[BoolArray, BoolArray]:
    """One call of one tool for each row: its own latency and faults, its contract with the model, and what it returns."""
    at = {"tool": tool.name}
    took = tool.median * sim.spread(f"{stream}.time", rows, 0.7) * sim.dial("tool.slow", rows, 1.0, **at)
    stuck = sim.hit(f"{stream}.stuck", rows, sim.dial("tool.stuck", rows, 0.0, **at))
    broken = sim.hit(f"{stream}.fault", rows, sim.dial("tool.hazard", rows, tool.hazard, **at))
    error = np.where(broken, sim.choice("tool.class", rows, "server_error", **at), NONE)
    valid = ~sim.hit(f"{stream}.args", rows, sim.dial("tool.rejects", rows, 0.002, **at))
    error = np.where(~valid, "tool_contract", error)
    late = (took > tool.deadline) | stuck
    error = np.where(late, "timeout", error)
    lost = sim.hit(f"{stream}.egress", rows, sim.dial("region.loss", rows, 0.0, host=tool.address))
    error = np.where(lost, np.where(sim.uniform(f"{stream}.how", rows) < 0.5, "timeout", "connection"), error)
    took = np.where(error == "timeout", tool.deadline + 0.003 + 0.01 * sim.wait(f"{stream}.jitter", rows), np.minimum(took, tool.deadline))
    took = np.where(
        np.isin(error.astype(str), ("server_error", "auth", "tool_contract", "connection")), np.minimum(took, 0.15 + took * 0.2), took
    )
    ok = absent(error)
    empty = sim.hit(f"{stream}.empty", rows, sim.dial("tool.empty", rows, tool.empty, **at)) & ok
    size = np.where(empty, 18.0, tool.result_bytes * sim.spread(f"{stream}.bytes", rows, 0.5) * sim.dial("tool.bytes", rows, 1.0, **at))
    sim.history_tokens[rows] += np.where(ok, size / 4.0, 25.0)
    sim.record(
        "tool", f"execute_tool {tool.name}", rows, took, service="tools", parent=parent, error=error,
        tool__name=tool.name, tool__type="extension" if tool.kind == "mcp" else tool.kind, tool__server=tool.server,
        tool__version=sim.choice("tool.version", rows, tool.version, **at), tool__schema_hash=sim.choice("tool.schema", rows, "5c1a", **at),
        tool__args_hash=np.array([f"{int(x * 2**40):010x}" for x in args], dtype=object), tool__args_keys=",".join(tool.args),
        tool__args_valid=valid, tool__result_bytes=np.where(ok, np.round(size), np.nan), tool__result_empty=np.where(ok, empty, NONE),
        tool__result_keys_hash=np.where(ok & ~empty, sim.choice("tool.result_keys", rows, "a7e2", **at), NONE),
        tool__side_effect=tool.side_effect, span__server_address=tool.address,
    )  # fmt: skip
    sim.pass_time(rows, took)
    sim.sign("tool_error", rows[~ok])
    sim.sign("tool_rejected", rows[error == "tool_contract"])
    sim.sign("tool_empty", rows[empty])
    return ok, ok & ~empty
