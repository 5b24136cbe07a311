"""Small scenarios for the simulator's own tests."""

from dataclasses import replace

import numpy as np

from bot.simulator.run import in_slice, simulate
from bot.simulator.scenario import Scenario
from bot.simulator.sim import Sim
from bot.simulator.splits import Planned, _planned

OWN = {
    "model.access_denied",
    "model.output_corruption",
    "prompt.locale_regression",
    "infra.abuse_injection",
    "infra.network_region",
    "infra.device_cohort",
    "none.mix_shift",
    "prompt.safety_section_missing",
}  # these are about a slice by their nature


def planned(cause: str, severity: str = "high", seed: int = 1000, split: str = "dev") -> Planned:
    """A scenario of this cause that is not limited to a slice of the requests by the way."""
    while True:
        found = _planned(split, 0, seed, cause, severity, "rich")
        shift = found.scenario.faults[0].shifts[0] if found.scenario.faults[0].shifts else None
        if len(found.scenario.faults) == 1 and (cause in OWN or shift is None or not shift.where):
            return found
        seed += 7


def pair(scenario: Scenario) -> tuple[Sim, Sim]:
    """The world with its faults, and the very same world without them."""
    return simulate(scenario), simulate(replace(scenario, faults=()))


def during(sim: Sim, scenario: Scenario) -> np.ndarray:
    """Requests of the fault's slice since its onset."""
    fault = scenario.faults[0]
    return (sim.requests.ts >= fault.shape.onset) & in_slice(sim, fault.slice)


def column(sim: Sim, kind: str, path: str, rows: np.ndarray) -> np.ndarray:
    """Values of a canonical path on the operations of a kind that belong to these requests."""
    parts = []
    for batch in sim.batches:
        if batch.kind == kind and path in batch.cols:
            values = batch.cols[path]
            values = values if isinstance(values, np.ndarray) else np.full(len(batch.rows), values, dtype=object)
            parts.append(values[rows[batch.rows]])
    return np.concatenate(parts) if parts else np.zeros(0)


def numbers(sim: Sim, kind: str, path: str, rows: np.ndarray) -> np.ndarray:
    values = np.array([np.nan if value is None else float(value) for value in column(sim, kind, path, rows).tolist()])
    return values[~np.isnan(values)]
