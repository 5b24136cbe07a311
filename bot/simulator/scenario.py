"""What goes wrong in a world, as changes to its mechanisms: a fault is a set of shifted dials with a scope and a shape."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from bot.simulator.world import World

Where = tuple[tuple[str, str], ...]  # (dimension, value) pairs that must all hold; a value may list alternatives with "|"


@dataclass(frozen=True)
class Shape:
    """When a fault is on. Times are seconds relative to now, so negative."""

    onset: float
    kind: Literal["step", "ramp", "intermittent"] = "step"
    ramp: float = 0.0  # length of the ramp
    period: float = 1200.0  # of on and off together
    end: float | None = None  # None = still on
    top: float = 1.0  # share of the scope that meets it once it is fully on


@dataclass(frozen=True)
class Shift:
    """One dial of a mechanism, moved. `where` limits it to requests, `at` to one part (source, tool, provider, prompt...)."""

    dial: str
    how: Literal["add", "times", "set"]
    to: float | str
    where: Where = ()
    at: Where = ()
    coin: str = ""  # shifts with the same coin fall on the same requests
    sticky: bool = False  # the coin is thrown once a session
    gradual: bool = False  # a ramp moves the value itself, instead of the share of requests that meet it
    shape: Shape | None = None  # of its own: the outage before a fallback


@dataclass(frozen=True)
class Fault:
    cause: str
    severity: Literal["low", "mid", "high"]
    shape: Shape
    shifts: tuple[Shift, ...]
    slice: Where = ()  # what an operator would name; canonical dimension names
    sli: str = "failed"  # the observable that people notice, a key of `symptoms`
    accept: tuple[str, ...] = ()  # other causes that are right answers too
    judged: bool = True  # a symptom of the product measures it; a leaked record or a blind instrument has none
    impact: bool = True  # validated: the symptom moved


@dataclass(frozen=True)
class Event:
    """A change somebody made, as the change log tells it. `time` is relative to now."""

    time: float
    kind: str  # ChangeKind
    object: str
    before: str
    after: str
    service: str | None = None
    route: str | None = None
    region: str | None = None
    share: float | None = None  # tenant share
    rollout: float | None = None  # seconds until it was everywhere
    author: str = ""
    herring: bool = False  # innocent
    logged: bool = True


@dataclass(frozen=True)
class PromptText:
    """One version of a template as the registry holds it. `first` is when it went live, relative to now."""

    name: str
    version: str
    text: str
    first: float
    meta: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class Paged:
    """The page to send: which format, what it claims."""

    source: str = "alertmanager"
    title: str = ""
    description: str = ""
    metric: str = ""
    value: float = 0.0
    unit: str = "%"
    misleading: bool = False


@dataclass(frozen=True)
class Scenario:
    name: str
    seed: int
    world: World
    now: float  # epoch seconds, received_at
    hours: float  # of traffic before now
    faults: tuple[Fault, ...] = ()
    calm: tuple[Fault, ...] = ()  # innocent changes that can be seen in the telemetry: a new version that behaves like the old one
    events: tuple[Event, ...] = ()
    prompts: tuple[PromptText, ...] = ()
    page: Paged = Paged()
    profile: str = "rich"  # rich | typical | sparse
    split: str = "dev"
    verdict: str = "fault"
    cause: str | None = None  # a none.* cause where nothing failed

    @cached_property
    def shifts(self) -> tuple[tuple[Fault, Shift], ...]:
        return tuple((fault, shift) for fault in (*self.faults, *self.calm) for shift in fault.shifts)
