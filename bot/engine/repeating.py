"""Answers that were given before: how many of them are repeats, in windows made equally long."""

from __future__ import annotations

import numpy as np

from bot.model.evidence import Evidence
from bot.model.finding import Measured
from bot.model.frame import BoolArray, Frame
from bot.stats.proportion import PropGates, prop

LONGEST = 2000  # rows of a window that are compared; repeats grow with the number looked at


def repeats(evidence: Evidence, frame: Frame, column: str, gates: PropGates) -> Measured:
    """PROP of rows whose hash occurred earlier among the last rows of the same window, equally many in B and in C."""
    codes = frame.text(column)
    now, then = evidence.current(frame) & codes.recorded, evidence.baseline(frame) & codes.recorded
    size = min(int(now.sum()), int(then.sum()), LONGEST)
    ts = frame.number("ts")
    again_c, again_b = _again(codes.codes, ts, now, size), _again(codes.codes, ts, then, size)
    measured = prop(float(again_b), float(size), float(again_c), float(size), 1.0, gates)
    return measured.model_copy(update={"test": "REPEATS"})


def _again(codes: np.ndarray, ts: np.ndarray, rows: BoolArray, size: int) -> int:
    """How many of the last `size` marked rows repeat one before."""
    places = np.flatnonzero(rows)
    last = places[np.argsort(ts[places], kind="stable")][-size:] if size else places[:0]
    return len(last) - len(np.unique(codes[last]))
