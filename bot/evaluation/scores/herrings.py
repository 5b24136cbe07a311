"""Is an innocent change blamed? Over scenarios whose change log holds a red herring."""

from __future__ import annotations

from bot.evaluation.measure import Measure, share, share_of
from bot.evaluation.row import Rows, where


def herrings(rows: Rows) -> dict[str, Measure]:
    lured = where(rows, lambda row: row.sight.herrings > 0)
    return {
        "red_herring_blamed": share_of(row.sight.blamed > 0 for row in lured),
        "red_herring_events_blamed": share(sum(row.sight.blamed for row in lured), sum(row.sight.herrings for row in lured)),
    }
