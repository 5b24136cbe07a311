"""PAIR of catalogue 0.3: two conditions that fail together though neither fails alone."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, ndtri

from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, FloatArray
from bot.model.value import Limits
from bot.stats.figures import Numbers, figure

POWER_Z = float(ndtri(0.975) + ndtri(0.8))  # two-sided alpha .05 and power .8, as catalogue 2.8 prints it
SPARSE = 5.0  # bad ones: with fewer in a neighbouring cell the error of its logit is all Haldane's half, and nothing clean is ever found
HALF = 0.5  # Haldane: an empty cell is not an infinite odds ratio


class PairGates(Limits):
    log_odds: float = float(np.log(3.0))  # interaction on the log-odds scale
    z: float = 4.0  # p = 3e-5 one-sided
    moderate_z: float = 2.8  # two-sided .005
    weak_z: float = 2.0  # with the effect gate passed
    n: int = 20  # rows in the cell
    bad: int = 5  # bad ones in it: fewer are an anecdote


DEFAULT = PairGates()


def pair(bad: BoolArray, a: BoolArray, b: BoolArray, gates: PairGates = DEFAULT) -> Measured:
    """Interaction [logit(ab) - logit(a, not b)] - [logit(not a, b) - logit(neither)]; all (rows,), of the current window only.

    `effect` and `mde` are log odds ratios. Whether the cell holds half of the excess needs a history, and is the caller's question.
    """
    cells = (a & b, a & ~b, ~a & b, ~a & ~b)
    x = np.array([float((bad & cell).sum()) for cell in cells])
    n = np.array([float(cell.sum()) for cell in cells])
    if n[0] < gates.n:
        return Measured(test="PAIR", grade=Grade.NA, n=int(n[0]), n_baseline=int(n[1:].sum()), reason=f"n={int(n[0])} below {gates.n}")
    logit = np.log((x + HALF) / (n - x + HALF))
    effect = float((logit[0] - logit[1]) - (logit[2] - logit[3]))
    error = float(np.sqrt((1 / (x + HALF) + 1 / (n - x + HALF)).sum()))
    z = effect / error
    if effect > 0 and x[1:].min() < SPARSE:
        z = max(z, _apart(x, n))
    passes = effect >= gates.log_odds - 1e-9
    if passes and z >= gates.z and x[0] >= gates.bad:
        grade = Grade.STRONG
    elif passes and z >= gates.moderate_z and x[0] >= gates.bad:
        grade = Grade.MODERATE
    elif -effect >= gates.log_odds and -z >= gates.moderate_z:
        grade = Grade.OPPOSITE
    else:
        grade = Grade.WEAK if z >= gates.moderate_z or (passes and z >= gates.weak_z) else Grade.NONE
    elsewhere = float(n[1:].sum())
    numbers: Numbers = {
        "rate": figure(float(x[0] / n[0])),
        "rate_elsewhere": figure(float(x[1:].sum()) / elsewhere) if elsewhere else None,
        "bad": int(x[0]),
        "n": int(n[0]),
        "odds_ratio": figure(float(np.exp(min(effect, 30.0)))),
        "z": figure(z),
    }
    return Measured(
        test="PAIR",
        grade=grade,
        effect=effect,
        z=z,
        p=float(ndtr(-z)),
        n=int(n[0]),
        n_baseline=int(elsewhere),
        mde=POWER_Z * error,
        numbers=numbers,
    )


def _apart(x: FloatArray, n: FloatArray) -> float:
    """The smaller z by which the cell's share exceeds those of its two neighbours: it fails as neither of its conditions does alone."""
    found = []
    for k in (1, 2):
        if n[k] == 0:
            return 0.0
        pooled = (x[0] + x[k]) / (n[0] + n[k])
        error = float(np.sqrt(pooled * (1 - pooled) * (1 / n[0] + 1 / n[k])))
        found.append(float(x[0] / n[0] - x[k] / n[k]) / error if error > 0 else 0.0)
    return min(found)
