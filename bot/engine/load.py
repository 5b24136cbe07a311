"""Whether failures follow our own load: minute by minute, and whether there is any to speak of."""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Frame

MINUTE = 60.0
MIN_MINUTES = 15
MEETING = 0.1  # requests under way on average, below which hardly any two meet: nothing can queue behind them


def follows_load(evidence: Evidence, ops: Frame, bad: BoolArray, cell: BoolArray, wanted: float) -> Measured:
    """Rank correlation over C of the bad share with tokens (or calls) per minute. Not assessable below fifteen minutes."""
    window = evidence.windows.current
    inside = evidence.current(ops) & cell
    slot = ((ops.number("ts")[inside] - window.start) // MINUTE).astype(np.int64)
    size = int(np.ceil((window.end - window.start) / MINUTE))
    if size < MIN_MINUTES or len(slot) == 0:
        return Measured(test="LOAD", grade=Grade.NA, n=size, reason=f"{size} minutes, {MIN_MINUTES} needed")
    calls = np.bincount(slot, minlength=size).astype(np.float64)
    tokens = np.bincount(slot, weights=np.nan_to_num(ops.number("tokens_input")[inside]), minlength=size)
    demand = tokens if tokens.sum() > 0 else calls
    share = np.divide(np.bincount(slot, weights=bad[inside].astype(np.float64), minlength=size), calls, out=np.zeros(size), where=calls > 0)
    busy = calls > 0
    if int(busy.sum()) < MIN_MINUTES or np.ptp(share[busy]) == 0 or np.ptp(demand[busy]) == 0:
        return Measured(test="LOAD", grade=Grade.NA, n=int(busy.sum()), reason="nothing to correlate")
    found = float(spearmanr(share[busy], demand[busy]).statistic)
    grade = Grade.STRONG if found >= wanted else Grade.WEAK if found >= wanted / 2 else Grade.NA
    return Measured(test="LOAD", grade=grade, effect=found, n=int(busy.sum()), numbers={"rank_correlation": round(found, 3)})


def under_way(evidence: Evidence, rows: BoolArray) -> float | None:
    """Mean number of requests under way at once while `rows` came in (Little's law); None when nothing says how long they took."""
    ts, took = evidence.seen.number("ts")[rows], evidence.seen.number("duration_ms")[rows] / 1000.0
    timed = ~np.isnan(took)
    if not timed.any():
        return None
    weight = np.nan_to_num(evidence.seen.number("weight")[rows], nan=1.0)
    elapsed = max(evidence.windows.now - float(ts.min()), MINUTE)
    return float(weight.sum() * np.average(took[timed], weights=weight[timed]) / elapsed)
