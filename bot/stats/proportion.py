"""PROP of catalogue 0.3: a share in the current window (C) against the same share in the baseline (B)."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import ndtr, ndtri, stdtr

from bot.model.finding import Grade, Measured
from bot.model.value import Limits
from bot.stats.exact import log_predictive, z_of_log
from bot.stats.figures import Numbers, count, figure

SMALL = 10.0  # expected bad (or good) in B or C below which a normal approximation misleads: the exact distribution is used
POWER_Z = float(ndtri(0.975) + ndtri(0.8))  # two-sided alpha .05 and power .8, as catalogue 2.8 prints it
EXACTLY = 1e-9  # limits are inclusive also where .03 - .02 comes out below .01


class PropGates(Limits):
    """What must hold for a strong grade; see the table of catalogue 0.3."""

    z: float = 4.0  # p = 3e-5 one-sided: 150 primary tests a page give one false strong in some two hundred pages
    ratio: float = 2.0  # smaller effects are ordinary drift
    floor: float = 0.01  # absolute, in share: what a user would feel
    min_bad: float = 5  # fewer bad ones are an anecdote
    n_current: float = 30  # fewer cannot even show a fault of one in ten
    n_baseline: float = 100  # fewer know a rate of 1 % no better than "somewhere below 5 %"
    moderate_z: float = 2.8  # two-sided .005
    weak_z: float = 2.0  # with the effect gates passed
    direction: Literal["up", "down"] = "up"


DEFAULT = PropGates()


def prop(
    bad_b: float, n_b: float, bad_c: float, n_c: float, phi: float = 1.0, gates: PropGates = DEFAULT, k: int | None = None
) -> Measured:
    """Compare bad_c / n_c with bad_b / n_b.

    `phi`: dispersion of the baseline, z is divided by its root; `k`: buckets it was estimated on, for t tails with k - 1 degrees.
    `effect` and `mde` are differences of shares; `z` is signed (positive: more bad in C); `p` is the tail in the gates' direction.
    Below ten expected bad or good in either window: the beta-binomial predictive tail (kappa 50), turned into a z.
    """
    short = _short(n_b, n_c, gates)
    z = None if short else _z(bad_b, n_b, bad_c, n_c, max(phi, 1.0), k)
    numbers = _numbers(bad_b, n_b, bad_c, n_c, z)
    if z is None:
        return Measured(test="PROP", grade=Grade.NA, n=round(n_c), n_baseline=round(n_b), reason=short, numbers=numbers)
    signed = z if gates.direction == "up" else -z
    limit = mde(bad_b / n_b, n_b, n_c, phi)
    return Measured(
        test="PROP",
        grade=_grade(signed, bad_b, n_b, bad_c, n_c, gates),
        effect=bad_c / n_c - bad_b / n_b,
        z=z,
        p=float(ndtr(-signed)),
        n=round(n_c),
        n_baseline=round(n_b),
        mde=limit,
        numbers=numbers,
    )


def mde(rate: float, n_b: float, n_c: float, phi: float = 1.0) -> float:
    """Smallest change of a share that would be seen with power .8 at alpha .05 two-sided (catalogue 2.8); infinite for an empty window.

    A rate of zero (or one) is only known to one in n_b, and is taken as that.
    """
    if n_b <= 0 or n_c <= 0:
        return float("inf")
    p = min(max(rate, 1.0 / (n_b + 1.0)), 1.0 - 1.0 / (n_b + 1.0))
    return float(POWER_Z * np.sqrt(max(phi, 1.0) * p * (1 - p) * (1 / n_b + 1 / n_c)))


def _short(n_b: float, n_c: float, gates: PropGates) -> str:
    if n_c < max(gates.n_current, 1):
        return f"n={n_c:g} below {gates.n_current:g}"
    return f"baseline n={n_b:g} below {gates.n_baseline:g}" if n_b < max(gates.n_baseline, 1) else ""


def _z(bad_b: float, n_b: float, bad_c: float, n_c: float, phi: float, k: int | None) -> float:
    pooled = (bad_b + bad_c) / (n_b + n_c)
    if min(pooled, 1 - pooled) * min(n_b, n_c) < SMALL:
        z = _exact_z(bad_b, n_b, bad_c, n_c, pooled)
    else:
        z = (bad_c / n_c - bad_b / n_b) / float(np.sqrt(pooled * (1 - pooled) * (1 / n_b + 1 / n_c)))
    z /= float(np.sqrt(phi))
    if k is None or k < 3:
        return z
    tail = float(stdtr(k - 1, -abs(z)))
    return float(np.sign(z)) * (z_of_log(float(np.log(tail))) if tail > 0 else abs(z))


def _exact_z(bad_b: float, n_b: float, bad_c: float, n_c: float, pooled: float) -> float:
    """A z whose tail equals the predictive tail on the side the data lie on; 0 where they lie in the middle.

    The history is shrunk to the pooled rate, which is what the null claims: a baseline without a single bad one is not taken for zero.
    """
    higher = bad_c * n_b >= bad_b * n_c
    if not higher:  # fewer bad is more good: the same tail seen from the other side
        bad_b, bad_c, pooled = n_b - bad_b, n_c - bad_c, 1.0 - pooled
    x_c, all_c, x_b, all_b = (np.array([one], dtype=np.float64) for one in (bad_c, n_c, bad_b, n_b))
    z = max(0.0, z_of_log(float(log_predictive(x_c, all_c, x_b, all_b, pooled)[0])))
    return z if higher else 0.0 - z


def _grade(z: float, bad_b: float, n_b: float, bad_c: float, n_c: float, gates: PropGates) -> Grade:
    """`z` is already signed so that the gates' direction is positive."""
    now, then = (bad_c / n_c, bad_c, n_c), (bad_b / n_b, bad_b, n_b)
    more, less = (now, then) if gates.direction == "up" else (then, now)
    effect = _apart(more, less, gates)
    # In a fall it is the bad ones that the baseline promised which must be enough to miss.
    enough = more[0] * n_c >= gates.min_bad - EXACTLY
    if z >= gates.z and effect and enough:
        return Grade.STRONG
    if z >= gates.moderate_z and effect:
        return Grade.MODERATE
    if z <= -gates.moderate_z and _apart(less, more, gates):
        return Grade.OPPOSITE
    if z >= gates.moderate_z or (effect and z >= gates.weak_z):
        return Grade.WEAK
    return Grade.NONE


def _apart(more: tuple[float, float, float], less: tuple[float, float, float], gates: PropGates) -> bool:
    """Ratio and floor; a rate of zero is taken as half a bad one, so that the first ever does not make an infinite ratio."""
    low = less[0] if less[1] > 0 else 0.5 / (less[2] + 1.0)
    return more[0] >= gates.ratio * low * (1 - EXACTLY) and more[0] - less[0] >= gates.floor - EXACTLY


def _numbers(bad_b: float, n_b: float, bad_c: float, n_c: float, z: float | None) -> Numbers:
    p_b, p_c = (bad_b / n_b if n_b > 0 else None), (bad_c / n_c if n_c > 0 else None)
    return {
        "rate": figure(p_c),
        "baseline_rate": figure(p_b),
        "ratio": figure(p_c / p_b) if p_b and p_c is not None else None,
        "bad": count(bad_c),
        "n": count(n_c),
        "baseline_bad": count(bad_b),
        "baseline_n": count(n_b),
        "z": figure(z),
    }
