"""What the answers are worth: how right the sure ones are, and what acting on all of them would bring (catalogue 4.5)."""

from __future__ import annotations

from dataclasses import dataclass

from bot.evaluation.measure import Measure, mean, share_of
from bot.evaluation.row import SURE, Row, Rows, where
from bot.model.report import Verdict

RIGHT, GROUP, LAYER, SILENT, WRONG, MISSED, FALSE_ALARM = 1.0, 0.7, 0.4, 0.0, -1.0, -2.0, -1.0
"""Catalogue 4.5: a wrong layer costs what a right cause brings; a missed fault costs twice that, since people go back to bed."""
STEPS = tuple(round(0.1 * step, 1) for step in range(1, 11))


@dataclass(frozen=True)
class Step:
    """One point of the curve; `confidence` is that of the least sure answer in it."""

    coverage: float
    confidence: float
    right: Measure
    layer_right: Measure


def worth(row: Row) -> float:
    if row.abstained:
        return RIGHT if row.truth.verdict is Verdict.INSUFFICIENT else SILENT
    if row.truth.faulty and row.called_none:
        return MISSED
    if not row.truth.faulty:
        return RIGHT if row.all_right else FALSE_ALARM
    return RIGHT if row.exact else GROUP if row.in_group else LAYER if row.layer_right else WRONG


def utility(rows: Rows) -> Measure:
    return mean([worth(row) for row in rows])


def selective(rows: Rows) -> dict[str, Measure]:
    answered = where(rows, lambda row: not row.abstained)
    sure = where(answered, lambda row: (row.answer.confidence or 0.0) >= SURE)
    layer_sure = where(rows, lambda row: row.blamed and (row.answer.layer_confidence or 0.0) >= SURE)
    return {
        "coverage": share_of(not row.abstained for row in rows),
        "right_when_answered": share_of(row.all_right for row in answered),
        "sure_coverage": share_of(row in sure for row in rows),
        "right_when_sure": share_of(row.all_right for row in sure),
        "layer_right_when_layer_sure": share_of(row.layer_right for row in layer_sure),
        "utility": utility(rows),
    }


def curve(rows: Rows) -> list[Step]:
    """The most confident tenth, two tenths, ... of all pages, abstentions last: how right are they?"""
    ordered = sorted(rows, key=lambda row: (row.abstained, -(row.answer.confidence or 0.0), row.name))
    steps: list[Step] = []
    for coverage in STEPS:
        kept = ordered[: round(coverage * len(ordered))]
        if kept and not kept[-1].abstained:
            layer = share_of(row.layer_right or (row.all_right and not row.truth.faulty) for row in kept)
            steps.append(Step(coverage, kept[-1].answer.confidence or 0.0, share_of(row.all_right for row in kept), layer))
    return steps
