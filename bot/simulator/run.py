"""One simulation from arrivals to root spans; and the observables that people would notice."""

from __future__ import annotations

import numpy as np

from bot.model.frame import BoolArray, FloatArray, IntArray
from bot.simulator.draws import Draws
from bot.simulator.scenario import Scenario, Where
from bot.simulator.sim import NONE, Sim, absent
from bot.simulator.stages.agent import run_agent
from bot.simulator.stages.edges import feedback, guard_input, judge, look_up, parse, render
from bot.simulator.stages.model import Ask, ask
from bot.simulator.stages.retrieval import rerank, retrieve
from bot.simulator.traffic import arrivals, asked_again
from bot.simulator.world import Route

NO_SOURCES = 0.9  # of answers written without a required source, the citation check refuses this share
HTTP = {"timeout": 504, "rate_limit": 503, "parse": 502, "exception": 500, "no_sources": 502, "tool_failed": 502}


def simulate(scenario: Scenario) -> Sim:
    """Run the world twice: the first time tells who asks again after a failure."""
    draws = Draws(scenario.seed)
    first = Sim(scenario, arrivals(scenario, draws), draws)
    _walk(first)
    second = Sim(scenario, asked_again(first.requests, ~absent(first.failed), draws), draws)
    _walk(second)
    return second


def _walk(sim: Sim) -> None:
    every = np.arange(sim.n)
    look_up(sim, every)
    guard_input(sim, every)
    for number, route in enumerate(sim.world.routes):
        rows = np.flatnonzero((sim.requests.route == number) & ~sim.done)
        if len(rows):
            _serve(sim, rows, route)
    _crash(sim, every)
    judge(sim, every)
    _roots(sim, every)


def _serve(sim: Sim, rows: IntArray, route: Route) -> None:
    searched = np.zeros(sim.n, dtype=np.bool_)
    for name in route.sources:
        source = sim.world.source(name)
        share = 1.0 if source.required else 0.25
        use = rows[sim.uniform(f"{name}.use", rows) < share]
        searched[use] |= source.required
        retrieve(sim, use, source)
    if route.sources:
        rerank(sim, rows)
    render(sim, rows, route)
    _extra_calls(sim, rows, route)
    if route.kind == "agent":
        run_agent(sim, rows, route)
    else:
        alive = rows[~sim.done[rows]]
        answer = ask(sim, alive, Ask(f"{route.name}.answer", route, route.out_tokens))
        if route.schema:
            parse(sim, alive, route, answer)
    _grounded(sim, rows[searched[rows]])


def _extra_calls(sim: Sim, rows: IntArray, route: Route) -> None:
    """Further nodes of the chain (rewrite, reflect) that a flag or release may have added."""
    extra = sim.dial("chain.extra", rows, 0.0, route=route.name)
    for number, name in enumerate(("rewrite", "reflect", "critique")):
        these = rows[(extra > number) & ~sim.done[rows]]
        if len(these):
            chain = sim.record("chain", f"{name} {route.name}", these, np.zeros(len(these)))
            batch, begun = sim.batches[-1], sim.clock[these].copy()
            ask(sim, these, Ask(f"{route.name}.{name}", route, route.out_tokens * 0.6, parent=chain, last=False))
            batch.duration = sim.clock[these] - begun


def _grounded(sim: Sim, rows: IntArray) -> None:
    """The product refuses to show an answer without sources: the citation check fails, and with it most such requests."""
    alive = rows[~sim.done[rows] & (sim.context[rows] <= 0)]
    lost = sim.signs.get("retrieval_error", np.zeros(sim.n, dtype=np.bool_))[alive]
    ends = alive[lost & (sim.uniform("cites.check", alive) < NO_SOURCES)]
    sim.fail(ends, np.full(len(ends), "no_sources", dtype=object), "answer without sources")
    sim.degraded[alive[lost]] = True


def _crash(sim: Sim, rows: IntArray) -> None:
    """Exceptions in the product's own code around the model."""
    alive = rows[absent(sim.failed[rows]) & ~sim.blocked[rows]]
    p = sim.dial("app.crash", alive, sim.world.crash) * sim.chronic(alive)
    crashed = alive[sim.hit("app.crashes", alive, p)]
    sim.fail(crashed, np.full(len(crashed), "exception", dtype=object), "unhandled exception")
    sim.sign("app_error", crashed)


def _roots(sim: Sim, rows: IntArray) -> None:
    requests = sim.requests
    took = sim.clock + 0.008 * sim.spread("app.overhead", rows, 0.4) * sim.dial("app.slow", rows, 1.0)
    cohort = sim.dial("device.slow", rows, 1.0)
    took = took * cohort
    sim.took = took
    bad = ~absent(sim.failed)
    gone = (sim.uniform("client.gone", rows) < 0.003) & ~bad
    code = np.array([HTTP.get(str(kind), 502) if kind is not None else 200 for kind in sim.failed.tolist()])
    code = np.where(gone, 499, code)
    outcome = np.where(bad, "failed", np.where(sim.blocked | sim.degraded | sim.refused, "degraded", "ok"))
    dims = requests.dims
    thumbs = feedback(sim, rows)
    last_seen = sim.draws.uniform("policy.hit", sim.n) < sim.dial("policy.hit", rows, 0.0002)
    sim.sign("policy_hit", np.flatnonzero(last_seen & ~bad & ~sim.refused & ~sim.blocked))
    risky = sim.uniform("risk.topic", rows) < 0.05
    sim.record(
        "request", "POST", rows, took, start=requests.ts, error=np.where(gone, "cancelled", sim.failed),
        request__route=dims["route"], request__tenant=dims["tenant"], request__region=dims["region"], request__locale=dims["locale"],
        request__client=dims["client"], request__device_class=dims["device_class"], request__user_hash=dims["user"],
        request__session_id=np.array([f"s{value:07d}" for value in requests.session.tolist()], dtype=object),
        request__app_version=sim.choice("app.version", rows, sim.world.versions[-1]), request__outcome=np.where(gone, "cancelled", outcome),
        request__outcome_reason=sim.reason, request__user_ttft_ms=np.round(sim.first_token * 1e3, 1), request__feedback__thumb=thumbs,
        request__feedback__re_ask=requests.retry, request__risk_category=np.where(risky, "sensitive", NONE),
        request__policy_hit=last_seen, request__cost_usd=np.round(sim.cost, 7), span__http_status=code, span__pod=dims["pod"],
        request__model_variant=np.where(absent(dims["device_class"]), NONE, sim.choice("device.variant", rows, "int8-2")),
    )  # fmt: skip
    sim.sign("failed", rows[bad])
    sim.sign("unhappy", rows[thumbs < 0])


SYMPTOMS: dict[str, tuple[str, str]] = {
    "failed": ("error rate", "%"),
    "llm_error": ("model call error rate", "%"),
    "retrieval_error": ("retrieval error rate", "%"),
    "tool_error": ("tool error rate", "%"),
    "tool_rejected": ("tool argument rejections", "%"),
    "tool_empty": ("empty tool results", "%"),
    "parse_failed": ("structured output failures", "%"),
    "refusal": ("refusal rate", "%"),
    "guardrail_blocked": ("guardrail block rate", "%"),
    "empty_retrieval": ("searches without results", "%"),
    "partial": ("partial search results", "%"),
    "cut_off": ("answers cut off", "%"),
    "prompt_unresolved": ("unresolved template variables", "%"),
    "lang_mismatch": ("answers in the wrong language", "%"),
    "policy_hit": ("policy violations", "%"),
    "unhappy": ("thumbs down", "%"),
    "cache_hit": ("semantic cache hit rate", "%"),
    "low_score": ("answers scored below 0.7", "%"),
    "loop": ("agents out of steps", "%"),
    "duration": ("p95 latency", "s"),
    "ttft": ("p95 time to first token", "s"),
    "cost": ("cost per request", "USD"),
    "tokens_input": ("input tokens per request", "tokens"),
    "tokens_output": ("output tokens per request", "tokens"),
    "calls": ("model calls per request", "calls"),
    "volume": ("requests per minute", "/min"),
}
"""Observable -> how a page words it and its unit."""


def symptom(sim: Sim, name: str) -> FloatArray:
    """An observable as a number per request: 0/1, or seconds, dollars, tokens, calls."""
    if name == "duration":
        return sim.took.copy()
    if name == "ttft":
        return sim.first_token.copy()
    if name == "cost":
        return sim.cost.copy()
    if name in ("tokens_input", "tokens_output", "calls"):
        return _llm_total(sim, name)
    if name == "volume":
        return np.ones(sim.n)
    return sim.signs.get(name, np.zeros(sim.n, dtype=np.bool_)).astype(np.float64)


def _llm_total(sim: Sim, name: str) -> FloatArray:
    total = np.zeros(sim.n)
    for batch in sim.batches:
        if batch.kind == "llm":
            column = None if name == "calls" else batch.cols["llm.tokens.input" if name == "tokens_input" else "llm.tokens.output"]
            values = np.ones(len(batch.rows)) if column is None else np.array([v or 0.0 for v in np.asarray(column).tolist()])
            np.add.at(total, batch.rows, values)
    return total


def in_slice(sim: Sim, where: Where) -> BoolArray:
    """Requests inside a slice: by their own dimensions, by their route's prompt, or by the tool or source they used."""
    inside = sim.where(tuple((dim, value) for dim, value in where if dim in sim.requests.dims))
    for dim, value in where:
        if dim == "prompt_name":
            inside &= np.isin(sim.requests.dims["route"].astype(str), [route.name for route in sim.world.routes if route.prompt == value])
        elif dim in ("tool", "source_id"):
            path = {"tool": "tool.name", "source_id": "retrieval.source_id"}[dim]
            used = np.zeros(sim.n, dtype=np.bool_)
            for batch in sim.batches:
                if batch.cols.get(path) == value:
                    used[batch.rows] = True
            inside &= used
    return inside
