"""NOVEL of catalogue 0.3: a value of a text attribute that was hardly ever seen before."""

from __future__ import annotations

import numpy as np

from bot.model.finding import Grade, Measured
from bot.model.frame import FloatArray, IntArray
from bot.model.value import Limits
from bot.stats.exact import log_predictive, z_of_log
from bot.stats.figures import Numbers, figure, text


class NovelGates(Limits):
    share: float = 0.02  # of the current window: less is a canary
    seen_before: float = 0.001  # of the baseline: a value this rare counts as new
    n: int = 100  # on either side: fewer may have missed a value of 2 % by chance
    seen: int = 5  # sightings in the current window: fewer are a stray configuration
    near: float = 900.0  # seconds around the onset interval in which its first sight must lie, where an onset is given


DEFAULT = NovelGates()


def novel(
    codes_b: IntArray,
    codes_c: IntArray,
    values: tuple[str, ...],
    first_seen: FloatArray,
    onset: tuple[float, float] | None = None,
    gates: NovelGates = DEFAULT,
) -> Measured:
    """The commonest new value. `codes_b` (n_b,), `codes_c` (n_c,): recorded codes; `first_seen` (values,): epoch seconds.

    `onset`: (earliest, latest); None where there is none to agree with, and then its time is not judged. `effect` is its share in C.
    """
    codes_b, codes_c = codes_b[codes_b >= 0], codes_c[codes_c >= 0]
    n_b, n_c = len(codes_b), len(codes_c)
    if min(n_b, n_c) < gates.n:
        reason = f"n={n_c} below {gates.n}" if n_c < gates.n else f"baseline n={n_b} below {gates.n}"
        return Measured(test="NOVEL", grade=Grade.NA, n=n_c, n_baseline=n_b, reason=reason)
    size = max(1, len(values))
    then, now = np.bincount(codes_b, minlength=size), np.bincount(codes_c, minlength=size)
    new = (then < gates.seen_before * n_b) & (now > 0)
    if not new.any():
        return Measured(test="NOVEL", grade=Grade.NONE, effect=0.0, n=n_c, n_baseline=n_b, numbers={"value": None, "share": 0.0})
    code = int(np.argmax(np.where(new, now, -1)))
    share, seen = float(now[code]) / n_c, float(first_seen[code])
    timely = onset is None or onset[0] - gates.near <= seen <= onset[1] + gates.near
    common = share >= gates.share and now[code] >= gates.seen
    grade = Grade.STRONG if common and timely else Grade.WEAK if common else Grade.NONE
    x_c, all_c, x_b, all_b = (np.array([float(one)]) for one in (now[code], n_c, then[code], n_b))
    logp = float(log_predictive(x_c, all_c, x_b, all_b, gates.seen_before)[0])
    numbers: Numbers = {"value": text(values[code]), "share": figure(share), "first_seen": round(seen, 1) if np.isfinite(seen) else None}
    p, z = float(np.exp(logp)), max(0.0, z_of_log(logp))
    return Measured(test="NOVEL", grade=grade, effect=share, z=z, p=p, n=n_c, n_baseline=n_b, mde=gates.share, numbers=numbers)
