"""ONSET of catalogue 2.4: since when a rate or a mean has been at its new level, as a step or a ramp, with an interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from bot.model.frame import FloatArray
from bot.stats.hinge import EDGE, Fit, Outside, fit, step_profile
from bot.stats.series import Series, best_loglik, spread_about, spread_between
from bot.stats.stretches import rise

MIN_GAIN = 20.0  # D / phi; the 99.9 % null quantile over six hours of minutes is 17 to 20
MIN_RATIO = 1.2  # a rate that rises by less has drifted: nobody is paged for it
MIN_SHIFT = 0.15  # of a mean log: 16 %, beyond the 6 % of ordinary drift
MIN_BUCKETS = 120  # catalogue 0.3
MAX_BUCKETS = 1500  # longer series are looked at in coarser buckets first
WINDOW = 240  # fine buckets on either side of a coarse place that are looked at again
PROFILE = 2.0  # log-likelihood units around the best that bound the interval
UNLIKELY = 0.6  # of the gain a step must reach before ramps are tried: a ramp's true shape gains at most half as much again
MIN_BAD = 5.0  # bad ones after the change; fewer are an anecdote
RECENT_S = 900.0  # the last quarter of an hour decides whether the level is still there
ENOUGH = 30.0  # requests in it; at night it is stretched until it holds as many
HOLDS = 0.3  # of the rise must be there at the end
PARAMETERS = 3  # two levels and a place

Direction = Literal["up", "down", "both"]


@dataclass(frozen=True)
class ChangePoint:
    """`at`, `earliest`, `latest`: epoch seconds; `before`, `after`: levels; `gain`: D / phi; `persists`: still so at the end."""

    at: float
    earliest: float
    latest: float
    shape: str  # step | ramp
    gain: float
    before: float
    after: float
    persists: bool


def onset(
    bad: FloatArray,
    total: FloatArray,
    start: float,
    step_s: float = 60.0,
    min_gain: float = MIN_GAIN,
    direction: Direction = "up",
    min_ratio: float = MIN_RATIO,
) -> ChangePoint | None:
    """The change of the rate bad / total, both (m,) counts per bucket of `step_s` seconds; `start`: epoch seconds of the first bucket.

    None with fewer than 120 buckets, and when no rise gains `min_gain` (twice the log-likelihood over the dispersion) or the rate
    rises by less than `min_ratio`. Of several changes: the highest whose level is still there at the end, else one that came back.
    """
    x, n = np.asarray(bad, dtype=np.float64), np.asarray(total, dtype=np.float64)
    if x.sum() < MIN_BAD:
        return None
    series = Series(np.minimum(x, n), n, step_s, binary=True)
    found = _either(series, start, min_gain, direction)
    if found is None:
        return None
    high, low = max(found.before, found.after), min(found.before, found.after)
    return found if high >= min_ratio * low and _bad_enough(series, found, start) else None


def onset_of_mean(
    means: FloatArray,
    counts: FloatArray,
    start: float,
    step_s: float = 60.0,
    min_gain: float = MIN_GAIN,
    min_shift: float = MIN_SHIFT,
    direction: Direction = "both",
) -> ChangePoint | None:
    """The same for a mean per bucket (m,), such as the mean log duration, of `counts` values each; NaN where there are none."""
    n = np.where(np.isnan(means), 0.0, np.asarray(counts, dtype=np.float64))
    series = Series(np.where(n > 0, np.nan_to_num(means) * n, 0.0), n, step_s, binary=False)
    if n.sum() == 0:
        return None
    centre = series.level()
    centred = replace(series, x=series.x - centre * n)  # differences of large sums lose their digits
    found = _either(centred, start, min_gain, direction)
    if found is None or abs(found.after - found.before) < min_shift:
        return None
    return replace(found, before=found.before + centre, after=found.after + centre)


def _either(series: Series, start: float, min_gain: float, direction: Direction) -> ChangePoint | None:
    if len(series) < MIN_BUCKETS:
        return None
    up = _rising(series, start, min_gain) if direction != "down" else None
    down = _rising(series.flipped(), start, min_gain) if direction != "up" else None
    if down is not None:
        before, after = (1.0 - down.before, 1.0 - down.after) if series.binary else (-down.before, -down.after)
        down = replace(down, before=before, after=after)
    return max((one for one in (up, down) if one is not None), key=lambda one: (one.persists, one.gain), default=None)


def _rising(series: Series, start: float, min_gain: float) -> ChangePoint | None:
    by = -(-len(series) // MAX_BUCKETS)
    coarse = series.coarse(by) if by > 1 else series
    spread = spread_between(coarse)
    part = rise(coarse, spread, min_gain)
    seen = coarse.part(part.low, part.high)
    found = _fitted(seen, spread, min_gain)
    if found is None:
        return None
    pad = -len(series) % by  # empty buckets in front of the oldest coarse one
    low, high = max(0, part.low * by - pad), part.high * by - pad
    base = low
    if by > 1:
        place = found.at * by + part.low * by - pad
        again, base = _refined(series.part(low, high), place - low, found, spread)
        base += low
        found = replace(again, gain=found.gain, before=found.before, after=found.after)
    lasts = part.lasts and _still(series.part(low, high), found, base + found.at - low)

    def moment(bucket: float) -> float:
        return start + (base + bucket) * series.step_s

    # A change in the middle of a bucket shows in it and in the next: the interval owns both.
    shape = "ramp" if found.ramp else "step"
    first, last = max(start, moment(found.low - 1)), moment(found.high + 1)
    return ChangePoint(moment(found.at), first, last, shape, found.gain, found.before, found.after, lasts)


def _fitted(series: Series, spread: float, min_gain: float) -> Fit | None:
    """The best rise in a part, if it gains enough; fitted again with the dispersion of what the first fit leaves."""
    if len(series) < 2 * EDGE + 1 or _step_gain(series) < UNLIKELY * min_gain * spread:
        return None
    found = fit(series, spread, PROFILE)
    if found is None:
        return None
    found = fit(series, spread_about(series, found.fitted, PARAMETERS), PROFILE)
    return found if found is not None and found.gain >= min_gain else None


def _step_gain(series: Series) -> float:
    """Twice the log-likelihood of the best step over no change: what decides whether ramps are worth their time."""
    none = best_loglik(series.x.sum(keepdims=True), series.n.sum(keepdims=True), series.binary)[0]
    return 2.0 * float(step_profile(series).max() - none)


def _refined(series: Series, place: int, coarse: Fit, spread: float) -> tuple[Fit, int]:
    """The fit at full resolution around a coarse place, and the bucket its window begins at."""
    low, high = max(0, place - WINDOW), min(len(series), place + WINDOW)
    sums = [float(column[part].sum()) for part in (slice(0, low), slice(high, None)) for column in (series.x, series.n)]
    window = series.part(low, high)
    found = fit(window, spread, PROFILE, Outside(*sums))
    return (found, low) if found is not None else (replace(coarse, at=place - low, low=place - low, high=place - low), low)


def _still(series: Series, found: Fit, at: int) -> bool:
    """Whether the last minutes are still clearly above the level before."""
    size = max(1, round(RECENT_S / series.step_s))
    longest = max(1, len(series) - at)
    while size < longest and series.n[-size:].sum() < ENOUGH:
        size *= 2
    recent = series.level(len(series) - min(size, longest))
    return recent - found.before >= HOLDS * (series.level(at) - found.before)


def _bad_enough(series: Series, found: ChangePoint, start: float) -> bool:
    """A rise needs a few bad ones after it, a fall a few before it."""
    at = int((found.at - start) // series.step_s)
    return float((series.x[at:] if found.after > found.before else series.x[:at]).sum()) >= MIN_BAD
