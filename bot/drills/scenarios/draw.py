"""One drill out of a recipe and a seed: a product with fresh names, one night, one fault, and what is true of it."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import yaml

from bot.drills.scenarios.cast import fresh_cast
from bot.drills.scenarios.recipe import Recipe
from bot.errors import BadInput
from bot.simulator.backdrop import Backdrop, backdrop
from bot.simulator.bundle import Extras, Json, Story, build
from bot.simulator.casts import cast_world
from bot.simulator.causes import CAUSES
from bot.simulator.causes.draft import Cause, Draft, Plan
from bot.simulator.draws import Draws
from bot.simulator.observe.profile import SERVICES, Profile, draw_profile
from bot.simulator.pages import SOURCES
from bot.simulator.probes import golden
from bot.simulator.scenario import Event, Paged, Scenario, Shape, Where
from bot.simulator.splits import one_slice
from bot.simulator.stories import story
from bot.simulator.traffic import region_rate
from bot.simulator.world import World

HOUR = 3600.0
SPLIT = "dev"  # whose parameter ranges and dialects a drill uses; the names are its own
REQUESTS = (4_000.0, 6_000.0)  # a drill's telemetry: enough to decide it, small enough to be made while people wait
REQUESTS_SLICED = (9_000.0, 12_000.0)
NARROW = ("tool", "prompt")  # layers that only some routes have: an agent takes one request in eight
SLICED = 0.35
TENANT_SHARE = 0.03  # of the traffic: a smaller tenant has too few requests in a drill
MISLEADS = 0.15
FORGOTTEN = 0.25  # share of guilty changes that nobody logged
TRIES = 40  # draws of the surroundings until an innocent change stands right before the onset
NEAR = 1_800.0  # seconds before the onset within which an innocent change tempts


@dataclass(frozen=True)
class Drawn:
    """`scenario` None: a story told by hand. `truth` is what marking goes by."""

    recipe: Recipe
    seed: int
    scenario: Scenario | None
    profile: Profile | None = None
    extras: Extras = field(default_factory=Extras)

    @property
    def name(self) -> str:
        """Says nothing of what is wrong, and is another one for every seed."""
        return f"drill-{hashlib.blake2b(f'{self.recipe.name} {self.seed}'.encode(), digest_size=4).hexdigest()}"

    def story(self) -> Story:
        if self.scenario is None or self.profile is None:
            assert self.recipe.story is not None
            made = story(self.recipe.story)
        else:
            made = build(self.scenario, self.profile, self.extras)
        return replace(made, truth=self._truth(made.truth))

    def write(self, to: Path) -> Path:
        """The bundle with its truth; what the recipe does not collect is not there."""
        made = self.story()
        made.write(to)
        for part in self.recipe.not_collected:
            shutil.rmtree(to / part, ignore_errors=True)
            (to / f"{part}.jsonl").unlink(missing_ok=True)
        (to / "truth.yaml").write_text(yaml.safe_dump(made.truth, sort_keys=False, allow_unicode=True), encoding="utf-8")
        return to

    def _truth(self, made: Json) -> Json:
        if self.recipe.abstain:
            blank: Json = {"verdict": "insufficient_data", "layer": None, "causes": [], "accept": [], "slice": {}, "onset": None}
            return {**made, **blank, "needs": list(self.recipe.needs)}
        extra: Json = {"group": sorted(self.recipe.group)} if self.recipe.group else {}
        return {**made, **extra, **({"happened": self.recipe.happened} if self.recipe.happened else {})}


def draw(recipe: Recipe, seed: int) -> Drawn:
    """The same recipe and seed give the same drill. BadInput for a recipe without an incident (a flash card)."""
    if recipe.story is not None:
        return Drawn(recipe, seed, None)
    if not recipe.cause:
        raise BadInput("a flash card has no incident", place=recipe.name)
    own = int.from_bytes(hashlib.blake2b(f"{recipe.name} {seed}".encode(), digest_size=5).digest(), "big")
    rng = Draws(own).stream("drill.plan")
    named = recipe.cause[int(rng.integers(len(recipe.cause)))]
    cause = CAUSES[named]
    severity = recipe.severity[int(rng.integers(len(recipe.severity)))]
    cast = fresh_cast(own)
    world = cast_world(SPLIT, own, cast)
    shape = _shape(rng, cause)
    hours = float(min(8.0, max(5.5, -shape.onset / HOUR + 3.0)))
    now = _night(rng)
    scope = _scope(rng, world, cause, recipe.sliced)
    world = _sized(world, rng, cause, now, hours, bool(scope), named.startswith(NARROW))
    made = cause.build(Draft(world, rng, severity, shape, scope, SPLIT))  # type: ignore[arg-type]
    world = made.world or world
    around = _around(own, recipe, world, made, hours)
    scenario = _scenario(recipe, own, world, now, hours, made, around, rng)
    return Drawn(recipe, seed, scenario, _profile(recipe, own, cast.product), _extras(recipe, rng, scenario, made))


def _scenario(
    recipe: Recipe, seed: int, world: World, now: float, hours: float, made: Plan, around: Backdrop, rng: np.random.Generator
) -> Scenario:
    fault = made.fault
    quiet = fault.cause.startswith("none.")
    sure = recipe.type.value in ("D6", "D7")  # a tempting change is only fair beside a log that is complete
    own = tuple(replace(event, logged=sure or bool(rng.random() >= FORGOTTEN)) for event in made.events)
    return Scenario(
        name=f"night-{seed:010x}",
        seed=seed,
        world=world,
        now=now,
        hours=hours,
        faults=(fault,),
        calm=around.calm,
        events=(*around.events, *own),
        prompts=(*around.prompts, *made.prompts),
        page=Paged(str(rng.choice(SOURCES)), made.title, misleading=bool(rng.random() < MISLEADS) and not made.title),
        profile=recipe.profile,
        split=SPLIT,
        verdict="no_fault" if quiet else "fault",
        cause=fault.cause if quiet else None,
    )


def _around(seed: int, recipe: Recipe, world: World, made: Plan, hours: float) -> Backdrop:
    """The other changes of those days; where the recipe asks for it, drawn again until one of them tempts."""
    onset = max(made.fault.shape.onset, -hours * HOUR)
    busy = frozenset(event.object for event in made.events)
    for number in range(TRIES):
        found = backdrop(Draws(seed).stream(f"drill.around.{number}"), world, onset, busy, hours)
        if recipe.herring is None or recipe.herring == _tempts(found.events, onset, world.service):
            return found
    return found


def _tempts(events: tuple[Event, ...], onset: float, service: str) -> bool:
    return any(event.service == service and onset - NEAR <= event.time <= onset for event in events)


def _profile(recipe: Recipe, seed: int, prefixes: tuple[str, ...]) -> Profile:
    drawn = draw_profile(seed, recipe.profile, SPLIT, prefixes)
    hidden = frozenset((service, path) for service in SERVICES for path in recipe.hidden)
    # A drill is about the product: clocks, samplers and doubled spans of the profile are left to the engine's own test.
    return replace(
        drawn, dropped=drawn.dropped | hidden, silent=drawn.silent | set(recipe.silent), sample=1.0, tail=False, wild_clock=0.0, late=False,
        doubled=False, finish_constant=False,
    )  # fmt: skip


def _extras(recipe: Recipe, rng: np.random.Generator, scenario: Scenario, made: Plan) -> Extras:
    off = set(recipe.not_collected)
    onset = made.fault.shape.onset
    probes = None if "probes" in off else golden(rng, scenario.now, max(24.0, scenario.hours), onset, made.probes)
    return Extras(metrics="metrics" not in off, changes="changes" not in off, prompts="prompts" not in off, probes=probes)


def _shape(rng: np.random.Generator, cause: Cause) -> Shape:
    low, high = cause.onset_hours
    age = float(np.exp(rng.uniform(np.log(max(low, 0.7)), np.log(high)))) * HOUR
    kind = "ramp" if "ramp" in cause.shapes and rng.random() < 0.15 else "step"
    return Shape(-age, "ramp", ramp=float(min(rng.uniform(600, 2400), age * 0.5))) if kind == "ramp" else Shape(-age)


def _night(rng: np.random.Generator) -> float:
    """Some minute between one and five in the morning, UTC, of 2026."""
    day = datetime(2026, 1, 5, tzinfo=UTC).timestamp() + float(rng.integers(0, 330)) * 24 * HOUR
    return day + HOUR + float(rng.integers(0, 240)) * 60.0


def _sized(world: World, rng: np.random.Generator, cause: Cause, now: float, hours: float, sliced: bool, narrow: bool) -> World:
    """Volume such that the bundle holds as many requests as drawn, whatever the hour."""
    minutes = np.arange(-hours * 60.0, 0.0) * 60.0
    shape = float(np.mean([region_rate(world, now + minutes, region).mean() for region in world.regions]))
    if cause.per_hour is not None:
        wanted = float(rng.uniform(*cause.per_hour)) * hours
    else:
        wanted = float(rng.uniform(*(REQUESTS_SLICED if sliced or narrow else REQUESTS)))
    return replace(world, per_hour=wanted / hours / max(shape, 0.05))


def _scope(rng: np.random.Generator, world: World, cause: Cause, wanted: bool | None) -> Where:
    """A slice where the recipe wants one, or by chance where it says nothing; () = everybody."""
    sliced = bool(cause.scopes) and (rng.random() < SLICED if wanted is None else wanted)
    return one_slice(rng, world, cause, TENANT_SHARE) if sliced else ()
