"""How far from the true onset? Over single faults whose layer was named rightly and whose onset lies in what was collected."""

from __future__ import annotations

from bot.evaluation.measure import Measure, median, quantile, share_of
from bot.evaluation.row import Row, Rows, faults, where

MINUTE = 60.0


def onset(rows: Rows) -> dict[str, Measure]:
    """Minutes. With two faults, truth tells only the earlier onset, which need not be that of the fault that was named."""
    dated = where(faults(rows), _dated)
    named = where(dated, lambda row: row.layer_right)
    told = where(named, lambda row: row.answer.onset is not None)
    errors = [_error(row) for row in told]
    return {
        "onset_error_median_min": median(errors),
        "onset_error_p90_min": quantile(errors, 0.9),
        "onset_in_interval": share_of(_inside(row) for row in told),
        "onset_told": share_of(row.answer.onset is not None for row in named),
        "onset_before_data": share_of(not _collected(row) for row in where(faults(rows), lambda row: len(row.truth.causes) == 1)),
    }


def _dated(row: Row) -> bool:
    return row.truth.onset is not None and len(row.truth.causes) == 1 and _collected(row)


def _collected(row: Row) -> bool:
    """An onset before the first trace cannot be told by anybody."""
    return row.answer.start is None or row.truth.onset is None or row.truth.onset >= row.answer.start


def _error(row: Row) -> float:
    assert row.answer.onset is not None
    assert row.truth.onset is not None
    return abs(row.answer.onset[0] - row.truth.onset) / MINUTE


def _inside(row: Row) -> bool:
    assert row.answer.onset is not None
    assert row.truth.onset is not None
    _, earliest, latest = row.answer.onset
    return earliest <= row.truth.onset <= latest
