"""SEQ of catalogue 0.3: traces whose calls repeat one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.model.frame import FloatArray, IntArray
from bot.model.value import Limits

PERIODS = (1, 2, 3)  # a cycle of more calls than three is a plan, not a loop


class SeqGates(Limits):
    ratio: float = 0.5  # 1 - distinct / total
    calls: int = 6  # with at least this many calls: two of three alike happen in any plan
    run: int = 4  # identical calls in a row: two are a retry, three a poll


DEFAULT = SeqGates()


@dataclass(frozen=True)
class Sequences:
    """One row a trace, sorted: calls, share of repeats, longest run of one call, and the period (1 to 3, 0: none) that covers it best."""

    trace: IntArray
    calls: IntArray
    repeat_ratio: FloatArray
    longest_run: IntArray
    period: IntArray


def sequences(trace: IntArray, order: FloatArray, call: IntArray) -> Sequences:
    """Arrays (calls,): trace number, moment, code of (name, arguments); in any order. Calls at one moment are ordered by code."""
    if len(trace) == 0:
        nothing = np.zeros(0, dtype=np.int64)
        return Sequences(nothing, nothing, np.zeros(0), nothing, nothing)
    at = np.lexsort((call, order, trace))
    who, what = trace[at], call[at]
    traces, index, total = np.unique(who, return_inverse=True, return_counts=True)
    pairs = np.unique(np.stack([index, what]), axis=1)
    distinct = np.bincount(pairs[0], minlength=len(traces))
    covered = np.stack([_longest(who, what, index, len(traces), period) for period in PERIODS])
    # A stretch of period p is told as p from two full rounds on; of equal cover the shorter period is the better word.
    rounds = covered >= 2 * np.array(PERIODS)[:, None]
    best = np.argmax(np.where(rounds, covered, 0), axis=0)
    period = np.where(rounds.any(axis=0), np.array(PERIODS)[best], 0)
    return Sequences(
        trace=traces.astype(np.int64),
        calls=total.astype(np.int64),
        repeat_ratio=1.0 - distinct / total,
        longest_run=covered[0],
        period=period.astype(np.int64),
    )


def repeats(trace: IntArray, order: FloatArray, call: IntArray, gates: SeqGates = DEFAULT) -> IntArray:
    """The traces (sorted, unique) that repeat themselves; arguments as in `sequences`."""
    found = sequences(trace, order, call)
    circling = (found.calls >= gates.calls) & (found.repeat_ratio >= gates.ratio - 1e-9)
    return found.trace[circling | (found.longest_run >= gates.run)]


def _longest(who: IntArray, what: IntArray, index: IntArray, traces: int, period: int) -> IntArray:
    """Per trace, the longest stretch in which every call equals the one `period` before it; 1 where there is none."""
    same = np.zeros(len(who), dtype=np.bool_)
    same[period:] = (who[period:] == who[:-period]) & (what[period:] == what[:-period])
    place = np.arange(len(who))
    since = place - np.maximum.accumulate(np.where(same, -1, place))  # equal calls up to here
    longest = np.zeros(traces, dtype=np.int64)
    np.maximum.at(longest, index, since)
    return np.where(longest > 0, longest + period, 1).astype(np.int64)
