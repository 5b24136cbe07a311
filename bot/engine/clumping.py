"""How much less a number of rows is worth when they come in clumps: the calls of one request, one session, one quarter of an hour."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from bot.model.evidence import Evidence
from bot.model.frame import BoolArray, FloatArray, Frame, IntArray

QUARTER = 900.0  # seconds: what drifts with the load moves together for about as long
CAP = 25.0  # as for rates: beyond it the divisor would hide everything
ROUNDING = 1e-12  # of ranks in (0, 1]: values that are all the same on their side scatter by no more, and nothing in them comes in clumps
OWNERS = ("session_id", "user_hash")  # whoever writes long histories or long questions writes several of them


def clumped(evidence: Evidence, frame: Frame, values: FloatArray, then: BoolArray, now: BoolArray) -> float:
    """Design effect (>= 1) of comparing `values` of rows `now` with those of rows `then`: z is divided by its root.

    Intra-class correlation of ranks, each side about its own mean, within requests, sessions, users and quarters of an hour; the worst.
    """
    rows = np.concatenate([np.flatnonzero(then), np.flatnonzero(now)])
    side = np.concatenate([np.zeros(int(then.sum()), dtype=np.int64), np.ones(int(now.sum()), dtype=np.int64)])
    if len(rows) < 3 or not now.any():
        return 1.0
    ranks = np.empty(len(rows))
    for one in (0, 1):
        ranks[side == one] = rankdata(values[rows[side == one]]) / max(1, int((side == one).sum()))
    worst = 1.0
    for groups in _groups(evidence, frame):
        worst = max(worst, _effect(ranks, groups[rows], side))
    return min(worst, CAP)


def _groups(evidence: Evidence, frame: Frame) -> list[IntArray]:
    found = [evidence.request_of(frame)] if frame is not evidence.requests else []
    found += [codes.codes for codes in (evidence.dim(frame, name) for name in OWNERS) if len(codes.values)]
    return [*found, (frame.number("ts") // QUARTER).astype(np.int64)]


def _effect(ranks: FloatArray, groups: IntArray, side: IntArray) -> float:
    """1 + (typical size - 1) * correlation; rows without a group stand alone."""
    known = groups >= 0
    if not known.any():
        return 1.0
    keys, at, sizes = np.unique(groups[known] * 2 + side[known], return_inverse=True, return_counts=True)
    x = ranks[known] - np.array([ranks[side == one].mean() if (side == one).any() else 0.0 for one in (0, 1)])[side[known]]
    k, n = len(keys), len(x)
    if k < 2 or n <= k:
        return 1.0
    sums = np.bincount(at, weights=x, minlength=k)
    between = float((sums**2 / sizes).sum()) / (k - 1)
    within = float((x**2).sum() - (sums**2 / sizes).sum()) / (n - k)
    usual = (n - float((sizes.astype(np.float64) ** 2).sum()) / n) / (k - 1)
    total = between + (usual - 1) * within
    if total <= ROUNDING or usual <= 0:
        return 1.0
    alike = min(1.0, max(0.0, (between - within) / total))
    last = sizes[keys % 2 == 1].astype(np.float64)
    size = float((last**2).sum() / last.sum()) if len(last) else 1.0
    return 1.0 + max(0.0, size - 1.0) * alike
