"""Two faults at once: are both named, and nothing else? And is a second one invented where there is one?"""

from __future__ import annotations

import numpy as np

from bot.evaluation.measure import Measure, mean, share, share_of
from bot.evaluation.row import Row, Rows, faults, where


def sets(rows: Rows) -> dict[str, Measure]:
    two = where(faults(rows), lambda row: len(row.truth.causes) > 1)
    one = where(faults(rows), lambda row: len(row.truth.causes) == 1, lambda row: row.blamed)
    hit = sum(hits(row) for row in two)
    return {
        "two_faults_f1": mean([f1(row) for row in two]),
        "two_faults_precision": share(hit, sum(len(row.answer.predicted) for row in two)),
        "two_faults_recall": share(hit, sum(len(row.truth.causes) for row in two)),
        "two_faults_any_right": share_of(row.cause_right for row in two),
        "second_fault_invented": share_of(len(row.answer.predicted) > max(1, hits(row)) for row in one),
    }


def hits(row: Row) -> int:
    """How many true faults can be paired off with a prediction that names one of their accepted causes."""
    taken: set[int] = set()
    for accepted in row.truth.accept:
        free = (at for at, named in enumerate(row.answer.predicted) if at not in taken and named & accepted)
        taken |= {at for at in [next(free, -1)] if at >= 0}
    return len(taken)


def f1(row: Row) -> float:
    total = len(row.answer.predicted) + len(row.truth.causes)
    return float(np.round(2.0 * hits(row) / total, 12)) if total else 0.0
