"""The scenarios of each split: dev to fit on, validation to calibrate on, test to judge on. Seeds are frozen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from bot.simulator.backdrop import Backdrop, backdrop
from bot.simulator.bundle import Extras, Story, build
from bot.simulator.casts import CASTS, cast_world
from bot.simulator.causes import CAUSES
from bot.simulator.causes.draft import Cause, Draft, Plan, Severity
from bot.simulator.draws import Draws
from bot.simulator.observe.profile import Profile, draw_profile
from bot.simulator.pages import SOURCES
from bot.simulator.probes import earlier, golden
from bot.simulator.scenario import Paged, PromptText, Scenario, Shape, Where
from bot.simulator.traffic import region_rate
from bot.simulator.validate import SEEN, impact
from bot.simulator.world import World

SPLITS = {"dev": 1_000_003, "validation": 2_000_003, "test": 3_000_017}
"""Split -> frozen seed. The test seed is never changed: numbers published from it stay comparable."""
MONTHS = {"dev": (2026, 2), "validation": (2026, 4), "test": (2026, 6)}
MOST = 20_000  # bundles in one call; a test split of 2,100 is the largest anybody needs
QUIET = 0.20  # share of pages without a fault
TWO = 0.12  # share of incidents with two faults of different layers
SLICED = 0.5  # share of faults that are limited to a slice where the cause can be
TENANT_SHARE = 0.025  # of the traffic that a tenant who is a slice has at the least
FORGOTTEN = 0.35  # share of change-made faults whose change nobody logged
MISLEADS = 0.25
REQUESTS = (2_500.0, 18_000.0)  # a bundle, log-uniform
REQUESTS_SLICED = (9_000.0, 24_000.0)
HOUR = 3600.0
SEVERITIES: tuple[Severity, ...] = ("low", "mid", "high")


@dataclass(frozen=True)
class Planned:
    scenario: Scenario
    profile: Profile
    extras: Extras


def causes() -> tuple[str, ...]:
    """Every cause that can be simulated."""
    return tuple(CAUSES)


def told(planned: Planned) -> Story:
    """The bundle of a plan."""
    return build(planned.scenario, planned.profile, planned.extras)


def plan(split: str, number: int, *, seed: int | None = None, cause: str | None = None, profile: str | None = None) -> Planned:
    """Scenario `number` of a split. A fault that cannot be seen is made stronger; one that still cannot is labelled as no impact."""
    own = SPLITS[split] if seed is None else seed
    rng = Draws(own).stream(f"{split}.{number}.{cause}")
    chosen = cause or _cause(rng, number)
    severity = SEVERITIES[int(rng.choice(3, p=[0.3, 0.45, 0.25]))]
    kind = profile or str(rng.choice(["rich", "typical", "sparse"], p=[0.4, 0.4, 0.2]))
    base = int(rng.integers(1 << 40))
    for attempt in SEVERITIES[SEVERITIES.index(severity) :]:
        planned = _planned(split, number, base, chosen, attempt, kind)
        fault = planned.scenario.faults[0]
        if not fault.judged or fault.cause.startswith("none.") or impact(planned.scenario) >= SEEN:
            return planned
    return replace(planned, scenario=_without_impact(planned.scenario))


def _without_impact(scenario: Scenario) -> Scenario:
    faults = tuple(replace(fault, impact=False) for fault in scenario.faults)
    return replace(scenario, faults=faults, verdict="no_fault", cause="none.noise_or_seasonal")


def _cause(rng: np.random.Generator, number: int) -> str:
    faults = [name for name in CAUSES if not name.startswith("none.")]
    if rng.random() < QUIET:
        return "none.mix_shift" if rng.random() < 0.35 else "none.noise_or_seasonal"
    return faults[number * 8 % len(faults)]  # 8 and 49 have no common factor: every cause comes up equally often


def _planned(split: str, number: int, seed: int, name: str, severity: Severity, kind: str) -> Planned:
    rng = Draws(seed).stream("plan")
    cause = CAUSES[name]
    shape = _shape(rng, cause)
    hours = float(min(9.0, max(6.5, -shape.onset / HOUR + 3.5))) if -shape.onset < 7 * HOUR else 8.0
    now = _moment(rng, split)
    world = cast_world(split, seed)
    scope = _scope(rng, world, cause)
    world = _sized(world, rng, cause, now, hours, bool(scope))
    draft = Draft(world, rng, severity, shape, scope, split)
    first = cause.build(draft)
    plans = [first]
    if not name.startswith(("none.", "telemetry.")) and first.fault.judged and rng.random() < TWO:
        plans += _second(rng, replace(draft, world=first.world or world), name)
    return _assembled(split, number, seed, rng, plans, plans[-1].world or first.world or world, now, hours, kind)


def _second(rng: np.random.Generator, draft: Draft, name: str) -> list[Plan]:
    """Another fault of another layer, begun on its own."""
    layer = name.partition(".")[0]
    loud = ("retrieval.timeout", "tool.error", "prompt.contract_break", "model.refusal_shift", "infra.app_deploy", "cost.context_growth")
    other = str(rng.choice([one for one in loud if not one.startswith(layer)]))
    shape = Shape(-float(rng.uniform(0.6, 3.0)) * HOUR)
    return [CAUSES[other].build(replace(draft, severity="mid", shape=shape, scope=()))]


def _assembled(
    split: str, number: int, seed: int, rng: np.random.Generator, plans: list[Plan], world: World, now: float, hours: float, kind: str
) -> Planned:  # fmt: skip
    fault = plans[0].fault
    onset = fault.shape.onset
    busy = frozenset(event.object for one in plans for event in one.events)
    around = backdrop(rng, world, max(onset, -hours * HOUR), busy, hours)
    own = tuple(replace(event, logged=bool(rng.random() >= FORGOTTEN)) for one in plans for event in one.events)
    quiet = fault.cause.startswith("none.")
    misleading = bool(rng.random() < MISLEADS) and not plans[0].title
    scenario = Scenario(
        name=f"{split}-{number:04d}",
        seed=seed,
        world=world,
        now=now,
        hours=hours,
        faults=tuple(one.fault for one in plans),
        calm=around.calm,
        events=(*around.events, *own),
        prompts=_texts(plans, around),
        page=Paged(str(rng.choice(SOURCES)), plans[0].title, misleading=misleading),
        profile=kind,
        split=split,
        verdict="no_fault" if quiet else "fault",
        cause=fault.cause if quiet else None,
    )
    return Planned(scenario, draw_profile(seed, kind, split, CASTS[split].product), _extras(rng, scenario, plans[0], kind))


def _texts(plans: list[Plan], around: Backdrop) -> tuple[PromptText, ...]:
    return (*around.prompts, *(text for one in plans for text in one.prompts))


def _extras(rng: np.random.Generator, scenario: Scenario, first: Plan, kind: str) -> Extras:
    p = {"rich": 0.95, "typical": 0.75, "sparse": 0.4}[kind]
    has = [bool(rng.random() < p) for _ in range(5)]
    probes = (
        golden(rng, scenario.now, max(24.0, scenario.hours), first.fault.shape.onset, first.probes)
        if has[3] and rng.random() < 0.7
        else None
    )
    history = (
        earlier(rng, scenario.now, tuple(one for one in CAUSES if not one.startswith("none."))) if has[4] and rng.random() < 0.5 else None
    )
    return Extras(metrics=has[0], metrics_history=bool(rng.random() < 0.6), changes=has[1], prompts=has[2], probes=probes, history=history)


def _shape(rng: np.random.Generator, cause: Cause) -> Shape:
    low, high = cause.onset_hours
    age = float(np.exp(rng.uniform(np.log(low), np.log(high)))) * HOUR
    wanted = str(rng.choice(["step", "ramp", "intermittent"], p=[0.64, 0.26, 0.10]))
    kind = wanted if wanted in cause.shapes else "step"
    if kind == "ramp":
        return Shape(-age, "ramp", ramp=float(min(rng.uniform(1200, 10800), age * 0.75)))
    if kind == "intermittent":
        return Shape(-age, "intermittent", period=float(rng.uniform(600, 1800)))
    return Shape(-age)


def _moment(rng: np.random.Generator, split: str) -> float:
    year, month = MONTHS[split]
    begin = datetime(year, month, 2, tzinfo=UTC).timestamp()
    return begin + float(rng.integers(0, 25 * 24 * 60)) * 60.0


def _sized(world: World, rng: np.random.Generator, cause: Cause, now: float, hours: float, sliced: bool) -> World:
    """Volume such that the bundle holds as many requests as drawn, whatever the hour; a slice needs enough to be seen at all."""
    minutes = np.arange(-hours * 60.0, 0.0) * 60.0
    shape = float(np.mean([region_rate(world, now + minutes, region).mean() for region in world.regions]))
    if cause.per_hour is not None:
        wanted = float(rng.uniform(*cause.per_hour)) * hours
    else:
        low, high = REQUESTS_SLICED if sliced else REQUESTS
        wanted = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return replace(world, per_hour=wanted / hours / max(shape, 0.05))


def _scope(rng: np.random.Generator, world: World, cause: Cause) -> Where:
    return one_slice(rng, world, cause, TENANT_SHARE) if cause.scopes and rng.random() < SLICED else ()


def one_slice(rng: np.random.Generator, world: World, cause: Cause, least: float) -> Where:
    """Of the requests: one tenant with `least` to a tenth of the traffic, a locale, or a region. The cause must have a scope."""
    dim = str(rng.choice(cause.scopes))
    if dim == "region":
        return (("region", str(rng.choice(world.regions))),)
    if dim == "locale":
        return (("locale", str(rng.choice(sorted({one for _, spoken in world.people.locales for one in spoken})))),)
    total = sum(world.people.weight)
    fit = [name for name, weight in zip(world.people.tenants, world.people.weight, strict=True) if least <= weight / total <= 0.10]
    return (("tenant", str(rng.choice([name for name in fit if name not in world.people.chronic]))),)
