"""Total variation: how far a distribution over words (first tool, finish reason, language) moved, with a permutation p."""

from __future__ import annotations

import numpy as np

from bot.model.finding import Grade, Measured
from bot.model.frame import FloatArray, IntArray
from bot.model.value import Limits
from bot.stats.figures import Numbers, figure, text


class VariationGates(Limits):
    distance: float = 0.15  # one choice in seven is another than before (catalogue 1.4)
    p: float = 0.001
    moderate_p: float = 0.01
    n: int = 100  # on either side: with fewer chance alone moves a tenth
    permutations: int = 1999  # the smallest p that can be told is half the one that is asked for


DEFAULT = VariationGates()


def total_variation(before: FloatArray, after: FloatArray) -> float:
    """Half the sum of absolute differences of two distributions given as counts (values,); 0 for an empty side."""
    if before.sum() <= 0 or after.sum() <= 0:
        return 0.0
    return float(0.5 * np.abs(before / before.sum() - after / after.sum()).sum())


def variation(codes_b: IntArray, codes_c: IntArray, values: tuple[str, ...], seed: int = 0, gates: VariationGates = DEFAULT) -> Measured:
    """Distance of C's distribution (n_c,) from B's (n_b,), codes of `values`, -1 left out. The same seed gives the same p.

    Shuffling labels only redistributes counts, so each permutation is one draw of a multivariate hypergeometric.
    """
    size = max(1, len(values))
    then, now = (np.bincount(codes[codes >= 0], minlength=size) for codes in (codes_b, codes_c))
    n_b, n_c = int(then.sum()), int(now.sum())
    if min(n_b, n_c) < gates.n:
        reason = f"n={n_c} below {gates.n}" if n_c < gates.n else f"baseline n={n_b} below {gates.n}"
        return Measured(test="TV", grade=Grade.NA, n=n_c, n_baseline=n_b, reason=reason)
    distance = total_variation(then.astype(np.float64), now.astype(np.float64))
    both = then + now
    drawn = np.random.default_rng(seed).multivariate_hypergeometric(both, n_c, size=gates.permutations, method="marginals")
    chance = 0.5 * np.abs((both - drawn) / n_b - drawn / n_c).sum(axis=1)
    p = float((1 + int((chance >= distance - 1e-12).sum())) / (gates.permutations + 1))
    moved = now / n_c - then / n_b
    told = int(np.argmax(np.abs(moved)))
    far = distance >= gates.distance - 1e-9
    if far and p <= gates.p:
        grade = Grade.STRONG
    elif far and p <= gates.moderate_p:
        grade = Grade.MODERATE
    else:
        grade = Grade.WEAK if p <= gates.moderate_p else Grade.NONE
    numbers: Numbers = {
        "distance": figure(distance),
        "value": text(values[told]) if values else None,
        "share": figure(float(now[told] / n_c)),
        "baseline_share": figure(float(then[told] / n_b)),
    }
    mde = float(np.quantile(chance, 0.95))
    return Measured(test="TV", grade=grade, effect=distance, p=p, n=n_c, n_baseline=n_b, mde=mde, numbers=numbers)
