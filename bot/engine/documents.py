"""The documents that searches return: which lead the results, and which never come any more."""

from __future__ import annotations

import numpy as np
from scipy.stats import poisson

from bot.engine.exam import Exam
from bot.engine.lasting import Since
from bot.engine.turnover import Chosen, counts
from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Codes, FloatArray, Frame

FIRST = 5  # places that a prompt certainly has room for
POPULAR = 200  # documents of the baseline that are followed, the most returned first
EXPECTED = 5.0  # returns in C that the baseline promises: one that then never comes is absent by chance once in 150 times
GONE = 0.2  # of its promise: a document of a part that is down comes at most from what is left of a replica
HALF = 0.7  # between this and GONE a document has sunk in rank rather than gone
MANY = 10  # documents gone together: fewer were deleted
PART = 0.03  # of the popular ones: one shard of thirty
MOST = 0.6  # of the popular ones: when nearly all are gone it is another index or another embedder, not a part of this one
SUNK = 0.35  # of the documents that are left: when so many come less often, the ranking moved
USUAL = 0.8  # of a source's answers have the same length: then that is what is asked for
MIN_PAST = 50  # answers before that is known
MOST_SOURCES = 20  # looked at one by one
BY_CHANCE = 5.0  # times the absences that chance gives


def placed(ops: Frame, rows: BoolArray, depth: int | None = None) -> Chosen:
    """The documents of the marked searches, best first, at most `depth` of each."""
    lists = ops.text("doc_ids")
    at = np.flatnonzero(rows & lists.recorded)
    used = np.unique(lists.codes[at])
    cut = {int(code): lists.values[code].split("\n")[:depth] for code in used}
    codes: dict[str, int] = {}
    flat: list[int] = []
    sizes: list[int] = []
    for code in lists.codes[at].tolist():
        ids = cut[code]
        sizes.append(len(ids))
        flat += [codes.setdefault(one, len(codes)) for one in ids]
    order = sorted(codes)
    rank = np.zeros(len(codes) + 1, dtype=np.int64)
    rank[[codes[one] for one in order]] = np.arange(len(order))
    return Chosen(Codes(tuple(order), rank[np.array(flat, dtype=np.int64)]), np.repeat(at, np.array(sizes, dtype=np.int64)))


def depth_of(evidence: Evidence, ops: Frame) -> int:
    """How many places C and B both have: a larger k is no other ranking."""
    returned, lists = ops.number("n_returned"), ops.text("doc_ids")
    sizes = np.array([value.count("\n") + 1 for value in lists.values] + [0], dtype=np.float64)[lists.codes]
    sizes = np.where(np.isnan(returned), sizes, np.minimum(sizes, np.maximum(returned, 0)))
    places = [
        float(np.median(sizes[window & (sizes > 0)]))
        for window in (evidence.baseline(ops), evidence.current(ops))
        if (window & (sizes > 0)).any()
    ]
    return int(max(1, min([FIRST, *places])))


def vanished(evidence: Evidence, ops: Frame, cell: BoolArray) -> Measured:
    """Popular documents that C should have returned and did not, while the others came as before: a part of the index is missing."""
    lists = ops.text("doc_ids").recorded & cell
    then, now = evidence.baseline(ops) & lists, evidence.current(ops) & lists
    if not then.any() or not now.any():
        return Measured(test="MISSING", grade=Grade.NA, missing=("retrieval.doc_ids",), reason="no document ids in both windows")
    chosen = placed(ops, then | now)
    gone, promised, seen = _gone(chosen, then[chosen.row], now[chosen.row])
    n = int(now.sum())
    if len(promised) < MANY:
        return Measured(test="MISSING", grade=Grade.NA, n=n, reason=f"{len(promised)} documents returned often enough, {MANY} needed")
    ts = ops.number("ts")[chosen.row]
    middle = float(np.median(ts[then[chosen.row]]))
    before, _, _ = _gone(chosen, then[chosen.row] & (ts < middle), then[chosen.row] & (ts >= middle))
    missing, chance = int(gone.sum()), float(np.sum(poisson.cdf(np.floor(GONE * promised), promised)))
    left = ~gone
    sunk = float((seen[left] < HALF * promised[left]).mean()) if left.any() else 1.0
    part = missing / len(promised)
    enough = missing >= MANY and part >= PART and missing >= BY_CHANCE * chance and missing >= 2 * int(before.sum())
    grade = Grade.STRONG if enough and part <= MOST and sunk <= SUNK else Grade.NONE
    numbers = {"gone": missing, "followed": len(promised), "by_chance": round(chance, 2), "sunk": round(sunk, 3)}
    return Measured(test="MISSING", grade=grade, effect=part, n=n, n_baseline=int(then.sum()), numbers=numbers)


def _gone(chosen: Chosen, then: BoolArray, now: BoolArray) -> tuple[BoolArray, FloatArray, FloatArray]:
    """(absent, promised, seen) of the popular documents that C has places enough for."""
    was, is_now = counts(chosen, then), counts(chosen, now)
    popular = np.sort(np.argsort(-was, kind="stable")[:POPULAR])
    promised = was[popular] / max(1.0, was.sum()) * is_now.sum()
    told = np.minimum(promised, was[popular]) >= EXPECTED  # a document that a short past saw once promises nothing
    seen = is_now[popular][told]
    return seen <= GONE * promised[told], promised[told], seen


FLAGS = ("partial", "shards_failed", "timed_out")


def flagged(ops: Frame) -> BoolArray:
    """Searches that say themselves that a part did not answer."""
    return np.asarray(ops.true("partial") | (ops.number("shards_failed") > 0) | ops.true("timed_out"), dtype=np.bool_)


def asked_for(exam: Exam, ops: Frame) -> FloatArray:
    """How many documents each search asked for: top_k, else as many as most searches of its source brought before."""
    wanted, returned = ops.number("top_k").copy(), ops.number("n_returned")
    if not np.isnan(wanted).all():
        return wanted
    sources = exam.dim(ops, "source_id")
    for code in range(-1, len(sources.values)):
        cell = sources.codes == code
        past = returned[cell & exam.baseline(ops) & (returned > 0)]
        if len(past) >= MIN_PAST and float((past == past.max()).mean()) >= USUAL:
            wanted[cell] = past.max()
    return wanted


def missing_part(exam: Exam, ops: Frame, answered: BoolArray) -> Since:
    """The source (or all of them) whose popular documents vanished; its bad rows are all its searches: any may miss one."""
    sources = exam.dim(ops, "source_id")
    cells = [({"source_id": value}, sources.codes == code) for code, value in enumerate(sources.values[:MOST_SOURCES])]
    best = Since(vanished(exam.evidence, ops, answered), {}, answered & exam.current(ops), answered)
    if len(cells) < 2:
        return best
    for where, cell in cells:
        one = vanished(exam.evidence, ops, cell & answered)
        if one.grade is Grade.STRONG and (best.measured.grade is not Grade.STRONG or (one.effect or 0.0) > (best.measured.effect or 0.0)):
            best = Since(one, where, cell & answered & exam.current(ops), cell)
    return best
