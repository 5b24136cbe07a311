"""A replay: a few lines that say what happened to the product, turned into a story.

The incidents are public post-mortems and the stories people tell about them; names and numbers of the product are our own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.simulator.bundle import Extras
from bot.simulator.draws import Draws
from bot.simulator.probes import golden
from bot.simulator.scenario import Event, Fault, Paged, PromptText, Scenario, Shape, Shift, Where
from bot.simulator.tales.tale import HOUR, NIGHT, Tale, clear_view, product
from bot.simulator.world import Model, Prompt, Route, World

MINUTE = 60.0
CHAT = "You are the assistant of {{company}}. Be brief and kind.\nNever give legal or medical advice.\nCustomer: {{first_name}}\n"
SAFETY = "## Safety\nDecline requests for medical dosage, weapons or self-harm, and point to help.\n"
SMALL, LARGE = "llama-3.1-8b-instruct", "llama-3.1-70b-instruct"
QUIET_FLAG = Event(-26 * HOUR, "flag", "spring-sale-banner", "off", "on", service="storefront", author="marketing-tools", herring=True)
"""Every night has a change that did nothing."""


@dataclass(frozen=True)
class Replay:
    """`onset` in hours before the page. `changed`: (kind, object, from, to, author) of what somebody did then; None: nothing was logged."""

    cause: str
    title: str
    sli: str
    shifts: tuple[Shift, ...] = ()
    onset: float = 2.0
    slice: Where = ()
    changed: tuple[str, str, str, str, str] | None = None
    text: tuple[str, str, str] | None = None  # (prompt, version, template) that went live with it
    meta: tuple[tuple[str, object], ...] = ()  # what is declared about that prompt
    ramp: float = 0.0  # hours from none of the scope to all of it
    end: float | None = None  # hours before the page at which it was over
    top: float = 1.0  # share of the scope that meets it
    accept: tuple[str, ...] = ()
    judged: bool = True
    recall: float | None = None  # of golden queries once it is on
    hours: float = 6.0  # of traffic in the bundle
    world: Callable[[], World] = product
    source: str = "alertmanager"
    description: str = ""

    def tale(self, name: str, seed: int, at: float | None) -> Tale:
        """The story whose page arrives at `at`, epoch seconds; None = the night of the seed."""
        now = NIGHT if at is None else at
        quiet = self.cause.startswith("none.")
        scenario = Scenario(
            name=name,
            seed=seed,
            world=self.world(),
            now=now,
            hours=self.hours,
            faults=(self._fault(),),
            events=(QUIET_FLAG, *self._events()),
            prompts=self._prompts(),
            page=Paged(self.source, self.title, self.description),
            verdict="no_fault" if quiet else "fault",
            cause=self.cause if quiet else None,
        )
        probes = None
        if self.recall is not None:
            probes = golden(Draws(seed).stream("probes"), now, max(24.0, self.hours), -self.onset * HOUR, self.recall)
        return Tale(scenario, clear_view(), Extras(probes=probes))

    def _fault(self) -> Fault:
        shape = Shape(
            -self.onset * HOUR,
            "ramp" if self.ramp else "step",
            ramp=self.ramp * HOUR,
            end=None if self.end is None else -self.end * HOUR,
            top=self.top,
        )
        return Fault(self.cause, "mid", shape, self.shifts, slice=self.slice, sli=self.sli, accept=self.accept, judged=self.judged)

    def _events(self) -> tuple[Event, ...]:
        if self.changed is None:
            return ()
        kind, what, before, after, author = self.changed
        return (Event(-self.onset * HOUR - 40.0, kind, what, before, after, service="assistant", author=author),)

    def _prompts(self) -> tuple[PromptText, ...]:
        if self.text is None:
            return ()
        name, version, text = self.text
        return (PromptText(name, version, text, -self.onset * HOUR, self.meta),)


def live(prompt: str, version: str, where: Where = ()) -> Shift:
    """A version of a prompt goes live; what it does falls on the same requests (`coin`)."""
    return Shift("prompt.version", "set", version, where=where, at=(("prompt", prompt),), coin="edit")


def calm(per_hour: float = 800.0) -> World:
    """The product at the volume of a quiet customer: a replay takes a second or two."""
    return product(per_hour=per_hour)


def busy() -> World:
    """Enough traffic for a slice of a few percent, or for scores that only one answer in thirty gets."""
    return product(per_hour=2600.0)


def chatty(per_hour: float = 900.0) -> World:
    """The product with a chat in front, whose easy questions a router sends to the small model."""
    world = product(per_hour=per_hour)
    chat = Route(
        "/v1/chat", "chat", 0.45, "chat-main", "gpt-4o", "claude-3-5-haiku", out_tokens=190.0, user_tokens=55.0, small="gpt-4o-mini"
    )
    shares = {"/v1/ask": 0.35, "/v1/extract": 0.12, "/v1/agent": 0.08}
    routes = (chat, *(replace(one, share=shares[one.name]) for one in world.routes))
    return replace(world, routes=routes, prompts=(*world.prompts, Prompt("chat-main", "v30", SAFETY + CHAT, 700, 1100)))


def agentic() -> World:
    """Half of what is asked is done by the agent with its tools."""
    world = calm(900.0)
    shares = {"/v1/ask": 0.4, "/v1/extract": 0.1, "/v1/agent": 0.5}
    return replace(world, routes=tuple(replace(one, share=shares[one.name]) for one in world.routes))


def own_weights() -> World:
    """Invoices are read by a small open model behind the team's own gateway."""
    world = calm(900.0)
    small = Model(SMALL, f"{SMALL}-awq", "openai", "", 0.16, 0.006, 6.0e-8, 6.0e-8, 128_000, 0.004, 0.010)
    large = Model(LARGE, f"{LARGE}-fp8", "openai", "", 0.40, 0.016, 8.8e-7, 8.8e-7, 128_000, 0.003, 0.010)
    shares = {"/v1/ask": 0.35, "/v1/extract": 0.57, "/v1/agent": 0.08}
    routes = tuple(replace(one, share=shares[one.name], model=SMALL if one.name == "/v1/extract" else one.model) for one in world.routes)
    return replace(world, models=(*world.models, small, large), routes=routes)
