"""Causes in the model layer, as changes to the provider, the gateway or the alias."""

from __future__ import annotations

from dataclasses import replace

from bot.simulator.causes.draft import Cause, Draft, Plan
from bot.simulator.scenario import Event, Shape, Shift, Where
from bot.simulator.world import Model


def _main(draft: Draft) -> Model:
    """The model that carries most of the traffic."""
    routes = sorted(draft.world.routes, key=lambda route: -route.share)
    return draft.world.model(routes[0].model)


def _provider(draft: Draft) -> tuple[Model, Where]:
    model = _main(draft)
    return model, (("provider", model.provider),)


def provider_incident(draft: Draft) -> Plan:
    model, at = _provider(draft)
    share = draft.share(0.04, 0.14, 0.5)
    kind = draft.one("server_error", "overload", "server_error")
    shifts = (
        Shift("llm.outage", "add", share * 0.7, where=draft.scope, at=at),
        Shift("llm.outage_class", "set", kind, at=at),
        Shift("llm.server_error", "add", share * 0.5, where=draft.scope, at=at),
    )
    return Plan(draft.fault("model.provider_incident", shifts, (("provider", model.provider),), "llm_error"))


def rate_limited(draft: Draft) -> Plan:
    model, at = _provider(draft)
    limit = {"low": 1.05, "mid": 0.8, "high": 0.5}[draft.severity] / draft.jitter
    shift = Shift("llm.tokens_per_minute", "set", limit, at=at)
    event = Event(draft.shape.onset - 90.0, "config", f"{model.provider}-tier", "tier-4", "tier-3", author="finance")
    return Plan(draft.fault("model.rate_limited", (shift,), (("provider", model.provider),), "llm_error"), (event,))


def quota_exhausted(draft: Draft) -> Plan:
    model, at = _provider(draft)
    shift = Shift("llm.quota", "set", {"low": 0.7, "mid": 0.9, "high": 1.0}[draft.severity], at=at)
    return Plan(draft.fault("model.quota_exhausted", (shift,), (("provider", model.provider),), "llm_error"))


def access_denied(draft: Draft) -> Plan:
    model, _ = _provider(draft)
    event = Event(draft.shape.onset - 30.0, "config", f"{model.provider}-api-key", "k-2025-1", "k-2025-2", author="secrets-rotation")
    if draft.rng.random() < 0.35:
        gone = Shift("llm.not_found", "set", 1.0, at=(("model", model.name),))
        return Plan(draft.fault("model.access_denied", (gone,), (("model_requested", model.name),), "llm_error"))
    region = draft.one(*draft.world.regions)
    pods = "|".join(f"{region}-{i}" for i in range({"low": 1, "mid": 2, "high": 3}[draft.severity]))
    shift = Shift("llm.auth", "set", 1.0, where=(("pod", pods),), at=(("provider", model.provider),))
    return Plan(draft.fault("model.access_denied", (shift,), (("provider", model.provider),), "llm_error"), (event,))


def ttft_regression(draft: Draft) -> Plan:
    model, at = _provider(draft)
    shift = Shift("llm.ttft", "times", draft.factor(1.6, 2.5, 5.0), where=draft.scope, at=at, gradual=True)
    return Plan(draft.fault("model.ttft_regression", (shift,), (("provider", model.provider),), "ttft"))


def decode_slowdown(draft: Draft) -> Plan:
    model, at = _provider(draft)
    shift = Shift("llm.tpot", "times", draft.factor(1.5, 2.2, 4.5), where=draft.scope, at=at, gradual=True)
    return Plan(draft.fault("model.decode_slowdown", (shift,), (("provider", model.provider),), "duration"))


def silent_version_change(draft: Draft) -> Plan:
    model = _main(draft)
    at = (("model", model.name),)
    top = {"low": 0.35, "mid": 0.7, "high": 1.0}[draft.severity]
    served = f"{model.name}-2026{int(draft.rng.integers(1, 3)):02d}{int(draft.rng.integers(1, 28)):02d}"
    shifts = (
        Shift("llm.served", "set", served, at=at, coin="alias"),
        Shift("llm.fingerprint", "set", f"fp_{int(draft.rng.integers(1 << 24)):06x}", at=at, coin="alias"),
        Shift("llm.length", "times", draft.factor(1.35, 1.5, 1.7), at=at, coin="alias"),
        Shift("llm.refusal", "add", draft.level(0.02, 0.05, 0.08), at=at, coin="alias"),
        Shift("llm.parse_fail", "add", draft.level(0.02, 0.04, 0.08), at=at, coin="alias"),
        Shift("llm.worth", "times", 0.8, at=at, coin="alias"),
        Shift("agent.drift", "set", 0.35, coin="alias"),
    )
    fault = draft.fault("model.silent_version_change", shifts, (("model_served", served),), "refusal")
    return Plan(replace(fault, shape=replace(fault.shape, top=top)))


def fallback_engaged(draft: Draft) -> Plan:
    """The primary fails for some minutes, the breaker opens, and stays open after the primary is well."""
    routes = sorted(draft.world.routes, key=lambda route: -route.share)
    _model, at = _provider(draft)
    spare = draft.world.model(routes[0].fallback)
    burst = Shape(draft.shape.onset - 360.0, end=draft.shape.onset + 60.0)
    shifts = (
        Shift("llm.outage", "add", 0.5, at=at, shape=burst),
        Shift("llm.breaker", "set", draft.share(0.4, 0.75, 1.0)),
        Shift("llm.refusal", "add", draft.level(0.03, 0.06, 0.1), at=(("model", spare.name),)),
        Shift("llm.parse_fail", "add", draft.level(0.04, 0.08, 0.15), at=(("model", spare.name),)),
    )
    return Plan(
        draft.fault("model.fallback_engaged", shifts, (("model_served", spare.served),), "refusal", accept=("prompt.model_mismatch",))
    )


def output_corruption(draft: Draft) -> Plan:
    """An endpoint returns garbage for some sessions: they stick to it."""
    _, at = _provider(draft)
    region = draft.one(*draft.world.regions)
    shift = Shift("llm.corrupt", "set", 1.0, where=(("region", region),), at=at, sticky=True)
    fault = draft.fault("model.output_corruption", (shift,), (("region", region),), "lang_mismatch")
    return Plan(replace(fault, shape=replace(fault.shape, top=draft.share(0.03, 0.08, 0.25))))


def truncated_output(draft: Draft) -> Plan:
    route = draft.route("extract", "rag", "chat")
    prompt = draft.world.prompt(route.prompt)
    cap = route.out_tokens * {"low": 1.9, "mid": 1.4, "high": 0.95}[draft.severity] / prompt.max_tokens
    shift = Shift("llm.max_tokens", "set", cap, at=(("prompt", prompt.name),))
    event = Event(
        draft.shape.onset - 40.0,
        "config",
        f"{prompt.name}.max_tokens",
        str(prompt.max_tokens),
        str(round(prompt.max_tokens * cap)),
        author="cost-sweep",
    )
    return Plan(draft.fault("model.truncated_output", (shift,), (("prompt_name", prompt.name),), "cut_off"), (event,))


def context_overflow(draft: Draft) -> Plan:
    """The route is moved to a deployment with a smaller window: long sessions no longer fit."""
    route = draft.route("chat", "agent", "rag")
    model = draft.world.model(route.model)
    prompt = draft.world.prompt(route.prompt)
    context = sum(draft.world.source(name).k * 210.0 for name in route.sources[:1])
    usual = prompt.system_tokens + route.user_tokens + context + (340.0 if route.tools else 0.0)
    window = usual * {"low": 1.75, "mid": 1.45, "high": 1.2}[draft.severity]
    shift = Shift("llm.window", "set", window, at=(("model", model.name),))
    event = Event(draft.shape.onset - 60.0, "model", f"{model.name} deployment", "128k", f"{window / 1000:.0f}k", author="capacity")
    accept = ("prompt.bloat", "cost.context_growth")
    return Plan(draft.fault("model.context_overflow", (shift,), (("model_requested", model.name),), "llm_error", accept=accept), (event,))


def refusal_shift(draft: Draft) -> Plan:
    model, at = _provider(draft)
    shift = Shift("llm.refusal", "add", draft.share(0.04, 0.1, 0.35), where=draft.scope, at=at)
    return Plan(draft.fault("model.refusal_shift", (shift,), (("provider", model.provider),), "refusal"))


CAUSES = {
    "model.provider_incident": Cause(provider_incident, ("region",)),
    "model.rate_limited": Cause(rate_limited, (), ("step", "intermittent")),
    "model.quota_exhausted": Cause(quota_exhausted, (), ("step",)),
    "model.access_denied": Cause(access_denied, (), ("step",)),
    "model.ttft_regression": Cause(ttft_regression, ("region",), ("step", "ramp")),
    "model.decode_slowdown": Cause(decode_slowdown, ("region",), ("step", "ramp")),
    "model.silent_version_change": Cause(silent_version_change, (), ("step", "ramp")),
    "model.fallback_engaged": Cause(fallback_engaged, (), ("step",)),
    "model.output_corruption": Cause(output_corruption, (), ("step", "ramp")),
    "model.truncated_output": Cause(truncated_output, (), ("step",)),
    "model.context_overflow": Cause(context_overflow, (), ("step",)),
    "model.refusal_shift": Cause(refusal_shift, (), ("step", "ramp")),
}
