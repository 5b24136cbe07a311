"""What leads the results of searches, and whether they are reranked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.engine.cells import Rate, better
from bot.engine.documents import depth_of, placed
from bot.engine.exam import Exam
from bot.engine.failing import failed
from bot.engine.turnover import PASSED, Chosen, commonest, grown, worst
from bot.model.finding import Measured
from bot.model.frame import BoolArray
from bot.stats.proportion import PropGates
from bot.stats.variation import VariationGates

BY = ("source_id", "namespace", "route", "tenant")
USUAL = 0.8  # of a product's searching requests are reranked: then one that is not was passed over


@dataclass(frozen=True)
class Leading:
    """The cell whose first places moved most: what was measured, its rows, and the searches that return what came up."""

    measured: Measured
    where: dict[str, str]
    cell: BoolArray
    rows: BoolArray
    words: str


@dataclass(frozen=True)
class Bypassed:
    """Searches that were not reranked; `bad` marks rerank operations, or requests where the step itself is gone."""

    measured: Measured
    where: dict[str, str]
    bad: BoolArray
    of_requests: bool


def leading(exam: Exam, gates: VariationGates) -> Leading:
    """The documents in the first places, else the sources they are from."""
    ops = exam.ops("retrieval")
    answered = ~failed(ops)
    everything = np.ones(ops.n, dtype=np.bool_)
    options: list[Leading] = []
    if exam.sees("retrieval", "doc_ids"):
        options.append(_moved(exam, placed(ops, answered, depth_of(exam.evidence, ops)), gates))
    if exam.sees("retrieval", "doc_source"):
        options.append(_moved(exam, Chosen(ops.text("doc_source"), np.arange(ops.n)), gates))
    if not options:
        return Leading(exam.not_recorded("retrieval", "doc_ids"), {}, everything, ~everything, "")
    best = options[0]
    for one in options[1:]:
        if better(one.measured, best.measured):
            best = one
    return best


def _moved(exam: Exam, chosen: Chosen, gates: VariationGates) -> Leading:
    ops, told = exam.ops("retrieval"), commonest(chosen)
    measured, where, cell = worst(exam.evidence, ops, told, BY, gates)
    rows = grown(exam.evidence, ops, told, cell) if measured.grade in PASSED else np.zeros(ops.n, dtype=np.bool_)
    numbers = measured.numbers
    now, then = numbers.get("share"), numbers.get("baseline_share")
    words = f"{str(numbers.get('value'))[:40]} {then:.0%} -> {now:.0%}" if isinstance(now, float) and isinstance(then, float) else ""
    return Leading(measured, where, cell, rows, words)


def bypassed(exam: Exam, gates: PropGates) -> Bypassed:
    """Rerank calls that fail or say that they were skipped; else requests that search and are not reranked any more."""
    ops = exam.ops("rerank")
    if ops.n == 0:
        return Bypassed(exam.not_recorded("rerank", "rerank_skipped"), {}, np.zeros(0, dtype=np.bool_), False)
    bad = failed(ops) | ops.true("rerank_skipped")
    skipped = exam.rate(ops, bad, by=("rerank_model", "source_id"), gates=gates, kind="rerank")
    gone = _gone(exam, gates)
    if gone is not None and better(gone.measured, skipped.measured):
        return Bypassed(gone.measured, gone.where, gone.bad, True)
    return Bypassed(skipped.measured, skipped.where, bad, False)


def _gone(exam: Exam, gates: PropGates) -> Rate | None:
    evidence, requests = exam.evidence, exam.requests
    searches, calls = exam.ops("retrieval"), exam.ops("rerank")
    searching = evidence.requests_with(searches, ~failed(searches) & ~(searches.number("n_returned") == 0))
    reranked = evidence.requests_with(calls, np.ones(calls.n, dtype=np.bool_))
    then = searching & evidence.in_baseline
    if float((then & reranked).sum()) < USUAL * max(1.0, float(then.sum())):
        return None
    return exam.rate(requests, searching & ~reranked, among=searching, by=("route", "tenant"), gates=gates, slices=False)
