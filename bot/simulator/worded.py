"""The words of a page, from what was measured in the last hour; some of them point the wrong way (catalogue 4.4)."""

from __future__ import annotations

import numpy as np

from bot.model.frame import BoolArray, FloatArray
from bot.simulator.run import SYMPTOMS, symptom
from bot.simulator.scenario import Paged
from bot.simulator.sim import Sim

HOUR = 3600.0
MISLEADING = (
    "Model latency SLO burn on {service}",
    "LLM provider looks slow, {service} affected",
    "{service}: deploy health check degraded",
)
RATES = frozenset(name for name, (_, unit) in SYMPTOMS.items() if unit == "%")
TAILS = frozenset({"duration", "ttft"})


def measured(sim: Sim, name: str, window: BoolArray) -> float:
    """The symptom as a dashboard shows it over some requests: a rate in percent, a p95, or a mean."""
    values: FloatArray = symptom(sim, name)[window]
    values = values[~np.isnan(values)]
    if len(values) == 0:
        return 0.0
    if name in RATES:
        return float(values.mean() * 100.0)
    if name in TAILS:
        return float(np.quantile(values, 0.95))
    return float(len(values) / 60.0) if name == "volume" else float(values.mean())


def worded(sim: Sim) -> Paged:
    """The page for what the first fault shows; its own words where the scenario brings some."""
    paged = sim.scenario.page
    name = sim.scenario.faults[0].sli if sim.scenario.faults else "failed"
    words, unit = SYMPTOMS[name]
    value = measured(sim, name, sim.requests.ts >= -HOUR)
    service = sim.world.service
    title = (
        paged.title.replace("{value}", _short(value))
        if paged.title
        else f"{service} degraded - {words} {_short(value)} {unit}".replace(" %", "%")
    )
    before = measured(sim, name, sim.requests.ts < -sim.scenario.hours * HOUR * 0.6)
    description = paged.description or f"{words} over the last 60 minutes: {_short(value)} {unit}; earlier today: {_short(before)} {unit}."
    if paged.misleading:
        pick = int(sim.draws.stream("page.misleads").integers(len(MISLEADING)))
        title = MISLEADING[pick].format(service=service)
        description = f"Burn rate alert on {service}."
    return Paged(paged.source, title, description, paged.metric or words, round(value, 4), unit, paged.misleading)


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"
