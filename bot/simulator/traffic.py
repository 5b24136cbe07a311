"""Who asks what and when: sessions of a few turns, a day and night curve per region, bursts (catalogue 4.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.model.frame import BoolArray, FloatArray, IntArray
from bot.simulator.draws import Draws
from bot.simulator.scenario import Scenario, Shape, Where
from bot.simulator.world import World

DAY = 86400.0
TURNS = 3.0  # mean turns of a session
GAP = 45.0  # mean seconds between turns
PODS = 3  # per region
OFFSETS = {"us-east": -5.0, "eu-west": 1.0, "ap-south": 5.5, "us-west": -8.0, "eu-north": 2.0, "sa-east": -3.0}  # hours from UTC
CLIENTS = ("web", "ios", "android", "api")
CLIENT_SHARE = (0.5, 0.2, 0.2, 0.1)
DEVICES = ("phone-2019", "phone-2021", "phone-2023", "phone-2025")
DEVICE_SHARE = (0.1, 0.25, 0.35, 0.3)


@dataclass(frozen=True)
class Requests:
    """One row a request, sorted by arrival. `dims` holds text columns as object arrays."""

    n: int
    ts: FloatArray  # relative to now, so negative
    route: IntArray
    session: IntArray
    turn: IntArray
    retry: BoolArray  # a user asking again after a failure
    dims: dict[str, np.ndarray]


def curve(hour: FloatArray, weekday: IntArray) -> FloatArray:
    """Volume over the local day: two humps on weekdays, a low night, a flatter and lower weekend. Mean near 0.5."""
    humps = (
        np.exp(-(((hour - 10.0) / 2.6) ** 2)) + 0.95 * np.exp(-(((hour - 15.0) / 3.0) ** 2)) + 0.35 * np.exp(-(((hour - 20.0) / 2.5) ** 2))
    )
    return np.where(weekday >= 5, 0.10 + 0.42 * humps, 0.10 + 0.90 * humps)


def region_rate(world: World, epoch: FloatArray, region: str) -> FloatArray:
    """Relative volume of a region at these moments; 1 on average over a weekday."""
    local = epoch / 3600.0 + OFFSETS.get(region, 0.0)
    weekday = ((np.floor(local / 24.0)).astype(np.int64) + 3) % 7  # the epoch began on a Thursday
    shaped = curve(local % 24.0, weekday) / 0.56
    return world.flat + (1.0 - world.flat) * shaped


def active(shape: Shape, ts: FloatArray) -> FloatArray:
    """How far a fault is on at these moments, 0..1."""
    since = ts - shape.onset
    on = (since >= 0).astype(np.float64)
    if shape.kind == "ramp" and shape.ramp > 0:
        on = np.clip(since / shape.ramp, 0.0, 1.0)
    elif shape.kind == "intermittent":
        on *= (since % shape.period) < shape.period * 0.55
    on = on * shape.top
    return np.where(ts >= shape.end, 0.0, on) if shape.end is not None else on


def matches(dims: dict[str, np.ndarray], where: Where, n: int) -> BoolArray:
    mask = np.ones(n, dtype=np.bool_)
    for dim, value in where:
        mask &= np.isin(dims[dim].astype(str), value.split("|")) if dim in dims else np.zeros(n, dtype=np.bool_)
    return mask


def arrivals(scenario: Scenario, draws: Draws) -> Requests:
    """All first requests in [now - hours, now), the extra ones that a demand fault brings, without those that it keeps away."""
    parts = [_population(scenario, draws, "base", 1.0)]
    demand = [(number, fault, shift) for number, (fault, shift) in enumerate(scenario.shifts) if shift.dial == "demand"]
    for number, fault, shift in demand:
        extra = _population(scenario, draws, f"extra{number}", max(0.0, float(shift.to) - 1.0))
        keep = matches(extra.dims, shift.where, extra.n)
        keep &= draws.uniform(f"extra{number}.coin", extra.n) < active(shift.shape or fault.shape, extra.ts)
        parts.append(_take(extra, np.flatnonzero(keep)))
    every = joined(parts)
    for number, fault, shift in demand:
        if (left := float(shift.to)) < 1.0:
            away = matches(every.dims, shift.where, every.n)
            away &= draws.uniform(f"away{number}.coin", every.n) < (1.0 - left) * active(shift.shape or fault.shape, every.ts)
            every = _take(every, np.flatnonzero(~away))
    return every


def _population(scenario: Scenario, draws: Draws, name: str, factor: float) -> Requests:
    world = scenario.world
    starts, homes = _sessions(scenario, draws, name, factor)
    n = len(starts)
    rng = draws.stream(f"{name}.turns")
    turns = np.minimum(rng.geometric(1.0 / TURNS, n), 12)
    owner = np.repeat(np.arange(n), turns)
    first = np.r_[0, np.cumsum(turns)[:-1]] if n else np.zeros(0, dtype=np.int64)
    turn = np.arange(len(owner)) - first[owner] if n else np.zeros(0, dtype=np.int64)
    gaps = rng.exponential(GAP, len(owner)) * (turn > 0)
    total = np.cumsum(gaps)
    ts = starts[owner] + total - total[first[owner]] if n else np.zeros(0)
    dims = _dims(world, draws, name, homes)
    shares = np.cumsum([route.share for route in world.routes])
    route = np.searchsorted(shares / shares[-1], draws.uniform(f"{name}.route", n), side="right")
    every = Requests(
        len(owner),
        ts,
        route[owner],
        owner,
        turn,
        np.zeros(len(owner), dtype=np.bool_),
        {key: column[owner] for key, column in dims.items()},
    )
    every.dims["route"] = np.array([one.name for one in world.routes], dtype=object)[every.route]
    return _take(every, np.flatnonzero((ts >= -scenario.hours * 3600.0) & (ts < -1.0)))


def _sessions(scenario: Scenario, draws: Draws, name: str, factor: float) -> tuple[FloatArray, IntArray]:
    """Starts of sessions (relative to now) and the region index of each; a gamma-modulated Poisson process."""
    world = scenario.world
    minutes = np.arange(-scenario.hours * 60.0 - 8.0, 0.0)
    shape = 1.0 / max(world.cv, 0.02) ** 2
    burst = draws.stream(f"{name}.burst").gamma(shape, 1.0 / shape, int(len(minutes) // 5 + 1))
    weights = np.array([sum(w for w, home in zip(world.people.weight, world.people.home, strict=True) if home == r) for r in world.regions])
    starts, homes = [], []
    for index, region in enumerate(world.regions):
        rng = draws.stream(f"{name}.{region}")
        rate = world.per_hour / 60.0 / TURNS * weights[index] / weights.sum() * region_rate(world, scenario.now + minutes * 60.0, region)
        counts = rng.poisson(rate * np.repeat(burst, 5)[: len(minutes)] * factor)
        at = np.repeat(minutes, counts) * 60.0
        starts.append(at + rng.random(len(at)) * 60.0)
        homes.append(np.full(len(at), index))
    return np.concatenate(starts), np.concatenate(homes)


def _pick(u: FloatArray, shares: tuple[float, ...]) -> IntArray:
    edges = np.cumsum(shares) / np.sum(shares)
    return np.minimum(np.searchsorted(edges, u, side="right"), len(shares) - 1)


def _dims(world: World, draws: Draws, name: str, homes: IntArray) -> dict[str, np.ndarray]:
    n = len(homes)
    tenant = np.empty(n, dtype=object)
    locale = np.empty(n, dtype=object)
    u = draws.uniform(f"{name}.tenant", n)
    v = draws.uniform(f"{name}.locale", n)
    languages = dict(world.people.locales)
    for index, region in enumerate(world.regions):
        rows = np.flatnonzero(homes == index)
        here = [i for i, home in enumerate(world.people.home) if home == region]
        names = np.array([world.people.tenants[i] for i in here], dtype=object)
        tenant[rows] = names[_pick(u[rows], tuple(world.people.weight[i] for i in here))]
        spoken = languages[region]
        share = (0.72, *([0.28 / max(1, len(spoken) - 1)] * (len(spoken) - 1)))
        locale[rows] = np.array(spoken, dtype=object)[_pick(v[rows], share)]
    region_names = np.array(world.regions, dtype=object)[homes]
    pod = np.array([f"{region}-{i}" for region in world.regions for i in range(PODS)], dtype=object)
    client = np.array(CLIENTS, dtype=object)[_pick(draws.uniform(f"{name}.client", n), CLIENT_SHARE)]
    device = np.array(DEVICES, dtype=object)[_pick(draws.uniform(f"{name}.device", n), DEVICE_SHARE)]
    device[(client == "web") | (client == "api")] = None
    return {
        "tenant": tenant,
        "locale": locale,
        "region": region_names,
        "pod": pod[homes * PODS + (draws.uniform(f"{name}.pod", n) * PODS).astype(np.int64)],
        "client": client,
        "device_class": device,
        "user": np.array([f"u{int(x * 1e9):09d}" for x in draws.uniform(f"{name}.user", n)], dtype=object),
    }


def _take(requests: Requests, rows: IntArray) -> Requests:
    return Requests(
        len(rows),
        requests.ts[rows],
        requests.route[rows],
        requests.session[rows],
        requests.turn[rows],
        requests.retry[rows],
        {key: column[rows] for key, column in requests.dims.items()},
    )


def joined(parts: list[Requests]) -> Requests:
    """Several populations as one, in order of arrival; sessions stay apart."""
    offset, sessions = 0, []
    for part in parts:
        sessions.append(part.session + offset)
        offset += int(part.session.max()) + 1 if part.n else 0
    return _take(_stacked(parts, np.concatenate(sessions)), np.argsort(np.concatenate([part.ts for part in parts]), kind="stable"))


def _stacked(parts: list[Requests], session: IntArray) -> Requests:
    return Requests(
        sum(part.n for part in parts),
        np.concatenate([part.ts for part in parts]),
        np.concatenate([part.route for part in parts]),
        session,
        np.concatenate([part.turn for part in parts]),
        np.concatenate([part.retry for part in parts]),
        {key: np.concatenate([part.dims[key] for part in parts]) for key in parts[0].dims},
    )


def asked_again(requests: Requests, failed: BoolArray, draws: Draws) -> Requests:
    """Users whose request failed ask again (p = .35): the bad slice grows by itself."""
    rows = np.flatnonzero(failed & (draws.uniform("asks.again", requests.n) < 0.35))
    again = _take(requests, rows)
    later = again.ts + 8.0 + 25.0 * draws.exponential("asks.later", requests.n)[rows]
    again = Requests(again.n, later, again.route, again.session, again.turn + 1, np.ones(again.n, dtype=np.bool_), again.dims)
    again = _take(again, np.flatnonzero(later < -1.0))
    # appended, not merged: rows keep their numbers, and with them their draws
    return _stacked([requests, again], np.concatenate([requests.session, again.session]))
