"""A found cause whose requests became more only because who asks changed: inside each sender's part they are as many as they were.

Direct standardisation: the rate each value had in B, at the weights it has in C, is what a change of mix alone would give.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.engine.cells import usable
from bot.engine.mixing import EXOGENOUS
from bot.model.evidence import Evidence
from bot.model.finding import Examination
from bot.model.frame import BoolArray, Codes

MIX = "none.mix_shift"
SHIFTED = 0.1  # of the requests changed hands (total variation of the weights): below this a mix explains nothing
LEFT = 0.6  # of the excess that is left inside the values: true faults keep five sixths of it in any mix
INSIDE_Z = 4.0  # of what is left: as much as a cause found by a search over cells must show
PAST = 20  # requests of a value in B before it has a rate of its own; what is new is never taken for always worse
OWN = frozenset({"infra.abuse_injection", "infra.traffic_surge"})  # a change of who asks is what these are

INSTRUMENTS = "telemetry."  # a judge or a collector is not asked by anybody


@dataclass(frozen=True)
class Remixed:
    """`share`: of the excess of a cause's requests that the new weights of `dim` make by themselves; `z`: of what is left inside."""

    dim: str
    share: float
    z: float


def remixed(evidence: Evidence, one: Examination) -> Remixed | None:
    """The dimension of senders that explains most of the excess; None where enough is left inside every one, or nothing can be said.

    `evidence`: with the windows that the cause was found in.
    """
    if one.affected is None or one.cause in OWN or one.cause.startswith(INSTRUMENTS) or evidence.requests is None:
        return None
    split = [
        seen
        for name in EXOGENOUS
        if usable(codes := evidence.seen.text(name)) and (seen := _standardised(evidence, one.affected, codes, name)) is not None
    ]
    best = max(split, key=lambda seen: (seen.share, seen.dim), default=None)
    return best if best is not None and best.share >= 1.0 - LEFT and best.z < INSIDE_Z else None


def _standardised(evidence: Evidence, affected: BoolArray, codes: Codes, name: str) -> Remixed | None:
    then, now = evidence.in_baseline & codes.recorded, evidence.in_current & codes.recorded
    size = len(codes.values)
    n_b, n_c, x_b, x_c = (
        np.bincount(codes.codes[rows], minlength=size).astype(np.float64) for rows in (then, now, then & affected, now & affected)
    )
    if n_b.sum() == 0 or n_c.sum() == 0 or 0.5 * np.abs(n_b / n_b.sum() - n_c / n_c.sum()).sum() < SHIFTED:
        return None
    overall = float(x_b.sum() / n_b.sum())
    past = n_b >= PAST
    rate = np.where(past, x_b / np.maximum(n_b, 1.0), overall)
    crude, left = float(x_c.sum() - overall * n_c.sum()), float((x_c - rate * n_c).sum())
    if crude <= 0.0:
        return None
    behind = np.where(past, n_b, n_b.sum())
    pooled = np.clip((x_c + rate * behind) / np.maximum(n_c + behind, 1.0), 0.0, 1.0)
    spread = float((pooled * (1.0 - pooled) * n_c * (1.0 + n_c / np.maximum(behind, 1.0))).sum())
    return Remixed(name, min(1.0, 1.0 - left / crude), left / float(np.sqrt(max(spread, 1e-9))))
