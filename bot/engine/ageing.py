"""How old the documents are that searches return, and whether they age with the clock."""

from __future__ import annotations

import numpy as np

from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, FloatArray, Frame

HOUR = 3600.0
DAY = 24 * HOUR
MIN_DATED = 30
BUCKETS = 12  # points of the line that ages are fitted to
UNHEARD = 3.0  # times the longest silence before it: nobody schedules like that
AS_EVER = 1.2  # times the longest silence before: the hour of the batch wanders a little
REACH = 4.0  # times the present silence that is looked back; older documents were kept for being popular, not for when they came
ENOUGH = 2.0  # of it must be covered by documents, or a nightly rebuild looks like a stop
MIN_TAKEN = 10  # moments at which something was taken in
FLOOR_HOURS = 1.0  # an index that is this fresh is not stale, however its age moves


def ages(evidence: Evidence, ops: Frame, cell: BoolArray, *, hours: float, slope: float, growth: float) -> Measured | None:
    """Age of the youngest document per stretch of time: stale when it gains age with the clock and has grown, or is beyond `hours`."""
    ts, indexed = ops.number("ts"), ops.number("indexed_at")
    ok = cell & ~np.isnan(indexed) & (indexed <= ts)
    if int((ok & evidence.current(ops)).sum()) < MIN_DATED:
        return None
    edges = np.linspace(ts[ok].min(), evidence.windows.now, BUCKETS + 1)
    slot = np.clip(np.searchsorted(edges, ts, side="right") - 1, 0, BUCKETS - 1)
    at, youngest, newest = [], [], -np.inf
    for i in range(BUCKETS):
        inside = ok & (slot == i)
        if int(inside.sum()) >= 5:
            at.append(float(edges[i + 1]))
            newest = max(newest, float(indexed[inside].max()))  # what was taken in once stays: few searches a slot return the youngest
            youngest.append(float(edges[i + 1]) - newest)
    if len(at) < 3:
        return None
    now_age, first_age = youngest[-1], float(np.median(youngest[: max(1, len(youngest) // 3)]))
    gained = float(np.polyfit(at[-max(3, len(at) // 2) :], youngest[-max(3, len(at) // 2) :], 1)[0])
    grown = now_age / max(first_age, 60.0)
    standing_still = gained >= slope
    past_promise = now_age >= hours * HOUR
    usual = silence(indexed[ok], evidence.windows.now)
    grade = Grade.NONE
    if usual is not None and usual <= AS_EVER:
        standing_still = False  # it has been silent for as long before: a batch is due
    old_enough = now_age >= FLOOR_HOURS * HOUR and standing_still
    if old_enough and (grown >= growth or (usual is not None and usual >= UNHEARD)):
        grade = Grade.STRONG
    elif past_promise and standing_still:
        grade = Grade.MODERATE  # it was about as old when we began to look: stopped long ago, or re-read once a week
    numbers = {"age_hours": round(now_age / HOUR, 2), "age_hours_before": round(first_age / HOUR, 2), "age_gained_per_s": round(gained, 3)}
    if usual is not None:
        numbers["times_longest_silence"] = round(usual, 2)
    return Measured(test="AGE", grade=grade, effect=now_age / HOUR, n=int((ok & evidence.current(ops)).sum()), numbers=numbers)


def silence(indexed: FloatArray, now: float) -> float | None:
    """How long nothing was taken in, over the longest such silence before; None when the documents reach not far enough back."""
    taken = np.unique(indexed)
    since = now - float(taken[-1])
    if since <= 0:
        return 0.0
    pauses = np.diff(taken[taken >= taken[-1] - REACH * max(since, DAY)])
    pauses = pauses[pauses >= HOUR]
    if len(pauses) >= 2 and since <= AS_EVER * float(pauses[-2:].min()):
        return since / float(pauses[-2:].min())  # the last batches came no more often
    before = taken[taken >= taken[-1] - REACH * since]
    if len(before) < MIN_TAKEN or float(before[-1] - before[0]) < ENOUGH * since:
        return None
    return since / float(np.diff(before).max())


def source_newer(evidence: Evidence, ops: Frame, share: float) -> Measured:
    """Share of cited documents whose source changed after they were indexed."""
    indexed, modified = ops.number("indexed_at"), ops.number("modified_at")
    ok = evidence.current(ops) & ~np.isnan(indexed) & ~np.isnan(modified)
    n = int(ok.sum())
    if n < MIN_DATED:
        return Measured(test="NEWER", grade=Grade.NA, n=n, missing=("retrieval.modified_at",), reason="no modification times")
    newer = float((modified[ok] > indexed[ok]).mean())
    return Measured(
        test="NEWER", grade=Grade.STRONG if newer >= share else Grade.NONE, effect=newer, n=n, numbers={"newer": round(newer, 4)}
    )
