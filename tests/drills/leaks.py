"""Does a drill say its answer in a name or an id? Are two drills alike? Read off the drawn incident, before any traffic is made."""

import re
from collections.abc import Iterator

from bot.drills.scenarios.draw import Drawn
from bot.simulator.ledger import event_id


def names(drawn: Drawn) -> Iterator[str]:
    """Every name and id a participant can meet that is not itself a measurement."""
    scenario = drawn.scenario
    assert scenario is not None
    world = scenario.world
    yield from (drawn.name, drawn.recipe.name, drawn.recipe.title, scenario.name)
    yield from (world.service, world.embedder, world.policy, world.guardrail)
    for group in (world.routes, world.prompts, world.sources, world.tools, world.models):
        yield from (one.name for one in group)
    yield from world.people.tenants
    yield from world.regions
    yield from (event_id(event, scenario) for event in scenario.events)


def leak(drawn: Drawn) -> str | None:
    """The first name that gives the cause away: its id in any spelling, or its last part as a word."""
    scenario = drawn.scenario
    assert scenario is not None
    for fault in scenario.faults:
        layer, _, last = fault.cause.partition(".")
        parts = last.split("_")
        spelt = re.compile(rf"{layer}[._ -]?{'[._ -]?'.join(parts)}|(?<![a-z]){'[._ -]'.join(parts)}(?![a-z])", re.IGNORECASE)
        found = next((name for name in names(drawn) if spelt.search(name)), None)
        if found is not None:
            return f"{fault.cause} is in {found!r}"
    return None


def likeness(drawn: Drawn) -> tuple[object, ...]:
    """What two drills would have to share for one to be remembered from the other."""
    scenario = drawn.scenario
    assert scenario is not None
    world, fault = scenario.world, scenario.faults[0]
    product = (world.service, world.sources[0].name, world.people.tenants[0], world.tools[0].name)
    return (*product, round(fault.shape.onset), fault.cause, scenario.now)
