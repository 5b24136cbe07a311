"""Causes around the model: load, abuse, guardrails, caches, releases, networks, devices."""

from __future__ import annotations

from dataclasses import replace

from bot.simulator.causes.draft import Cause, Draft, Plan, newer
from bot.simulator.scenario import Event, Shift
from bot.simulator.traffic import DEVICES


def traffic_surge(draft: Draft) -> Plan:
    shift = Shift("demand", "times", draft.factor(2.2, 3.5, 7.0), where=draft.scope)
    return Plan(draft.fault("infra.traffic_surge", (shift,), (), "volume", accept=("model.rate_limited",)))


def abuse_injection(draft: Draft) -> Plan:
    """One tenant's key is in strange hands: a flood of requests, many of them attempts at the guardrail."""
    people = draft.world.people
    rank = int(draft.rng.integers(3, 12))
    tenant = people.tenants[rank]
    share = people.weight[rank] / sum(people.weight)
    wanted = draft.share(0.15, 0.3, 0.5)
    where = (("tenant", tenant),)
    shifts = (
        Shift("demand", "times", 1.0 + wanted / max(share, 0.005), where=where),
        Shift("risk.hostile", "add", draft.share(0.3, 0.5, 0.7), where=where),
    )
    return Plan(draft.fault("infra.abuse_injection", shifts, where, "guardrail_blocked"))


def guardrail_overblock(draft: Draft) -> Plan:
    world = draft.world
    floor = {"low": 0.45, "mid": 0.36, "high": 0.26}[draft.severity] + (0.02 if draft.jitter < 1 else 0.0)
    shifts = (
        Shift("guard.threshold", "set", floor, where=draft.scope, coin="policy"),
        Shift("guard.policy", "set", newer(world.policy), where=draft.scope, coin="policy"),
    )
    event = Event(draft.shape.onset - 20.0, "guardrail", world.guardrail, world.policy, newer(world.policy), author="trust-and-safety")
    slice_ = (("guardrail_policy_version", newer(world.policy)),)
    return Plan(draft.fault("infra.guardrail_overblock", shifts, slice_, "guardrail_blocked"), (event,))


def cache_wrong_hit(draft: Draft) -> Plan:
    shifts = (
        Shift("cache.threshold", "set", {"low": 0.92, "mid": 0.87, "high": 0.80}[draft.severity], coin="cache"),
        Shift("cache.scope", "set", "global", coin="cache"),
    )
    event = Event(draft.shape.onset - 20.0, "config", "semantic-cache.threshold", "0.965", "0.87", author="cost-team")
    world = replace(draft.world, cached_share=0.4)
    return Plan(draft.fault("infra.cache_wrong_hit", shifts, (), "cache_hit"), (event,), world=world)


def app_deploy(draft: Draft) -> Plan:
    old = draft.world.versions[-1]
    new = newer(old)
    shifts = (
        Shift("app.version", "set", new, where=draft.scope, coin="release"),
        Shift("app.crash", "add", draft.share(0.03, 0.1, 0.35), where=draft.scope, coin="release"),
    )
    rollout = draft.shape.ramp if draft.shape.kind == "ramp" else 120.0
    event = Event(
        draft.shape.onset, "app", draft.world.service, old, new, service=draft.world.service, rollout=rollout, author="release-bot"
    )
    return Plan(draft.fault("infra.app_deploy", shifts, (("app_version", new),), "failed"), (event,))


def network_region(draft: Draft) -> Plan:
    region = draft.one(*draft.world.regions)
    where = (("region", region),)
    shift = Shift("region.loss", "add", draft.share(0.04, 0.1, 0.4), where=where)
    return Plan(draft.fault("infra.network_region", (shift,), where, "failed"))


def device_cohort(draft: Draft) -> Plan:
    device = draft.one(*DEVICES[:3])
    where = (("device_class", device),)
    shifts = (
        Shift("device.slow", "times", draft.factor(1.8, 2.6, 4.0), where=where),
        Shift("device.variant", "set", "int4-3", where=where),
        Shift("app.crash", "add", draft.share(0.03, 0.08, 0.2), where=where),
    )
    event = Event(draft.shape.onset - 60.0, "model", "on-device manifest", "int8-2", "int4-3", author="mobile")
    return Plan(draft.fault("infra.device_cohort", shifts, where, "failed"), (event,))


CAUSES = {
    "infra.traffic_surge": Cause(traffic_surge, (), ("step", "ramp"), (0.4, 2.0), (300.0, 900.0)),
    "infra.abuse_injection": Cause(abuse_injection, (), ("step", "ramp")),
    "infra.guardrail_overblock": Cause(guardrail_overblock, (), ("step", "ramp")),
    "infra.cache_wrong_hit": Cause(cache_wrong_hit, (), ("step",)),
    "infra.app_deploy": Cause(app_deploy, ("region",), ("step", "ramp")),
    "infra.network_region": Cause(network_region, (), ("step", "intermittent")),
    "infra.device_cohort": Cause(device_cohort, (), ("step", "ramp"), per_hour=(900.0, 2400.0)),
}
