"""Is a confidence of .8 right eight times in ten?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.evaluation.measure import Measure, estimate, mean, share
from bot.evaluation.row import Row, Rows, where
from bot.model.report import Verdict

BINS = 10  # of equal width, the usual reliability diagram
Pair = tuple[float, bool]
"""A stated confidence, and whether what it was stated of is true."""


@dataclass(frozen=True)
class Bin:
    """Stated against observed, in one bin of the diagram."""

    low: float
    high: float
    stated: float
    observed: Measure


def cause_pairs(rows: Rows) -> list[Pair]:
    """Named causes and groups, a named calm included."""
    return [(row.answer.confidence, row.all_right) for row in rows if row.answer.confidence is not None and row.answer.named]


def layer_pairs(rows: Rows) -> list[Pair]:
    named = where(rows, lambda row: row.blamed and row.answer.layer is not None)
    return [(row.answer.layer_confidence, row.layer_right) for row in named if row.answer.layer_confidence is not None]


def verdict_pairs(rows: Rows) -> list[Pair]:
    """ "There is a fault" is stated with the confidence in its layer, which is its floor; "there is none" with its own."""
    stated = [(row, _of_verdict(row)) for row in rows if not row.abstained]
    return [(sure, row.answer.verdict is row.truth.verdict) for row, sure in stated if sure is not None]


def _of_verdict(row: Row) -> float | None:
    return row.answer.confidence if row.answer.verdict is Verdict.NO_FAULT else row.answer.layer_confidence


def calibration(rows: Rows) -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    for name, pairs in (("cause", cause_pairs(rows)), ("layer", layer_pairs(rows)), ("verdict", verdict_pairs(rows))):
        found[f"ece_{name}"] = ece(pairs)
        found[f"brier_{name}"] = mean([(sure - right) ** 2 for sure, right in pairs])
    return found


def ece(pairs: Sequence[Pair]) -> Measure:
    """Expected calibration error: |stated - observed| of each bin, weighted by how many are in it."""
    apart = np.array([sure - right for sure, right in pairs])
    of = np.array([[_bin(sure) == one for one in range(BINS)] for sure, _ in pairs], dtype=np.float64).reshape(len(pairs), BINS)
    return estimate(len(pairs), lambda weights: np.abs((weights * apart) @ of).sum(axis=1) / weights.sum(axis=1))


def _bin(sure: float) -> int:
    return min(int(sure * BINS), BINS - 1)


def reliability(pairs: Sequence[Pair]) -> list[Bin]:
    """The bins that hold anything."""
    held: dict[int, list[Pair]] = {}
    for sure, right in pairs:
        held.setdefault(_bin(sure), []).append((sure, right))
    return [Bin(at / BINS, (at + 1) / BINS, float(np.mean([sure for sure, _ in held[at]])), _observed(held[at])) for at in sorted(held)]


def _observed(pairs: Sequence[Pair]) -> Measure:
    return share(sum(right for _, right in pairs), len(pairs))
