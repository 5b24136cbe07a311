"""Causes in the instrument: the product is well, what is seen of it is not."""

from __future__ import annotations

from bot.simulator.causes.draft import Cause, Draft, Plan
from bot.simulator.observe.profile import POOLS
from bot.simulator.scenario import Event, Shift


def trace_loss(draft: Draft) -> Plan:
    share = draft.share(0.3, 0.6, 0.93)
    if draft.rng.random() < 0.3:
        shifts: tuple[Shift, ...] = (Shift("trace.torn", "set", share, coin="context"),)
    else:
        shifts = (Shift("trace.loss", "set", share, where=draft.scope),)
    event = Event(draft.shape.onset - 30.0, "otel", "collector", "0.110", "0.111", author="observability")
    title = f"{draft.world.service}: request volume in traces dropped sharply"
    return Plan(draft.fault("telemetry.trace_loss", shifts, (), "failed", judged=False), (event,), title=title)


def schema_drift(draft: Draft) -> Plan:
    """An SDK upgrade: the process speaks another dialect, and the product's own attributes have new names nobody declared."""
    other = draft.one(*[name for name in POOLS[draft.split] if name.startswith("otel")])
    shifts = (
        Shift("schema.dialect", "set", other, at=(("service", "app|retriever"),), coin="sdk"),
        Shift("schema.renamed", "set", 1.0, at=(("service", "app|retriever"),), coin="sdk"),
        Shift("schema.no_usage", "set", {"low": 0.3, "mid": 0.6, "high": 1.0}[draft.severity], coin="sdk"),
    )
    event = Event(draft.shape.onset - 30.0, "otel", "opentelemetry-sdk", "1.27", "1.38", author="observability")
    title = f"{draft.world.service}: token cost fell by half within minutes"
    return Plan(draft.fault("telemetry.schema_drift", shifts, (), "tokens_output", judged=False), (event,), title=title)


def judge_drift(draft: Draft) -> Plan:
    shifts = (
        Shift("judge.bias", "add", -draft.share(0.08, 0.14, 0.25), coin="judge"),
        Shift("judge.version", "set", "j4", coin="judge"),
    )
    event = Event(draft.shape.onset - 30.0, "judge", draft.world.judge, "j3", "j4", author="evals")
    return Plan(draft.fault("telemetry.judge_drift", shifts, (), "low_score"), (event,))


CAUSES = {
    "telemetry.trace_loss": Cause(trace_loss, (), ("step",)),
    "telemetry.schema_drift": Cause(schema_drift, (), ("step", "ramp")),
    "telemetry.judge_drift": Cause(judge_drift, (), ("step",), (2.0, 4.5), (1500.0, 2600.0)),
}
