"""From clues to a posterior over causes (catalogue 2.2): bins -> nats -> softmax, then caps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from bot.engine.calibration import FITTED, Calibration
from bot.model.finding import Clue, Examination, Grade, Role, Signal
from bot.model.report import Outcome

CAP_NA = 0.60  # a required test could not be made
CAP_BLIND = 0.50  # traces are being lost: everything measured through them is doubtful
CAP_LOOSE = 0.70  # no sharp onset and no slice
CAP_FEW = 0.80  # fewer than FEW requests in the current window
CAP_GROUP = 0.75  # an ambiguity group that the evidence cannot split
CAP_SINGLE = 0.40  # one weak group of evidence
FEW = 200
NAMED = 0.45  # below this a cause is not named
UNKNOWN = 0.02  # prior of what the catalogue does not know
GATE, CLEAR = 4.0, 20.0  # z of a strong test, and z that no search through many cells reaches by chance
STILL = ("BAND", "MIX", "ONSET")  # tests that find nothing out of the ordinary: no z, and nothing that was read
LASTING = "LASTING"  # the test whether it still goes on


@dataclass(frozen=True)
class Weighed:
    """One cause with its nats and its share of the posterior, before and after the caps."""

    cause: str
    layer: str
    nats: float
    probability: float
    confidence: float


def nats(clues: Sequence[Clue], by: Calibration = FITTED) -> float:
    """Sum over signal groups of the strongest clue plus a part of the next."""
    by_group: dict[str, list[float]] = {}
    for clue in clues:
        by_group.setdefault(clue.signal.value, []).append(_worth(clue, by))
    total = 0.0
    for group in sorted(by_group):
        ordered = sorted(by_group[group], key=lambda value: (-abs(value), value))
        total += ordered[0] + (by.second_in_group * ordered[1] if len(ordered) > 1 else 0.0)
    return total


def _worth(clue: Clue, by: Calibration) -> float:
    """Table, and more for what is read rather than estimated, and for what stands far above its gate."""
    value = by.table[clue.role][clue.measured.grade]
    if clue.measured.grade is not Grade.STRONG:
        return value
    if clue.role is Role.CONTRA:
        return value - (by.over if clue.measured.test == LASTING else 0.0)
    if clue.role is not Role.REQUIRED:
        return value
    if clue.signal is Signal.TELEMETRY:
        return value + by.instrument
    if clue.measured.z is not None:
        return value + by.clarity * clarity(clue.measured.z)
    return value if clue.measured.test in STILL else value + by.static


def clarity(z: float) -> float:
    """0 at the gate of z = 4, 1 from z = 20 on: one cell of hundreds reaches 5 by chance, none reaches 20."""
    return float(np.clip(np.log(max(abs(z), GATE) / GATE) / np.log(CLEAR / GATE), 0.0, 1.0))


def weight_of(one: Examination, by: Calibration = FITTED) -> float:
    """Nats of an examination. Discriminating tests are necessary together: what one of them denies, the others cannot make good."""
    total = nats(one.clues, by)
    if one.outcome is not Outcome.CLEAN:
        return total
    required = [by.table[clue.role][clue.measured.grade] for clue in one.clues if clue.role is Role.REQUIRED]
    return min(total, min(required, default=total))


def priors(weights: Mapping[str, float], by: Calibration = FITTED) -> dict[str, float]:
    """Catalogue weights -> probabilities, with the no-fault verdicts at their own share."""
    power = {cause: weight**by.prior_power for cause, weight in weights.items()}
    faults = sum(weight for cause, weight in power.items() if not cause.startswith("none."))
    nones = sum(weight for cause, weight in power.items() if cause.startswith("none."))
    return {
        cause: weight / nones * by.none_share if cause.startswith("none.") else weight / faults * (1.0 - (by.none_share if nones else 0.0))
        for cause, weight in power.items()
    }


def posterior(
    examined: Iterable[Examination],
    weights: Mapping[str, float],
    extra: Mapping[str, float],
    explained: frozenset[str],
    caps: Mapping[str, float],
    *,
    moved: bool = False,
    by: Calibration = FITTED,
) -> tuple[Weighed, ...]:
    """Best first. `extra`: nats from change events and history; `explained`: causes that are consequences of another.

    The shares sum to less than 1: the rest is what no check can see, which has the prior of the causes that could not be tested.
    """
    known = [one for one in examined if one.cause in weights]
    candidates = [one for one in known if one.outcome in (Outcome.FOUND, Outcome.CLEAN) and one.cause not in explained]
    if not candidates:
        return ()
    prior = priors({one.cause: weights[one.cause] for one in known}, by)
    scores = [(weight_of(one, by) + extra.get(one.cause, 0.0)) / by.temperature + np.log(prior[one.cause]) for one in candidates]
    blind = sum(prior[one.cause] for one in known if one.outcome not in (Outcome.FOUND, Outcome.CLEAN))
    unseen = np.log(blind + UNKNOWN) + (by.unseen_moved if moved else by.unseen_still) / by.temperature
    shares = softmax(np.array([*scores, unseen]))[:-1]
    weighed = []
    for one, share in zip(candidates, shares, strict=True):
        sure = min(by.reliable(float(share)), one.cap, caps.get(one.cause, 1.0))
        weighed.append(Weighed(one.cause, one.cause.split(".")[0], float(weight_of(one, by)), float(share), float(sure)))
    return tuple(sorted(weighed, key=lambda one: (-one.probability, one.cause)))


def caps_of(one: Examination, *, blind: bool, loose: bool, n_current: int) -> float:
    """The lowest cap of catalogue 2.2, rule 9 that applies to one cause."""
    cap = 1.0
    required = [clue for clue in one.clues if clue.role is Role.REQUIRED]
    if any(clue.measured.grade is Grade.NA for clue in required):
        cap = min(cap, CAP_NA)
    if blind and not one.cause.startswith("telemetry."):
        cap = min(cap, CAP_BLIND)
    if loose and not one.cause.startswith(("telemetry.", "none.")):
        cap = min(cap, CAP_LOOSE)
    if n_current < FEW:
        cap = min(cap, CAP_FEW)
    positive = {clue.signal for clue in one.clues if FITTED.table[clue.role][clue.measured.grade] > 0}
    if len(positive) <= 1 and all(clue.measured.grade is not Grade.STRONG for clue in required):
        cap = min(cap, CAP_SINGLE)
    return cap


def layers(weighed: Iterable[Weighed]) -> dict[str, float]:
    """Layer -> sum of its causes' probabilities."""
    total: dict[str, float] = {}
    for one in weighed:
        total[one.layer] = total.get(one.layer, 0.0) + one.probability
    return dict(sorted(total.items()))
