"""Does a fault show at all? The same world is run without it, draw for draw, and the two are compared (catalogue 4.1)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bot.model.frame import FloatArray
from bot.simulator.run import in_slice, simulate, symptom
from bot.simulator.scenario import Fault, Scenario
from bot.simulator.sim import Sim
from bot.simulator.worded import RATES

SEEN = 4.0  # standard errors by which the symptom must move in the true slice
HOUR = 3600.0
FEW = 5  # values below which there is nothing to compare
ALSO = {
    "refusal": ("tokens_output", "parse_failed", "failed"),
    "low_score": ("unhappy", "refusal"),
    "lang_mismatch": ("parse_failed",),
    "cost": ("ttft",),
    "failed": ("duration",),
}
"""Observables that move together: a drop in quality is seen by judges, thumbs or refusals, whichever has the numbers."""


def impact(scenario: Scenario) -> float:
    """Standard errors by which the first fault's symptom moved in its slice, against the same world without any fault."""
    with_fault = simulate(scenario)
    return shift(with_fault, simulate(replace(scenario, faults=())))


def shift(with_fault: Sim, without: Sim) -> float:
    """As `impact`, for two runs that are there already: the largest of the paged symptom's shift and of those that go with it."""
    fault = with_fault.scenario.faults[0]
    sights = (fault.sli, *ALSO.get(fault.sli, ()))
    begin = max(fault.shape.onset, -with_fault.scenario.hours * HOUR)
    return max(_moved(_window(with_fault, name, fault, begin), _window(without, name, fault, begin), name) for name in sights)


def _moved(now: FloatArray, then: FloatArray, name: str) -> float:
    if name == "volume":
        return float((len(now) - len(then)) / max(1.0, np.sqrt(len(now) + len(then))))
    if len(now) < FEW or len(then) < FEW:
        return 0.0
    if name in RATES:
        pooled = (now.sum() + then.sum() + 1.0) / (len(now) + len(then) + 2.0)
        error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / len(now) + 1.0 / len(then)))
        return float((now.mean() - then.mean()) / max(error, 1e-9))
    a, b = np.log(now[now > 0]), np.log(then[then > 0])
    if len(a) < FEW or len(b) < FEW:
        return 0.0
    return float((a.mean() - b.mean()) / max(1e-9, np.sqrt(a.var() / len(a) + b.var() / len(b))))


def _window(sim: Sim, name: str, fault: Fault, begin: float) -> FloatArray:
    """Values of an observable since the onset, in the true slice."""
    values = symptom(sim, name)[(sim.requests.ts >= begin) & in_slice(sim, fault.slice)]
    return np.asarray(values[~np.isnan(values)])
