"""Fit the calibration on scenarios whose truth is known: nats by maximum likelihood, then an isotonic map on scenarios not fitted on.

Everything is shared by all causes: the fit learns what a strong discriminating test is worth, never what one cause looks like in the
simulator. A penalty draws every number to where it was, so that few scenarios move little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize
from scipy.special import logsumexp

from bot.engine.calibration import Calibration
from bot.engine.corroboration import ASIDE, SOLE
from bot.engine.evidence import LASTING, STILL, UNKNOWN, clarity
from bot.engine.precedence import EXPLAINED
from bot.model.finding import Grade, Role, Signal

Json = Mapping[str, Any]
Parts = tuple[tuple[int, float], ...]  # a clue as (row of NAMES, times)
Floats = NDArray[np.float64]

CELLS = tuple((role, grade) for role in Role for grade in Grade if grade is not Grade.NA)
SCALARS = ("instrument", "static", "clarity", "over", "holds_most", "holds_none", "elsewhere", "unseen_moved", "unseen_still")
NAMES = (*(f"{role.value}.{grade.value}" for role, grade in CELLS), *SCALARS, "prior_power", "none_share")
PLACE = {name: row for row, name in enumerate(NAMES)}
SECOND = 0.25  # of the next clue on one signal: rule 4 of catalogue 2.2, not fitted
PENALTY = 2.0  # scenarios' worth of likelihood that one nat of change of one number costs
ROUNDS = 25
LEAST_PRIOR = 0.3  # power of the catalogue's priors: the simulator draws every cause alike, and real incidents do not
LOW, HIGH = -4.0, 5.0  # nats: catalogue 2.2 clips there
SMALL = 0.02  # posterior below which a candidate teaches nothing about reliability
KNOTS = 12  # of the isotonic map at the most
LEVEL = 15  # scenarios behind each level of the map


@dataclass(frozen=True)
class Candidate:
    """One cause of one scenario: its clues by signal as rows of NAMES, and what is added whatever they are worth."""

    cause: str
    prior: float
    groups: tuple[tuple[Parts, ...], ...]
    necessary: tuple[int, ...]  # rows of its required clues, when it is clean: the least of them is a ceiling
    holds: int  # 1 carries the excess, -1 stands aside from one that does, 0 neither
    elsewhere: bool
    fixed: float


@dataclass(frozen=True)
class Scenario:
    candidates: tuple[Candidate, ...]
    priors: Mapping[str, float]
    blind: tuple[str, ...]
    moved: bool
    right: tuple[int, ...]  # rows of candidates; the row after the last is "no check sees it"


def scenario(line: Json, was: Calibration) -> Scenario:
    """One line of `midwatch eval --clues`; `was`: the calibration it was written under, to take its part out of the extra nats."""
    causes = line["causes"]
    shares = [one["share"] for one in causes if one["share"] is not None]
    most = any(share >= SOLE for share in shares)
    explained = {one["cause"] for one in causes if any(by["share"] >= EXPLAINED for by in one["explained"])}
    weighed = [one for one in causes if one["outcome"] in ("found", "clean") and one["cause"] not in explained]
    blind = tuple(one["cause"] for one in causes if one["outcome"] not in ("found", "clean"))
    candidates = tuple(_candidate(one, most, was) for one in weighed)
    found = [one["outcome"] == "found" or one["cause"].startswith("none.") for one in weighed]
    return Scenario(
        candidates, {one["cause"]: one["prior"] for one in causes}, blind, bool(line["moved"]), _right(line["truth"], candidates, found)
    )


def _candidate(one: Json, most: bool, was: Calibration) -> Candidate:
    by_signal: dict[str, list[Parts]] = {}
    for clue in one["clues"]:
        by_signal.setdefault(clue["signal"], []).append(_parts(clue))
    share, found = one["share"], one["outcome"] == "found"
    holds = 0 if not most or not found or share is None else 1 if share >= SOLE else -1 if share < ASIDE else 0
    elsewhere = bool(one["other_window"]) and found and not one["cause"].startswith("none.")
    counted = (was.holds_most if holds == 1 else -was.holds_none if holds == -1 else 0.0) - (was.elsewhere if elsewhere else 0.0)
    required = [clue for clue in one["clues"] if clue["role"] == Role.REQUIRED.value]
    necessary = tuple(PLACE[f"required.{clue['grade']}"] if clue["grade"] != Grade.NA.value else -1 for clue in required)
    return Candidate(
        one["cause"], one["prior"], tuple(tuple(group) for group in by_signal.values()), () if found else necessary, holds, elsewhere,
        (float(one["extra"] or 0.0) - counted) / was.temperature,
    )  # fmt: skip


def _parts(clue: Json) -> Parts:
    """As `evidence._worth` adds it up."""
    if clue["grade"] == Grade.NA.value:
        return ()
    own = (PLACE[f"{clue['role']}.{clue['grade']}"], 1.0)
    if clue["grade"] != Grade.STRONG.value or clue["role"] == Role.SUPPORTING.value:
        return (own,)
    if clue["role"] == Role.CONTRA.value:
        return (own, (PLACE["over"], -1.0)) if clue["test"] == LASTING else (own,)
    if clue["signal"] == Signal.TELEMETRY.value:
        return (own, (PLACE["instrument"], 1.0))
    if clue["z"] is not None:
        return (own, (PLACE["clarity"], round(clarity(clue["z"]), 2)))
    return (own,) if clue["test"] in STILL else (own, (PLACE["static"], 1.0))


def _right(truth: Json, candidates: Sequence[Candidate], found: Sequence[bool]) -> tuple[int, ...]:
    """A fault that no check found is rightly "unseen"; a page without a fault is any of the no-fault verdicts'."""
    if truth["verdict"] != "fault":
        rows = [row for row, one in enumerate(candidates) if one.cause.startswith("none.")]
        named = [row for row in rows if candidates[row].cause in truth["causes"]]
        return tuple(named or rows or [len(candidates)])
    accepted = {*truth["causes"], *(cause for some in truth["accept"] for cause in some)}
    return tuple(row for row, one in enumerate(candidates) if one.cause in accepted and found[row]) or (len(candidates),)


def logits(one: Scenario, theta: Floats, known: dict[object, float] | None = None) -> Floats:
    """Unnormalised log posterior of every candidate, and last of what no check sees. `known`: nats already added up under this theta."""
    known = {} if known is None else known
    power = {cause: prior ** theta[PLACE["prior_power"]] for cause, prior in one.priors.items()}
    faults = sum(value for cause, value in power.items() if not cause.startswith("none."))
    nones = sum(value for cause, value in power.items() if cause.startswith("none."))
    share = theta[PLACE["none_share"]]
    prior = {c: v / nones * share if c.startswith("none.") else v / faults * (1.0 - share) for c, v in power.items()}
    scores = [_nats(candidate, theta, known) + np.log(prior[candidate.cause]) for candidate in one.candidates]
    unseen = theta[PLACE["unseen_moved" if one.moved else "unseen_still"]]
    return np.array([*scores, np.log(sum(prior[cause] for cause in one.blind) + UNKNOWN) + unseen])


def _nats(one: Candidate, theta: Floats, known: dict[object, float]) -> float:
    key = (one.groups, one.necessary)
    if key not in known:
        known[key] = _evidence(one, theta)
    holds = theta[PLACE["holds_most"]] if one.holds == 1 else -theta[PLACE["holds_none"]] if one.holds == -1 else 0.0
    return float(known[key] + one.fixed + holds - (theta[PLACE["elsewhere"]] if one.elsewhere else 0.0))


def _evidence(one: Candidate, theta: Floats) -> float:
    total = 0.0
    for group in one.groups:
        values = sorted((sum(float(theta[row]) * times for row, times in parts) for parts in group), key=lambda value: (-abs(value), value))
        total += values[0] + (SECOND * values[1] if len(values) > 1 else 0.0)
    if one.necessary:
        total = min(total, *(float(theta[row]) if row >= 0 else 0.0 for row in one.necessary))
    return total


def loss(scenarios: Sequence[Scenario], theta: Floats) -> float:
    """Mean negative log-likelihood of the truth, nats."""
    total, known = 0.0, dict[object, float]()
    for one in scenarios:
        scores = logits(one, theta, known)
        total -= float(logsumexp(scores[list(one.right)]) - logsumexp(scores))
    return total / max(1, len(scenarios))


def theta_of(calibration: Calibration) -> Floats:
    """Everything in nats after the temperature."""
    t = calibration.temperature
    values = [calibration.table[role][grade] / t for role, grade in CELLS]
    return np.array([*values, *(getattr(calibration, name) / t for name in SCALARS), calibration.prior_power, calibration.none_share])


def fit(scenarios: Sequence[Scenario], start: Calibration) -> Calibration:
    """The most likely calibration near `start`, under its temperature; no isotonic map yet."""
    first = theta_of(start)
    bounds = [(LOW, HIGH)] * len(CELLS) + [(0.0, HIGH)] * 7 + [(LOW, HIGH)] * 2 + [(LEAST_PRIOR, 1.0), (0.05, 0.5)]

    def cost(theta: Floats) -> float:
        return loss(scenarios, theta) + PENALTY * float(((theta - first) ** 2).sum()) / max(1, len(scenarios))

    done = minimize(
        cost,
        np.clip(first, [low for low, _ in bounds], [high for _, high in bounds]),
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": ROUNDS},
    )
    theta, t = np.round(done.x, 3), start.temperature
    table = {role: {Grade.NA: 0.0} for role in Role}
    for row, (role, grade) in enumerate(CELLS):
        table[role][grade] = round(float(theta[row]) * t, 3)
    scalars = {name: round(float(theta[PLACE[name]]) * t, 3) for name in SCALARS}
    shares = {name: float(theta[PLACE[name]]) for name in ("prior_power", "none_share")}
    return start.model_copy(update={"table": table, "reliability": (), **scalars, **shares})


def reliability(scenarios: Sequence[Scenario], fitted: Calibration) -> tuple[tuple[float, float], ...]:
    """Isotonic map of a cause's posterior to the share that was right, on scenarios the fit has not seen."""
    theta = theta_of(fitted)
    pairs: list[tuple[float, float]] = []
    for one in scenarios:
        scores = logits(one, theta)
        shares = np.exp(scores - logsumexp(scores))
        pairs += [(float(shares[row]), float(row in one.right)) for row in range(len(one.candidates)) if shares[row] >= SMALL]
    pairs.sort()
    raw, right = np.array([p for p, _ in pairs]), np.array([y for _, y in pairs])
    rising = isotonic_regression(right).x
    at = np.unique(np.linspace(0, len(raw) - 1, min(KNOTS, max(2, len(raw) // LEVEL))).round().astype(int))
    knots = [(0.0, 0.0), *((float(raw[i]), float(rising[i])) for i in at), (1.0, float(rising[-1]))]
    smooth: dict[float, float] = {}
    for x, y in knots:
        smooth[round(x, 4)] = round(max(y, max(smooth.values(), default=0.0)), 4)
    return tuple(sorted(smooth.items()))
