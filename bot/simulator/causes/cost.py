"""Causes of the bill: nothing breaks, everything costs more."""

from __future__ import annotations

from bot.simulator.causes.draft import Cause, Draft, Plan, edited
from bot.simulator.scenario import Event, Shift


def model_upsell(draft: Draft) -> Plan:
    """The router's threshold moved, or a cheap route was pointed at the big model."""
    chat = draft.route("chat")
    extract = draft.route("extract")
    big = chat.model
    share = draft.share(0.4, 0.7, 1.0)
    shifts = (
        Shift("router.small_share", "set", 0.5 * (1.0 - share), at=(("route", chat.name),), coin="router"),
        *((Shift("router.model", "set", big, at=(("route", extract.name),), coin="router"),) if draft.severity != "low" else ()),
    )
    event = Event(draft.shape.onset - 30.0, "flag", "router.easy_threshold", "0.50", f"{0.5 * (1 - share):.2f}", author="quality-team")
    slice_ = (("model_requested", big),)
    return Plan(draft.fault("cost.model_upsell", shifts, slice_, "cost"), (event,))


def context_growth(draft: Draft) -> Plan:
    source = next(one for one in draft.world.sources if one.required)
    if draft.rng.random() < 0.65:
        k = float(round(draft.level(9, 14, 22)))
        shift = Shift("source.k", "set", k, where=draft.scope, at=(("source", source.name),))
        event = Event(draft.shape.onset - 30.0, "config", f"{source.name}.top_k", str(source.k), f"{k:.0f}", author="search-team")
        route = draft.route("rag")
    else:
        shift = Shift("history.turns", "times", draft.factor(3.0, 5.0, 9.0), where=draft.scope)
        event = Event(draft.shape.onset - 30.0, "config", "chat.history_turns", "8", "40", author="chat-team")
        route = draft.route("chat")
    return Plan(draft.fault("cost.context_growth", (shift,), (("route", route.name),) if shift.at else (), "tokens_input"), (event,))


def call_fanout(draft: Draft) -> Plan:
    route = draft.route("chat", "rag")
    extra = {"low": 1.0, "mid": 2.0, "high": 3.0}[draft.severity]
    shift = Shift("chain.extra", "set", extra, where=draft.scope, at=(("route", route.name),))
    event = Event(draft.shape.onset - 30.0, "flag", "chain.rewrite_and_reflect", "off", "on", route=route.name, author="quality-team")
    return Plan(draft.fault("cost.call_fanout", (shift,), (("route", route.name),), "calls"), (event,))


def retry_amplification(draft: Draft) -> Plan:
    """A client's own deadline is now shorter than many answers take: it hangs up and asks again, up to nine times."""
    deadline = {"low": 4.6, "mid": 3.8, "high": 3.0}[draft.severity] / draft.jitter
    shifts = (
        Shift("llm.client_deadline", "set", deadline, where=draft.scope, coin="client"),
        Shift("llm.attempts", "set", {"low": 4.0, "mid": 6.0, "high": 9.0}[draft.severity], where=draft.scope, coin="client"),
    )
    event = Event(draft.shape.onset - 30.0, "config", "gateway.retry", "30s x2", f"{deadline:.1f}s x6", author="platform")
    return Plan(draft.fault("cost.retry_amplification", shifts, (), "calls"), (event,))


def cache_collapse(draft: Draft) -> Plan:
    """A date slipped into the first line of the template: no two prefixes are the same."""
    prompt = draft.world.prompt(draft.route("chat", "rag", "extract").prompt)
    left = {"low": 0.5, "mid": 0.3, "high": 0.05}[draft.severity]
    cold = Shift("prefix.hit", "set", left, where=draft.scope, at=(("prompt", prompt.name),), coin="edit")
    shifts, events, texts = edited(draft, prompt, "Now: {{timestamp}}\n" + prompt.text, (cold,))
    return Plan(draft.fault("cost.cache_collapse", shifts, (("prompt_name", prompt.name),), "cost"), events, texts)


def reasoning_growth(draft: Draft) -> Plan:
    route = draft.route("agent", "chat")
    at = (("prompt", route.prompt),)
    shifts = (
        Shift("llm.reasoning", "add", draft.level(90, 220, 500), where=draft.scope, at=at, coin="effort"),
        Shift("llm.effort", "set", "high", where=draft.scope, at=at, coin="effort"),
    )
    event = Event(
        draft.shape.onset - 30.0, "config", f"{route.prompt}.reasoning_effort", "medium", "high", route=route.name, author="quality-team"
    )
    return Plan(draft.fault("cost.reasoning_growth", shifts, (("route", route.name),), "tokens_output"), (event,))


CAUSES = {
    "cost.model_upsell": Cause(model_upsell, (), ("step", "ramp")),
    "cost.context_growth": Cause(context_growth, (), ("step", "ramp")),
    "cost.call_fanout": Cause(call_fanout, (), ("step", "ramp")),
    "cost.retry_amplification": Cause(retry_amplification, (), ("step",)),
    "cost.cache_collapse": Cause(cache_collapse, (), ("step", "ramp")),
    "cost.reasoning_growth": Cause(reasoning_growth, (), ("step", "ramp")),
}
