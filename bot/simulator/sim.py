"""The running state of one simulation: requests, dials, clocks, and the operations recorded so far.

Operations are recorded in batches of columns (one batch a mechanism call), never one by one: a bundle is 50,000 spans.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bot.model.frame import BoolArray, FloatArray, IntArray
from bot.simulator.draws import Draws
from bot.simulator.scenario import Scenario, Shift, Where
from bot.simulator.traffic import Requests, active, matches
from bot.simulator.world import World

WOBBLE = 0.22  # coefficient of variation of hazards between five-minute buckets (catalogue 4.2: rho .002 to .03)


NONE = np.array(None, dtype=object)
"""Not recorded, where an array is wanted."""


def absent(column: np.ndarray) -> BoolArray:
    """Where a column of objects holds None."""
    return np.asarray(np.equal(column, NONE), dtype=np.bool_)


@dataclass
class Batch:
    """Operations of one kind: `ids` are numbers within the simulation, `parent` an id or -1 for the request itself."""

    kind: str
    name: str
    service: str
    ids: IntArray
    rows: IntArray
    start: FloatArray  # relative to now, seconds
    duration: FloatArray
    parent: IntArray
    error: np.ndarray  # object: error class or None
    cols: dict[str, object]  # canonical path -> column (array over rows) or one value for all


@dataclass
class Sim:
    scenario: Scenario
    requests: Requests
    draws: Draws
    batches: list[Batch] = field(default_factory=list)
    n_ops: int = 0

    def __post_init__(self) -> None:
        n = self.requests.n
        self.clock = np.zeros(n)  # seconds since the request began
        self.took = np.zeros(n)  # seconds until the user had the answer
        self.failed = np.full(n, None, dtype=object)  # error class at the root
        self.reason = np.full(n, None, dtype=object)
        self.done = np.zeros(n, dtype=np.bool_)  # nothing further runs for this request
        self.degraded = np.zeros(n, dtype=np.bool_)
        self.refused = np.zeros(n, dtype=np.bool_)
        self.blocked = np.zeros(n, dtype=np.bool_)
        self.context_tokens = np.zeros(n)
        self.history_tokens = np.zeros(n)
        self.context = np.ones(n)  # how good the material in front of the model is, 0..1
        self.quality = np.ones(n)
        self.cost = np.zeros(n)
        self.out_chars = np.zeros(n)
        self.first_token = np.full(n, np.nan)
        self.locale_ok = np.ones(n, dtype=np.bool_)
        self.signs: dict[str, BoolArray] = {}  # observables by name, for validation: see symptoms
        self._coins: dict[int, BoolArray] = {}

    @property
    def world(self) -> World:
        return self.scenario.world

    @property
    def n(self) -> int:
        return self.requests.n

    # randomness: always drawn for all requests, so that row r has the same draw whatever else happens
    def uniform(self, name: str, rows: IntArray) -> FloatArray:
        return self.draws.uniform(name, self.n)[rows]

    def spread(self, name: str, rows: IntArray, sigma: float) -> FloatArray:
        return self.draws.lognormal(name, self.n, sigma)[rows]

    def wait(self, name: str, rows: IntArray) -> FloatArray:
        return self.draws.exponential(name, self.n)[rows]

    def hit(self, name: str, rows: IntArray, p: FloatArray | float) -> BoolArray:
        """A hazard: p per request, more in some five-minute buckets than in others, as real ones are."""
        bucket = ((self.requests.ts[rows] + self.scenario.hours * 3600.0) // 300.0).astype(np.int64)
        shape = 1.0 / WOBBLE**2
        factor = self.draws.stream(f"{name}.wobble").gamma(shape, 1.0 / shape, int(bucket.max(initial=0)) + 1)
        hazard = np.asarray(p, dtype=np.float64)
        return self.uniform(name, rows) < np.where(hazard < 0.3, hazard * factor[bucket], hazard)

    # dials
    def dial(self, name: str, rows: IntArray, rest: FloatArray | float, **at: str) -> FloatArray:
        """The value of a mechanism's dial for each of these requests."""
        value = np.full(len(rows), rest, dtype=np.float64) if np.isscalar(rest) else np.array(rest, dtype=np.float64)
        for number, shift in self._shifts(name, at):
            on = self._level(number, shift)[rows] if shift.gradual else self._coin(number, shift)[rows].astype(np.float64)
            to = float(shift.to)
            if shift.how == "add":
                value = value + on * to
            elif shift.how == "times":
                value = value * to**on
            else:
                value = value + on * (to - value)
        return value

    def choice(self, name: str, rows: IntArray, rest: str | np.ndarray, **at: str) -> np.ndarray:
        """A dial that holds a name (a version, a model) for each of these requests."""
        value = np.full(len(rows), rest, dtype=object) if isinstance(rest, str) else rest.copy()
        for number, shift in self._shifts(name, at):
            value[self._coin(number, shift)[rows]] = str(shift.to)
        return value

    def moved(self, name: str, **at: str) -> bool:
        return bool(self._shifts(name, at))

    def _shifts(self, name: str, at: dict[str, str]) -> list[tuple[int, Shift]]:
        return [
            (number, shift)
            for number, (_, shift) in enumerate(self.scenario.shifts)
            if shift.dial == name and all(at.get(key) in value.split("|") for key, value in shift.at)
        ]

    def _level(self, number: int, shift: Shift) -> FloatArray:
        fault = self.scenario.shifts[number][0]
        return active(shift.shape or fault.shape, self.requests.ts) * matches(self.requests.dims, shift.where, self.n)

    def _coin(self, number: int, shift: Shift) -> BoolArray:
        if number not in self._coins:
            name = f"coin.{shift.coin or number}"
            u = self.draws.uniform(name, int(self.requests.session.max(initial=0)) + 1)[self.requests.session] if shift.sticky else None
            u = self.draws.uniform(name, self.n) if u is None else u
            self._coins[number] = u < self._level(number, shift)
        return self._coins[number]

    def where(self, where: Where) -> BoolArray:
        return matches(self.requests.dims, where, self.n)

    def chronic(self, rows: IntArray) -> FloatArray:
        """Factor on the failure rate of a request because of who asks."""
        bad = np.isin(self.requests.dims["tenant"][rows].astype(str), self.world.people.chronic)
        return np.where(bad, self.world.chronic_factor, 1.0)

    # recording
    def record(
        self,
        kind: str,
        name: str,
        rows: IntArray,
        duration: FloatArray,
        *,
        service: str = "app",
        start: FloatArray | None = None,
        parent: IntArray | None = None,
        error: np.ndarray | None = None,
        columns: dict[str, object] | None = None,
        **cols: object,
    ) -> IntArray:
        """One operation for each of `rows`; returns their ids. Starts at the request's clock unless told otherwise."""
        ids = np.arange(self.n_ops, self.n_ops + len(rows))
        self.n_ops += len(rows)
        begun = self.requests.ts[rows] + self.clock[rows] if start is None else start
        above = np.full(len(rows), -1, dtype=np.int64) if parent is None else parent
        bad = np.full(len(rows), None, dtype=object) if error is None else error
        named = {**(columns or {}), **{key.replace("__", "."): value for key, value in cols.items()}}
        if len(rows):
            self.batches.append(Batch(kind, name, service, ids, rows, begun, duration, above, bad, named))
        return ids

    def pass_time(self, rows: IntArray, seconds: FloatArray) -> None:
        self.clock[rows] += seconds

    def fail(self, rows: IntArray, error: np.ndarray | str, reason: str) -> None:
        """The request ends here with an error."""
        self.failed[rows] = error
        self.reason[rows] = reason
        self.done[rows] = True

    def sign(self, name: str, rows: IntArray) -> None:
        """These requests show an observable (validation looks at it; the telemetry does not)."""
        self.signs.setdefault(name, np.zeros(self.n, dtype=np.bool_))[rows] = True
