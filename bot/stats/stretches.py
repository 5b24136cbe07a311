"""Several changes in one series: stretches of one level each, and the rise whose level is still there at the end."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bot.stats.hinge import EDGE, step_profile
from bot.stats.series import Series, best_loglik

MOST = 12  # stretches: a series with more is not a history of incidents but noise on a longer scale
HALF = 0.5  # of a rise must remain in every later stretch for it to last
LIKE = 0.3  # of a rise by which an earlier stretch may lie higher and still belong to "before"


@dataclass(frozen=True)
class Rise:
    """Buckets [low, high) that hold one rise and nothing else; `lasts`: it has not come back before the end of the series."""

    low: int
    high: int
    lasts: bool


def rise(series: Series, spread: float, min_gain: float) -> Rise:
    """The highest rise that lasts, else the highest that came back; the whole series when it has no stretches."""
    bounds = stretches(series, spread, min_gain)
    levels = [series.level(low, high) for low, high in pairwise(bounds)]
    rises = _rises(levels)
    if not rises:
        return Rise(0, len(series), True)
    foot, top = max(rises, key=lambda pair: (_lasts(levels, *pair), levels[pair[1]] - levels[pair[0]], -pair[0]))
    height = levels[top] - levels[foot]
    first = foot
    while first > 0 and levels[first - 1] <= levels[foot] + LIKE * height:
        first -= 1
    gone = next((i for i in range(top + 1, len(levels)) if levels[i] < levels[foot] + HALF * height), len(levels))
    return Rise(bounds[first], bounds[gone], gone == len(levels))


def _rises(levels: list[float]) -> list[tuple[int, int]]:
    """(stretch before, last stretch of the climb) of every climb: neighbouring steps up are one, as a ramp is cut into several."""
    found: list[tuple[int, int]] = []
    for i in range(1, len(levels)):
        if levels[i] > levels[i - 1]:
            if found and found[-1][1] == i - 1:
                found[-1] = (found[-1][0], i)
            else:
                found.append((i - 1, i))
    return found


def _lasts(levels: list[float], foot: int, top: int) -> bool:
    return min(levels[top:]) >= levels[foot] + HALF * (levels[top] - levels[foot])


def stretches(series: Series, spread: float, min_gain: float) -> list[int]:
    """Bounds of the stretches by binary segmentation, 0 and m included. A cut must gain `min_gain` times the dispersion."""
    bounds, todo = [0, len(series)], [(0, len(series))]
    while todo and len(bounds) <= MOST:
        low, high = todo.pop(0)
        if high - low < 2 * EDGE + 1:
            continue
        part = series.part(low, high)
        value = np.maximum(step_profile(part), step_profile(part.flipped()))
        at = int(np.argmax(value))
        if not np.isfinite(value[at]):
            continue
        none = float(best_loglik(part.x.sum(keepdims=True), part.n.sum(keepdims=True), series.binary)[0])
        if 2.0 * (float(value[at]) - none) < min_gain * spread:
            continue
        bounds.append(low + at)
        todo += [(low, low + at), (low + at, high)]
    return sorted(bounds)
