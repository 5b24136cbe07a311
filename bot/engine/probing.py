"""PROBE of catalogue 0.3: golden queries before and after, paired by query."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtr

from bot.model.evidence import Evidence, Probe
from bot.model.finding import Grade, Measured
from bot.stats.exact import mcnemar

MIN_QUERIES = 30  # fewer golden queries cannot show that a drop of .15 is not there
MIN_TELLING = 10  # with so few a collapse is still seen: McNemar's p decides
DROP = 0.15  # of recall, absolute
P = 0.01
HEAD = 5  # documents that reach the prompt
DEEP = 3 * HEAD  # results a query must list for its depth to say anything about ranking
INTACT = 0.05  # of recall at depth: the documents are still found


def recall(probe: Probe, depth: int | None = None) -> float:
    """Share of the expected ids that were returned, among the first `depth` where given."""
    wanted = set(probe.expected)
    return len(wanted & set(probe.returned[:depth])) / len(wanted) if wanted else 1.0


def recall_drop(evidence: Evidence, depth: int | None = None) -> Measured:
    """Recall of golden queries since the onset against before it; a drop is told from ten of them on, its absence from thirty."""
    if evidence.probes is None:
        return Measured(test="PROBE", grade=Grade.NA, missing=("probes",), reason="no golden queries")
    then, now = _sides(evidence)
    if min(len(now), len(then)) < MIN_TELLING:
        return _few(len(now), len(then), MIN_TELLING)
    past: dict[str, list[float]] = {}
    for probe in then:
        past.setdefault(probe.query, []).append(recall(probe, depth))
    pairs = [(past[probe.query].pop(), recall(probe, depth)) for probe in now if past.get(probe.query)]  # each ask has its own partner
    worse = sum(1 for was, is_ in pairs if is_ < was)
    gained = sum(1 for was, is_ in pairs if is_ > was)
    was = float(np.mean([recall(probe, depth) for probe in then]))
    is_now = float(np.mean([recall(probe, depth) for probe in now]))
    p, drop = min(mcnemar(worse, gained), _welch(then, now, depth)), was - is_now
    grade = Grade.STRONG if drop >= DROP and p <= P else Grade.MODERATE if drop >= DROP / 2 and p <= P else Grade.NONE
    if grade is Grade.NONE and min(len(now), len(then)) < MIN_QUERIES:
        return _few(len(now), len(then), MIN_QUERIES)
    numbers = {"recall": round(is_now, 4), "baseline_recall": round(was, 4), "worse": worse, "better": gained}
    return Measured(test="PROBE", grade=grade, effect=drop, p=p, n=len(now), n_baseline=len(then), numbers=numbers)


def sank(evidence: Evidence) -> Measured:
    """Recall in the first five fell while recall at depth holds: found as before, ranked worse."""
    head = recall_drop(evidence, HEAD)
    depths = [len(probe.returned) for probe in evidence.probes or ()]
    if head.grade is Grade.NA or not depths or float(np.median(depths)) < DEEP:
        return head.model_copy(update={"grade": Grade.NA, "reason": head.reason or f"golden queries list fewer than {DEEP} results"})
    lost = recall_drop(evidence).effect or 0.0
    numbers = {**head.numbers, "lost_at_depth": round(lost, 4)}
    return head.model_copy(update={"grade": head.grade if lost <= INTACT else Grade.NONE, "numbers": numbers})


def _sides(evidence: Evidence) -> tuple[list[Probe], list[Probe]]:
    """Golden queries are asked a few times an hour: all since the onset count, and all of before."""
    begin = min(evidence.windows.current.start, evidence.onset[1]) if evidence.onset is not None else evidence.windows.current.start
    probes = evidence.probes or ()
    then = [probe for probe in probes if probe.at < evidence.windows.baseline.end]
    return then, [probe for probe in probes if max(begin, evidence.windows.baseline.end) <= probe.at < evidence.windows.current.end]


def _welch(then: list[Probe], now: list[Probe], depth: int | None) -> float:
    """Of a few asks now against many before, the means tell more than the pairs."""
    before, after = (np.array([recall(probe, depth) for probe in side]) for side in (then, now))
    parts = before.var(ddof=1) / len(before), after.var(ddof=1) / len(after)
    if sum(parts) <= 0.0:
        return 1.0  # nothing varies: the pairs say it all
    t = (after.mean() - before.mean()) / np.sqrt(sum(parts))
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (len(before) - 1) + parts[1] ** 2 / (len(after) - 1))
    return float(2.0 * stdtr(freedom, -abs(t)))


def _few(now: int, then: int, needed: int) -> Measured:
    return Measured(test="PROBE", grade=Grade.NA, n=now, reason=f"{now} golden queries now, {then} before, {needed} needed")
