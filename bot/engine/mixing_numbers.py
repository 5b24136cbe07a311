"""Change of mix against change of level, for a paged signal that is a number: MIX of catalogue 0.3 on the mean of its logarithm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.engine.mixing import ADDS, MIN_PART, Mixed, rank, senders
from bot.engine.signals import BETTER_HIGH
from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Codes, FloatArray
from bot.stats.mix import mix

MIN_PAST = 100  # values in the baseline
LEAST = float(np.log(1.1))  # the whole must be a tenth more: nobody is paged for less
CLEAR = 2.8  # standard errors, of the whole and of a part
NOTHING = Measured(test="MIX", grade=Grade.NONE)


@dataclass(frozen=True)
class _Logs:
    """Natural logs of the paged number, the worse the higher, where it is recorded and positive; in the two windows."""

    value: FloatArray
    then: BoolArray
    now: BoolArray


def best_mix_of_numbers(evidence: Evidence, share: float) -> Mixed:
    """The dimension whose change of weights explains most of the change of the mean log, and no part of which is worse than it was."""
    nothing = Mixed(NOTHING, NOTHING, "")
    if evidence.value is None or evidence.requests is None:
        return nothing
    with np.errstate(invalid="ignore"):
        known = evidence.value > 0
    sign = -1.0 if evidence.signal in BETTER_HIGH else 1.0
    logs = _Logs(sign * np.log(np.where(known, evidence.value, 1.0)), evidence.in_baseline & known, evidence.in_current & known)
    if int(logs.then.sum()) < MIN_PAST or int(logs.now.sum()) < MIN_PART:
        return nothing
    change, error = _change(logs, known)
    if change < LEAST or change < CLEAR * error:
        return nothing
    best = nothing
    for name, codes in senders(evidence):
        one = Mixed(_explained(logs, codes, share, error), _parts(logs, codes, change), name)
        if best.dim == "" or rank(one) > rank(best):
            best = one
    return best


def _change(logs: _Logs, cell: BoolArray) -> tuple[float, float]:
    """Difference of the means in a cell and its standard error (Welch)."""
    now, then = logs.value[logs.now & cell], logs.value[logs.then & cell]
    error = np.sqrt(now.var(ddof=1) / len(now) + then.var(ddof=1) / len(then))
    return float(now.mean() - then.mean()), float(max(error, 1e-9))


def _explained(logs: _Logs, codes: Codes, share: float, error: float) -> Measured:
    then, now = logs.then & codes.recorded, logs.now & codes.recorded
    measured = mix(codes.codes[then], logs.value[then], codes.codes[now], logs.value[now], codes.values, error=error)
    told = measured.numbers.get("mix_share")
    if not isinstance(told, int | float):
        return measured.model_copy(update={"grade": Grade.NONE})
    grade = Grade.STRONG if told >= share else Grade.WEAK if told >= share / 2 else Grade.NONE
    return measured.model_copy(update={"grade": grade})


def _parts(logs: _Logs, codes: Codes, change: float) -> Measured:
    """STRONG when no value of the dimension is worse than its own past by enough to matter for the change of the whole."""
    total = max(1.0, float((logs.now & codes.recorded).sum()))
    worse, most = 0, 0.0
    for code in range(len(codes.values)):
        cell = codes.codes == code
        n = int((logs.now & cell).sum())
        if n < MIN_PART or int((logs.then & cell).sum()) < MIN_PART:
            continue
        higher, error = _change(logs, cell)
        adds = higher * n / total
        if higher >= CLEAR * error and adds >= ADDS * change:
            worse += 1
            most = max(most, adds)
    numbers: dict[str, float | int | str | None] = {"parts_worse": worse, "worst_adds": round(most, 6)}
    return Measured(test="PARTS", grade=Grade.OPPOSITE if worse else Grade.STRONG, n=len(codes.values), numbers=numbers)
