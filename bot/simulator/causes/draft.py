"""What the builder of a cause gets, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from bot.simulator.scenario import Event, Fault, PromptText, Shape, Shift, Where
from bot.simulator.world import Prompt, Route, World

Severity = Literal["low", "mid", "high"]
JITTER: dict[str, tuple[tuple[float, float], ...]] = {
    "dev": ((0.90, 1.10),),
    "validation": ((0.80, 0.90), (1.10, 1.20)),
    "test": ((0.72, 0.80), (1.20, 1.32)),
}
"""Factors on every severity by split: the ranges do not touch."""


@dataclass(frozen=True)
class Draft:
    world: World
    rng: np.random.Generator
    severity: Severity
    shape: Shape
    scope: Where  # requests it is limited to; () = everywhere
    split: str

    def level(self, low: float, mid: float, high: float) -> float:
        """The size of the mechanism's change at this severity, in the split's own range."""
        return {"low": low, "mid": mid, "high": high}[self.severity] * self.jitter

    def share(self, low: float, mid: float, high: float) -> float:
        """As `level`, for a probability."""
        return min(1.0, self.level(low, mid, high))

    def factor(self, low: float, mid: float, high: float) -> float:
        """As `level`, for a factor above 1: what is jittered is its distance from 1."""
        return 1.0 + ({"low": low, "mid": mid, "high": high}[self.severity] - 1.0) * self.jitter

    @property
    def jitter(self) -> float:
        ranges = JITTER[self.split]
        low, high = ranges[int(self.rng.integers(len(ranges)))]
        return float(self.rng.uniform(low, high))

    def route(self, *kinds: str) -> Route:
        """One of the product's routes of these kinds."""
        found = [route for route in self.world.routes if route.kind in kinds]
        return found[int(self.rng.integers(len(found)))]

    def one(self, *options: str) -> str:
        return options[int(self.rng.integers(len(options)))]

    def fault(self, cause: str, shifts: tuple[Shift, ...], slice_: Where = (), sli: str = "failed", **more: object) -> Fault:
        """The fault, its slice completed by the scope."""
        known = dict(slice_) | {dim: value for dim, value in self.scope if dim != "route" or len(self.scope) == 1}
        return Fault(cause, self.severity, self.shape, shifts, slice=tuple(known.items()), sli=sli, **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Plan:
    fault: Fault
    events: tuple[Event, ...] = ()
    prompts: tuple[PromptText, ...] = ()
    world: World | None = None  # when the cause needs a product with something in it
    probes: float | None = None  # recall of golden queries once the fault is on; None = not affected
    title: str = ""  # a page that is not about a rate
    cause: str | None = None


Builder = Callable[[Draft], Plan]


@dataclass(frozen=True)
class Cause:
    build: Builder
    scopes: tuple[str, ...] = ()  # dimensions by which it may be limited to a slice
    shapes: tuple[str, ...] = ("step", "ramp", "intermittent")
    onset_hours: tuple[float, float] = field(default=(0.4, 4.5))  # before the page
    per_hour: tuple[float, float] | None = None  # volume, where the cause needs its own


def newer(version: str) -> str:
    """`v12` -> `v13`, `841` -> `842`, `1.4.0` -> `1.5.0`."""
    head, dot, tail = version.partition(".")
    if dot:
        middle, _, last = tail.partition(".")
        return f"{head}.{int(middle) + 1}.{last}"
    digits = "".join(char for char in version if char.isdigit())
    return version.replace(digits, str(int(digits) + 1))


def edited(draft: Draft, prompt: Prompt, text: str, shifts: tuple[Shift, ...], share: float | None = None) -> tuple[
    tuple[Shift, ...], tuple[Event, ...], tuple[PromptText, ...]
]:  # fmt: skip
    """A new version of a prompt goes live: the version everywhere, and with it what the edit does."""
    version = newer(prompt.version)
    at = (("prompt", prompt.name),)
    live = Shift("prompt.version", "set", version, where=draft.scope, at=at, coin="edit")
    event = Event(
        draft.shape.onset - float(draft.rng.uniform(5, 60)), "prompt", prompt.name, prompt.version, version, share=share, author="ria"
    )
    meta: tuple[tuple[str, object], ...] = ()
    return (live, *shifts), (event,), (PromptText(prompt.name, version, text, draft.shape.onset, meta),)
