"""Was the layer right, was the cause right? Over pages with a fault."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.evaluation.measure import Measure, estimate, share_of
from bot.evaluation.row import Rows, faults
from bot.evaluation.truth import layer_of
from bot.model.frame import FloatArray


def naming(rows: Rows) -> dict[str, Measure]:
    bad = faults(rows)
    return {
        "layer_at_1": share_of(row.layer_right for row in bad),
        "cause_at_1": share_of(row.cause_right for row in bad),
        "cause_exact": share_of(row.exact for row in bad),
        "cause_in_group": share_of(row.in_group for row in bad),
        "cause_at_3": share_of(bool(set(row.answer.ranked[:3]) & row.truth.right) for row in bad),
        "layer_forced": share_of(bool({layer_of(one) for one in row.answer.ranked[:1]} & row.truth.right_layers) for row in bad),
        "cause_forced": share_of(bool(set(row.answer.ranked[:1]) & row.truth.right) for row in bad),
        "cause_at_1_macro": _macro(bad, [row.cause_right for row in bad]),
        "layer_at_1_macro": _macro(bad, [row.layer_right for row in bad]),
    }


def _macro(bad: Rows, right: Sequence[bool]) -> Measure:
    """The mean over causes of each cause's share: a common cause does not outvote a rare one."""
    names = sorted({row.truth.first for row in bad})
    of = np.array([[row.truth.first == name for row in bad] for name in names], dtype=np.float64).T.reshape(len(bad), len(names))
    hit = of * np.array(right, dtype=np.float64)[:, None]

    def mean_of_shares(weights: FloatArray) -> FloatArray:
        n = weights @ of  # a cause that a resample left out has no share in it
        shares = np.divide(weights @ hit, n, out=np.full(n.shape, np.nan), where=n > 0)
        return np.asarray(np.nanmean(shares, axis=1))

    return estimate(len(bad), mean_of_shares)
