"""The seeds' own stories: the replica lost before the 2am page, the healthy night, the prompt edit, the three percent."""

from __future__ import annotations

from dataclasses import replace

from bot.simulator.bundle import Extras
from bot.simulator.scenario import Event, Fault, Paged, PromptText, Scenario, Shape, Shift
from bot.simulator.tales.tale import HOUR, NIGHT, Tale, clear_view, product

MINUTE = 60.0
QUIET_DAYS = 72 * HOUR  # nothing was deployed on the AI path for this long


def _old_changes(now: float) -> tuple[Event, ...]:
    """What the log holds from before: four days of quiet on the AI path, and a colleague's flag far from it."""
    del now
    return (
        Event(-QUIET_DAYS - 6 * HOUR, "app", "assistant", "840", "841", service="assistant", rollout=1500.0, author="jo", herring=True),
        Event(-QUIET_DAYS - 2 * HOUR, "prompt", "agent-plan", "v4", "v5", service="assistant", author="sam", herring=True),
    )


def replica_lost(at: float | None) -> Tale:
    """A search index lost one of two replicas at 22:04; its survivor queues; the client's deadline is 5 s; the page comes at 02:07."""
    now = NIGHT if at is None else at
    onset = -(4 * HOUR + 3 * MINUTE)
    fault = Fault(
        "retrieval.timeout",
        "mid",
        Shape(onset),
        (Shift("source.replicas", "set", 1.0, at=(("source", "kb-search"),)),),
        slice=(("source_id", "kb-search"),),
    )
    herrings = (
        Event(
            onset - 4 * MINUTE,
            "flag",
            "spring-sale-banner",
            "off",
            "on",
            service="storefront",
            share=1.0,
            author="marketing-tools",
            herring=True,
        ),
        Event(-95 * MINUTE, "app", "storefront", "2210", "2211", service="storefront", rollout=1200.0, author="kim", herring=True),
    )
    scenario = Scenario(
        name="replica-lost",
        seed=207,
        world=product(),
        now=now,
        hours=9.0,
        faults=(fault,),
        events=(*_old_changes(now), *herrings),
        page=Paged("alertmanager", "AI assistant degraded - error rate {value}%", metric="error rate"),
    )
    return Tale(scenario, clear_view(), Extras())


def healthy(at: float | None) -> Tale:
    """The same product on a night on which nothing happened: a threshold set too low fired on noise."""
    now = NIGHT if at is None else at
    told = replica_lost(at).scenario
    page = Paged(
        "alertmanager",
        "AI assistant degraded - error rate 8% over 1m",
        "2 of 25 requests of one minute failed; the threshold is 5%.",
        metric="error rate",
    )
    scenario = replace(told, name="healthy", seed=211, now=now, faults=(), page=page, verdict="no_fault", cause="none.noise_or_seasonal")
    profile = clear_view(dropped=frozenset(), dialects=(("app", "otel-1.41"), ("retriever", "openinference"), ("tools", "otel-1.41")))
    return Tale(scenario, profile, Extras())


def contract_edit(at: float | None) -> Tale:
    """`strictly valid JSON` became `clean JSON` in a tidy-up: parse errors .3 % -> 11 %, everything else green."""
    now = NIGHT if at is None else at
    onset = -3.4 * HOUR
    where = (("route", "/v1/extract"),)
    prompt = (("prompt", "extract-invoice"),)
    shifts = (
        Shift("prompt.version", "set", "v8", at=prompt, coin="edit"),
        Shift("llm.parse_fail", "add", 0.11, where=where, at=prompt, coin="edit"),
    )
    fault = Fault(
        "prompt.contract_break",
        "mid",
        Shape(onset),
        shifts,
        slice=(("prompt_name", "extract-invoice"), ("prompt_version", "v8")),
        sli="parse_failed",
    )
    world = product(per_hour=1500.0)
    routes = tuple(replace(route, share={"/v1/ask": 0.55, "/v1/extract": 0.37}.get(route.name, route.share)) for route in world.routes)
    world = replace(world, routes=routes)
    old = world.prompt("extract-invoice").text
    events = (
        *_old_changes(now),
        Event(onset - 20.0, "prompt", "extract-invoice", "v7", "v8", service="assistant", author="ria"),
        Event(
            onset - 50 * MINUTE,
            "app",
            "assistant-tools",
            "118",
            "119",
            service="assistant-tools",
            rollout=900.0,
            author="kim",
            herring=True,
        ),
    )
    scenario = Scenario(
        name="contract-edit",
        seed=415,
        world=world,
        now=now,
        hours=9.0,
        faults=(fault,),
        events=events,
        prompts=(PromptText("extract-invoice", "v8", old.replace("output strictly valid JSON", "respond using clean JSON"), onset),),
        page=Paged("pagerduty", "Structured-output error rate {value}%", metric="structured output failures"),
    )
    return Tale(scenario, clear_view(), Extras())


def three_percent(at: float | None) -> Tale:
    """A prompt variant broke for one tenant with 3 % of the traffic: every average stays green, one ticket comes in."""
    now = NIGHT if at is None else at
    onset = -2.6 * HOUR
    world = product(per_hour=2600.0)
    tenant = world.people.tenants[10]
    where = (("tenant", tenant), ("route", "/v1/ask"))
    prompt = (("prompt", "qa-grounded"),)
    shifts = (
        Shift("prompt.version", "set", "v13-beta", where=where, at=prompt, coin="beta"),
        Shift("prompt.unresolved", "set", 1.0, where=where, at=prompt, coin="beta"),
        Shift("llm.refusal", "add", 0.45, where=where, at=prompt, coin="beta"),
    )
    fault = Fault("prompt.unresolved_reference", "mid", Shape(onset), shifts, slice=(("tenant", tenant),), sli="prompt_unresolved")
    text = world.prompt("qa-grounded").text.replace("{{passages}}", "{{context_passages}}")
    events = (
        *_old_changes(now),
        Event(onset - 60.0, "prompt", "qa-grounded", "v12", "v13-beta", service="assistant", share=0.03, author="lee"),
    )
    scenario = Scenario(
        name="three-percent",
        seed=303,
        world=world,
        now=now,
        hours=8.0,
        faults=(fault,),
        events=events,
        prompts=(PromptText("qa-grounded", "v13-beta", text, onset),),
        page=Paged(
            "generic",
            f"Ticket: assistant answers of {tenant} show curly braces",
            "Customer reports broken answers since this evening.",
            metric="support ticket",
        ),
    )
    return Tale(scenario, clear_view(), Extras())
