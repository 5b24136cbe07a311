"""What else happened: the team's ordinary deploys, and innocent changes right before the fault (catalogue 4.2, change log)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.simulator.causes.draft import newer
from bot.simulator.scenario import Event, Fault, PromptText, Shape, Shift
from bot.simulator.world import World

PER_DAY = {"prompt": 3.0, "app": 4.0, "config": 2.0, "index": 1.0, "tool": 1.0, "flag": 5.0, "judge": 0.1}
LOOK_BACK = 2.5  # days of log
HERRING = 0.6  # share of scenarios with an innocent change within half an hour before the onset
OTHERS = ("storefront", "billing", "search-web", "mailer")  # services that are not on the path


@dataclass(frozen=True)
class Backdrop:
    events: tuple[Event, ...]
    calm: tuple[Fault, ...]
    prompts: tuple[PromptText, ...]


def backdrop(rng: np.random.Generator, world: World, onset: float, busy: frozenset[str], hours: float) -> Backdrop:
    """`busy`: objects that the fault itself changes; the innocent leave them alone. `hours`: how far back the traffic goes."""
    events: list[Event] = []
    for kind, rate in PER_DAY.items():
        times = np.sort(-rng.uniform(hours * 3600.0 + 1800.0, LOOK_BACK * 86400.0, rng.poisson(rate * LOOK_BACK * 0.6)))
        events += [_elsewhere(rng, world, kind, at) for at in times.tolist()]
    calm: list[Fault] = []
    texts: list[PromptText] = []
    if rng.random() < HERRING:
        at = onset - float(rng.uniform(60, 1800))
        event, fault, text = _near(rng, world, at, busy)
        events.append(event)
        calm += [fault] if fault else []
        texts += [text] if text else []
    if rng.random() < 0.4:
        events.append(_elsewhere(rng, world, "flag", float(rng.uniform(onset, 0.0))))
    return Backdrop(tuple(events), tuple(calm), tuple(texts))


def _elsewhere(rng: np.random.Generator, world: World, kind: str, at: float) -> Event:
    """A change on some other service, or an old one: nothing of it is to be seen in the traffic."""
    service = str(rng.choice(OTHERS))
    number = int(rng.integers(2, 60))
    names = {
        "prompt": f"{service}-tone",
        "app": service,
        "config": f"{service}.pool_size",
        "index": f"{service}-idx",
        "tool": f"{service}-export",
    }
    name = names.get(kind, f"{service}-{kind}-{number}")
    return Event(
        at,
        kind,
        name,
        str(number),
        str(number + 1),
        service=service,
        author=str(rng.choice(["kim", "noor", "jo", "release-bot"])),
        herring=True,
    )


def _near(rng: np.random.Generator, world: World, at: float, busy: frozenset[str]) -> tuple[Event, Fault | None, PromptText | None]:
    """An innocent change right before the onset, on the same product where that is possible: its new version behaves like the old."""
    idle = [prompt for prompt in world.prompts if prompt.name not in busy and any(route.prompt == prompt.name for route in world.routes)]
    kind = str(rng.choice(["prompt", "app", "flag", "config"]))
    if kind == "prompt" and idle:
        prompt = idle[int(rng.integers(len(idle)))]
        version = newer(prompt.version)
        event = Event(at, "prompt", prompt.name, prompt.version, version, service=world.service, author="sam", herring=True)
        shift = Shift("prompt.version", "set", version, at=(("prompt", prompt.name),), coin="calm.prompt")
        text = prompt.text.rstrip("\n") + " \n"
        return event, _calm(at, 60.0, shift), PromptText(prompt.name, version, text, at)
    if kind == "app" and world.service not in busy:
        version = newer(world.versions[-1])
        rollout = float(rng.uniform(1800, 3600))
        event = Event(
            at, "app", world.service, world.versions[-1], version, service=world.service, rollout=rollout, author="ci", herring=True
        )  # fmt: skip
        return event, _calm(at, rollout, Shift("app.version", "set", version, coin="calm.app")), None
    return _elsewhere(rng, world, "flag", at), None, None


def _calm(at: float, ramp: float, shift: Shift) -> Fault:
    return Fault("", "low", Shape(at, "ramp", ramp=ramp), (shift,))
