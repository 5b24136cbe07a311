"""MIX of catalogue 0.3: a change of an average, taken apart into weights that moved and rates that moved (Kitagawa 1955)."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, FloatArray, IntArray
from bot.model.value import Limits
from bot.stats.exact import KAPPA
from bot.stats.figures import Numbers, figure, text

NO_CHANGE = 1e-9  # a change below this is rounding


class MixGates(Limits):
    share: float = 0.7  # of the change that the weights must make: then nobody broke it
    moderate: float = 0.5  # half of it
    z: float = 2.8  # of the change itself: there must be one to take apart
    n: int = 30  # rows of a value on both sides; rarer values are pooled as "other"
    values: int = 2  # large values: with one there is no mix


DEFAULT = MixGates()


def mix(
    codes_b: IntArray,
    bad_b: BoolArray | FloatArray,
    codes_c: IntArray,
    bad_c: BoolArray | FloatArray,
    values: tuple[str, ...],
    gates: MixGates = DEFAULT,
    error: float | None = None,
) -> Measured:
    """mix = sum (w_C - w_B)(r_C + r_B)/2, rate = sum (r_C - r_B)(w_C + w_B)/2; they add up to the change exactly.

    Codes of B (n_b,) and C (n_c,) with their bad flags; -1 (not recorded) is left out. `numbers`: mix, rate, mix_share = mix / change,
    and the value whose weight contributed most. A value that B has hardly seen is given the rate of all of B there, and all that it
    adds is a change of rates: a broken new version is no change of mix. Of a number (logs, say) instead of flags, `error` is the
    standard error of the change of its mean; "rate" then means "mean".
    """
    size = max(1, len(values))
    then, now = _tally(codes_b, bad_b, size), _tally(codes_c, bad_c, size)
    large = (then[0] >= gates.n) & (now[0] >= gates.n)
    n_b, x_b, n_c, x_c = (np.append(column[large], column[~large].sum()) for column in (*then, *now))
    all_b, all_c = float(n_b.sum()), float(n_c.sum())
    if int(large.sum()) < gates.values:
        reason = f"values={int(large.sum())} with n >= {gates.n} below {gates.values}"
        return Measured(test="MIX", grade=Grade.NA, n=int(all_c), n_baseline=int(all_b), reason=reason)
    w_b, w_c, overall = n_b / all_b, n_c / all_c, float(x_b.sum()) / all_b
    r_b = np.divide(x_b, n_b, out=np.full(len(n_b), overall), where=n_b > 0)
    r_b[-1] = (x_b[-1] + KAPPA * overall) / (n_b[-1] + KAPPA)  # a handful of rare values says little of their rate
    r_c = np.divide(x_c, n_c, out=r_b.copy(), where=n_c > 0)
    # Half of a new value's badness would pass for mix by the middle rates; what has no past is charged to its rate.
    fresh = n_b < gates.n
    weights = (w_c - w_b) * np.where(fresh, r_b, (r_c + r_b) / 2)
    rates = (r_c - r_b) * np.where(fresh, w_c, (w_c + w_b) / 2)
    change = float(weights.sum() + rates.sum())
    share = float(np.clip(weights.sum() / change, -9.0, 9.0)) if abs(change) > NO_CHANGE else None
    z = _z(float(x_b.sum()), all_b, float(x_c.sum()), all_c) if error is None else change / error
    grown = (w_c - w_b) * (np.where(fresh, r_b, (r_c + r_b) / 2) - overall) * (1.0 if change >= 0 else -1.0)
    told = int(np.argmax(grown))
    names = (*(values[i] for i in np.flatnonzero(large)), "other")
    numbers: Numbers = {
        "mix": figure(float(weights.sum())),
        "rate": figure(float(rates.sum())),
        "mix_share": figure(share),
        "value": text(names[told]),
        "weight": figure(float(w_c[told])),
        "weight_before": figure(float(w_b[told])),
        "rate_of_value": figure(float(r_c[told])),
    }
    return Measured(
        test="MIX",
        grade=_grade(share, z, gates),
        effect=change,
        z=z,
        p=2.0 * float(ndtr(-abs(z))),
        n=int(all_c),
        n_baseline=int(all_b),
        numbers=numbers,
    )


def _tally(codes: IntArray, bad: BoolArray | FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    known = codes >= 0
    n = np.bincount(codes[known], minlength=size).astype(np.float64)
    return n, np.bincount(codes[known], weights=bad[known].astype(np.float64), minlength=size).astype(np.float64)


def _z(x_b: float, n_b: float, x_c: float, n_c: float) -> float:
    p = (x_b + x_c) / (n_b + n_c)
    spread = float(np.sqrt(p * (1 - p) * (1 / n_b + 1 / n_c)))
    return (x_c / n_c - x_b / n_b) / spread if spread > 0 else 0.0


def _grade(share: float | None, z: float, gates: MixGates) -> Grade:
    if share is None or abs(z) < gates.z:
        return Grade.NONE
    return Grade.STRONG if share >= gates.share else Grade.MODERATE if share >= gates.moderate else Grade.NONE
