"""EXC of catalogue 0.3: how much of the current window lies above what only the worst few of the baseline reached."""

from __future__ import annotations

import numpy as np

from bot.model.finding import Measured
from bot.model.frame import FloatArray
from bot.model.value import Limits
from bot.stats.figures import figure
from bot.stats.proportion import PropGates, prop


class ExcGates(Limits):
    z: float = 4.0  # p = 3e-5 one-sided
    ratio: float = 2.0  # of the 1 - q that is expected: a lognormal (sigma .9) that slows by half gives 2.3
    n: int = 100  # at q = .95 five are expected above
    n_baseline: int = 100  # a quantile of .95 has only five values above it
    moderate_z: float = 2.8  # two-sided .005


DEFAULT = ExcGates()


def exceedance(b: FloatArray, c: FloatArray, q: float = 0.95, phi: float = 1.0, gates: ExcGates = DEFAULT) -> Measured:
    """PROP of "above the q quantile of B", B (n_b,) against C (n_c,), without NaN. `ratio` in numbers is over the expected 1 - q.

    Strictly above: a metric with one value only never exceeds itself.
    """
    if len(b) == 0 or len(c) == 0:
        return prop(0, len(b), 0, len(c), phi, PropGates(n_current=gates.n, n_baseline=gates.n_baseline)).model_copy(update={"test": "EXC"})
    limit = float(np.quantile(b, q, method="higher"))
    over_b, over_c = float((b > limit).sum()), float((c > limit).sum())
    # The gate is on the share itself, as 1 - q is expected whatever ties make of the share in B.
    floor = gates.ratio * (1.0 - q) - over_b / len(b)
    wanted = PropGates(z=gates.z, ratio=1.0, floor=floor, n_current=gates.n, n_baseline=gates.n_baseline, moderate_z=gates.moderate_z)
    measured = prop(over_b, len(b), over_c, len(c), phi, wanted)
    numbers = {**measured.numbers, "limit": figure(limit), "quantile": q, "ratio": figure(over_c / len(c) / (1.0 - q))}
    return measured.model_copy(update={"test": "EXC", "numbers": numbers})
