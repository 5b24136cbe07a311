"""Signs that traces do not arrive whole."""

from __future__ import annotations

import numpy as np

from bot.engine.counters import request_counters, total
from bot.model.evidence import Evidence, Interval, MetricSeries
from bot.model.finding import Grade, Measured

MIN_REQUESTS = 100.0
UNDER_WAY = 120.0  # seconds before the page whose traces may still be in an exporter's batch
SURE, LIKELY = 3.0, 2.0  # standard deviations of the ratio
EDGES = 0.05  # of the ratio: a counter is read once a minute, and counts a request when it ends rather than when it begins
KINDS = ("llm", "retrieval", "tool", "guardrail", "parser", "embedding")
MIN_SHARE = 0.3  # of the baseline's requests had the kind: rarer kinds come and go


def against_counter(evidence: Evidence, low: float) -> Measured:
    """Traces per counted request, C against B. Not assessable without an independent counter."""
    best = Measured(test="RATIO", grade=Grade.NA, missing=("metrics",), reason="no independent request counter")
    for series in request_counters(evidence).values():
        one = _ratio(evidence, series, low)
        if one is not None and (best.grade is Grade.NA or _seen(one) < _seen(best)):
            best = one
    return best


def _seen(measured: Measured) -> float:
    """Share of the promised traces that arrive; 1 where it was not measured."""
    return 1.0 if measured.effect is None else measured.effect


def _ratio(evidence: Evidence, series: tuple[MetricSeries, ...], low: float) -> Measured | None:
    current = evidence.windows.current
    arrived = Interval(current.start, max(current.start, current.end - UNDER_WAY))
    now, then = total(series, arrived), total(series, evidence.windows.baseline)
    weight = np.nan_to_num(evidence.seen.number("weight"), nan=1.0)
    here = arrived.holds(evidence.seen.number("ts"))
    seen_now, seen_then = float(weight[here].sum()), float(weight[evidence.in_baseline].sum())
    if not (now >= MIN_REQUESTS and then >= MIN_REQUESTS) or seen_then == 0:  # NaN: the counter does not reach
        return None
    before = seen_then / then
    share = (seen_now / now) / before
    z = (share - 1.0) / _chance(float(here.sum()), float(evidence.in_baseline.sum()), before)
    grade = Grade.STRONG if share < low and z <= -SURE else Grade.MODERATE if share < (1 + low) / 2 - 0.02 and z <= -LIKELY else Grade.NONE
    numbers = {"traces_per_request": round(seen_now / now, 4), "traces_per_request_before": round(before, 4), "z": round(z, 3)}
    return Measured(test="RATIO", grade=grade, effect=share, z=z, n=int(now), n_baseline=int(then), numbers=numbers)


def _chance(seen_now: float, seen_then: float, kept: float) -> float:
    """Standard deviation of the ratio of two ratios: a sampler that keeps few leaves much to chance, one that keeps all the edges."""
    return float(np.sqrt((1.0 - min(kept, 0.99)) * (1.0 / max(seen_now, 1.0) + 1.0 / seen_then) + EDGES**2))


def vanished(evidence: Evidence, share: float) -> Measured:
    """The kind of span that most requests had and lost, while the requests themselves still arrive."""
    now, then = evidence.in_current, evidence.in_baseline
    n_c, n_b = int(now.sum()), int(then.sum())
    if n_c < MIN_REQUESTS or n_b < MIN_REQUESTS:
        return Measured(test="KINDS", grade=Grade.NA, n=n_c, reason=f"{n_c} requests now, {n_b} before")
    worst, worst_lost, numbers = Grade.NONE, 0.0, {}
    for kind in KINDS:
        has = evidence.seen.number(f"n_{kind}") > 0
        before, after = float((has & then).sum()) / n_b, float((has & now).sum()) / n_c
        lost = 1.0 - after / before if before >= MIN_SHARE else 0.0
        if lost > worst_lost:
            worst_lost = lost
            numbers = {"kind": kind, "share": round(after, 4), "share_before": round(before, 4)}
            worst = Grade.STRONG if lost >= share else Grade.NONE
    return Measured(test="KINDS", grade=worst, effect=worst_lost, n=n_c, n_baseline=n_b, numbers=dict(numbers))
