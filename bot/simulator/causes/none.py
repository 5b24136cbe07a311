"""Pages without a fault: who asks has changed, or nothing has."""

from __future__ import annotations

from dataclasses import replace

from bot.simulator.causes.draft import Cause, Draft, Plan
from bot.simulator.scenario import Shape, Shift


def mix_shift(draft: Draft) -> Plan:
    """A tenant that was always worse asks much more and the others less: the average gets worse, nobody does.

    About as many requests as ever come in, by the day's mean: where a tenant's come on top of all the others', they overload what
    all share, which is a fault.
    """
    people = draft.world.people
    tenant = people.chronic[0]
    share = people.weight[people.tenants.index(tenant)] / sum(people.weight)
    wanted = draft.share(0.35, 0.5, 0.6)
    factor = wanted / (1.0 - wanted) / max(share, 0.004)
    shifts = (
        Shift("demand", "times", factor, where=(("tenant", tenant),)),
        Shift("demand", "times", 1.0 / (1.0 - share + share * factor)),
    )
    fault = draft.fault("none.mix_shift", shifts, (("tenant", tenant),), "failed")
    return Plan(fault, world=replace(draft.world, crash=0.006, chronic_factor=8.0))


def noise_or_seasonal(draft: Draft) -> Plan:
    """A threshold over few requests, a blip that is over, or the ordinary morning."""
    kind = draft.one("noise", "blip", "season")
    shifts: tuple[Shift, ...] = ()
    shape = draft.shape
    if kind == "blip":
        model = draft.world.models[0]
        begun = -float(draft.rng.uniform(2400, 4200))
        shape = Shape(begun, end=begun + 480.0)
        shifts = (Shift("llm.outage", "add", 0.25, at=(("provider", model.provider),)),)
    title = f"{draft.world.service}: requests per minute above threshold" if kind == "season" else ""
    fault = replace(draft.fault("none.noise_or_seasonal", shifts, (), "failed", judged=False), shape=shape, slice=())
    world = replace(draft.world, flat=0.05) if kind == "season" else draft.world
    return Plan(fault, world=world, title=title)


CAUSES = {
    "none.mix_shift": Cause(mix_shift, (), ("step", "ramp")),
    "none.noise_or_seasonal": Cause(noise_or_seasonal, (), ("step",)),
}
