"""Timeouts that nobody labelled: failed operations whose durations pile up at one constant, the client's deadline."""

from __future__ import annotations

import numpy as np

from bot.model.frame import BoolArray, FloatArray

WIDTH = 0.05  # a client gives up within a few percent of its deadline
SHARE = 0.30  # of the failed durations at one constant; an honest latency distribution never puts so much there
MIN_FAILED = 10
SLOWER = 1.5  # the deadline lies well above an ordinary answer, or the failures are fast refusals


def pile_up(durations_ms: FloatArray) -> tuple[float, float]:
    """(share of durations within 5 % of their mode, the mode in ms); (0, nan) with fewer than ten."""
    values = np.sort(durations_ms[~np.isnan(durations_ms) & (durations_ms > 0)])
    if len(values) < MIN_FAILED:
        return 0.0, float("nan")
    reach = np.searchsorted(values, values * (1 + 2 * WIDTH), side="right") - np.arange(len(values))
    at = int(np.argmax(reach))
    inside = values[at : at + int(reach[at])]
    return float(len(inside) / len(values)), float(np.median(inside))


def at_deadline(duration_ms: FloatArray, failed: BoolArray, unlabelled: BoolArray) -> BoolArray:
    """Failed operations without a known error class that ended at the common deadline of such failures."""
    share, mode = pile_up(duration_ms[unlabelled & failed])
    typical = np.nanmedian(duration_ms[~failed]) if (~failed & ~np.isnan(duration_ms)).any() else np.nan
    if share < SHARE or not np.isfinite(mode) or (np.isfinite(typical) and mode < SLOWER * typical):
        return np.zeros(len(duration_ms), dtype=np.bool_)
    return failed & unlabelled & (np.abs(duration_ms - mode) <= WIDTH * mode)


FAR = 3.0  # times an ordinary answer: where a client gives up
PILED = 0.5  # of the slow answers at one constant: an honest slow tail is spread


def swallowed(duration_ms: FloatArray, answered: BoolArray, past: BoolArray) -> BoolArray:
    """Operations that call themselves a success and ended at one slow constant: timeouts that the client turned into nothing.

    `answered`: successes that brought nothing, or whose yield nobody recorded. `past`: rows that tell what an ordinary answer takes.
    """
    none = np.zeros(len(duration_ms), dtype=np.bool_)
    known = past & ~np.isnan(duration_ms)
    if int(known.sum()) < MIN_FAILED:
        return none
    slow = answered & (duration_ms > FAR * np.median(duration_ms[known]))
    share, mode = pile_up(duration_ms[slow])
    if share < PILED or not np.isfinite(mode):
        return none
    return np.asarray(slow & (np.abs(duration_ms - mode) <= WIDTH * mode), dtype=np.bool_)
