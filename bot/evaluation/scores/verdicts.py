"""Was the verdict right: faults that were missed, calm that was recognised, innocents that were blamed, and honest silence."""

from __future__ import annotations

from bot.evaluation.measure import Measure, share_of
from bot.evaluation.row import Rows, faults, quiet, unfelt, where
from bot.model.report import Verdict


def verdicts(rows: Rows) -> dict[str, Measure]:
    bad, calm, none = faults(rows), quiet(rows), unfelt(rows)
    unanswered = where(bad, lambda row: not row.layer_right)
    return {
        "confident_wrong": share_of(row.confidently_wrong for row in rows),
        "fault_called_no_fault": share_of(row.called_none for row in bad),
        "fault_abstained": share_of(row.abstained for row in bad),
        "fault_wrong_layer": share_of(row.blamed and not row.layer_right for row in bad),
        "abstained_where_not_right": share_of(row.abstained for row in unanswered),
        "fault_not_called_no_fault": share_of(not row.called_none for row in bad),
        "no_fault_recognised": share_of(row.called_none for row in calm),
        "no_fault_abstained": share_of(row.abstained for row in calm),
        "no_fault_blamed": share_of(row.blamed for row in calm),
        "no_impact_not_blamed": share_of(not row.blamed or row.cause_right for row in none),
        "no_impact_called_no_fault": share_of(row.called_none for row in none),
        "abstained": share_of(row.abstained for row in rows),
        "insufficient_recognised": share_of(row.abstained for row in rows if row.truth.verdict is Verdict.INSUFFICIENT),
    }
