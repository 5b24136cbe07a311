"""Which signal moved, since when, and which two windows to compare (catalogue 2.3 and 2.4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.engine.signals import Ops, Signal, hinted, signals, unseen
from bot.model.evidence import Interval, Windows
from bot.model.frame import BoolArray, FloatArray, Frame
from bot.model.page import Page
from bot.stats.change_point import ChangePoint, onset, onset_of_mean

HOUR = 3600.0
CURRENT = HOUR  # the hour before the page: long enough to count, short enough to be about now
CURRENT_MIN = 600.0
CURRENT_MAX = 6 * HOUR  # how far back a thin current window may be stretched, never past the onset
THIN = 200  # requests in C below which it is stretched (catalogue 2.10)
BASELINE = 4 * HOUR
MARGIN = 900.0  # between baseline and onset, so that a slow start does not stain the baseline
BASELINE_MIN = 100  # requests below which a baseline is unusable
STEP = 60.0
MANY = 500  # values of a version column beyond which it is an id, not a version


@dataclass(frozen=True)
class Moved:
    """One signal that changed and stayed changed."""

    signal: Signal
    change: ChangePoint


@dataclass(frozen=True)
class Chosen:
    """The paged signal, its change (None = no lasting change found), every signal that moved, and the windows."""

    signal: Signal | None
    change: ChangePoint | None
    moved: tuple[Moved, ...]
    windows: Windows
    recovered: bool  # it moved and came back before the page
    unseen: tuple[str, ...] = ()  # what the page's words mean, when none of it is recorded


def choose(requests: Frame, ops: Ops, page: Page, now: float, start: float) -> Chosen:
    """`start`: the earliest moment that was collected. Frames hold requests in [start, now)."""
    known = signals(requests, ops)
    ts = requests.number("ts")
    changes = {name: find(one, ts, start, now) for name, one in known.items()}
    moved = tuple(
        sorted(
            (Moved(known[name], change) for name, change in changes.items() if change is not None and change.persists),
            key=lambda one: (-one.change.gain, one.signal.name),
        )
    )
    over = any(change is not None and not change.persists and change.at > now - 2 * HOUR for change in changes.values())
    hints = hinted(page)
    main = _main(moved, hints)
    dark = unseen(page, known)
    if main is None:
        signal = next((known[name] for name in (*hints, "failed") if name in known), None)
        return Chosen(signal, None, (), _still(ts, now, start), over, dark)
    windows = _around(ts, main.change.at, main.change.earliest, now, start)
    return Chosen(main.signal, main.change, moved, windows, False, dark)


VERSIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("llm", ("prompt_version", "prompt_hash", "model_served", "fingerprint", "tool_defs_hash", "reasoning_level")),
    ("prompt", ("prompt_version",)),
    ("tool", ("tool_version", "tool_schema_hash")),
    ("retrieval", ("index_version", "query_embed_model")),
    ("guardrail", ("guardrail_policy_version",)),
    ("parser", ("parser_version",)),
    ("evaluator", ("judge_version", "judge_model")),
)
"""Columns whose new values are changes that nobody had to report (synthetic changes, catalogue 3.1)."""

EARLY = 0.35  # of what was collected: a baseline for troubles that come and go, or began before the hours next to the page
OTHERS = 4  # further moments at which checks are made; each costs a pass over all checks
APART = 900.0  # seconds between two moments that are worth two looks
NEW_SHARE = 0.01  # of the last hour's operations
BEFORE = 100  # operations without the value before it was first seen


def others(requests: Frame, ops: Ops, chosen: Chosen, now: float, start: float) -> tuple[Windows, ...]:
    """Windows around the other signals that moved, and around the first sight of new versions; the strongest first."""
    ts = requests.number("ts")
    moments = [(one.change.at, one.change.earliest) for one in chosen.moved]
    moments += [(at, at) for at in _first_sights(requests, ops, now, start)]
    taken = [chosen.change.at] if chosen.change is not None else []
    found: list[Windows] = []
    for at, earliest in moments:
        if len(found) == OTHERS or any(abs(at - other) < APART for other in taken) or at > now - CURRENT_MIN:
            continue
        taken.append(at)
        windows = _around(ts, at, earliest, now, start)
        if int(windows.baseline.holds(ts).sum()) >= BASELINE_MIN:
            found.append(windows)
    early = Interval(start, start + EARLY * (now - start))
    if chosen.change is None and int(early.holds(ts).sum()) >= BASELINE_MIN and early.end < chosen.windows.current.start - MARGIN:
        found.append(
            Windows(now, chosen.windows.current, early, "the earliest hours that were collected: what comes and goes has no onset")
        )
    return tuple(found)


def _first_sights(requests: Frame, ops: Ops, now: float, start: float) -> list[float]:
    """First sight of every new version that is in use in the last hour, by its share, the largest first."""
    sights: list[tuple[float, float]] = []
    columns = [(requests, "app_version"), *((ops[kind], name) for kind, names in VERSIONS if kind in ops for name in names)]
    for frame, name in columns:
        codes, ts = frame.text(name), frame.number("ts")
        if len(codes.values) < 2 or len(codes.values) > MANY:
            continue
        last = codes.recorded & (ts >= now - CURRENT)
        share = np.bincount(codes.codes[last], minlength=len(codes.values)) / max(1, int(last.sum()))
        first = np.full(len(codes.values), np.inf)
        np.minimum.at(first, codes.codes[codes.recorded], ts[codes.recorded])
        new = [int(code) for code in np.flatnonzero((share >= NEW_SHARE) & (first > start + MARGIN))]
        known = [code for code in new if int((codes.recorded & (ts < first[code])).sum()) >= BEFORE]
        sights += [(-float(share[code]), float(first[code])) for code in known]
    return [at for _, at in sorted(sights)]


def find(signal: Signal, ts: FloatArray, start: float, now: float) -> ChangePoint | None:
    """The lasting change of one signal over [start, now), at one-minute steps."""
    size = max(1, int(np.ceil((now - start) / STEP)))
    if signal.bad is not None and signal.seen is not None:
        bad, total = counts(ts, signal.bad, signal.seen, start, size)
        return onset(bad, total, start, STEP)
    if signal.value is None:
        return None
    ok = ~np.isnan(signal.value) & (signal.value > 0)
    slot = np.clip(((ts[ok] - start) // STEP).astype(np.int64), 0, size - 1)
    n = np.bincount(slot, minlength=size).astype(np.float64)
    total_log = np.bincount(slot, weights=np.log(signal.value[ok]), minlength=size)
    mean = np.divide(total_log, n, out=np.full(size, np.nan), where=n > 0)
    return onset_of_mean(mean, n, start, STEP)


def counts(ts: FloatArray, bad: BoolArray, seen: BoolArray, start: float, size: int, step: float = STEP) -> tuple[FloatArray, FloatArray]:
    """Per-bucket (bad, total) among the requests on which the signal can be seen."""
    slot = np.clip(((ts - start) // step).astype(np.int64), 0, size - 1)
    total = np.bincount(slot[seen], minlength=size).astype(np.float64)
    return np.bincount(slot[bad & seen], minlength=size).astype(np.float64), total


def _main(moved: tuple[Moved, ...], hints: tuple[str, ...]) -> Moved | None:
    """The signal the page most likely means, if it moved; else what moved most."""
    by_name = {one.signal.name: one for one in moved}
    return next((by_name[name] for name in hints if name in by_name), moved[0] if moved else None)


def _still(ts: FloatArray, now: float, start: float) -> Windows:
    current = _current(ts, now, now - CURRENT_MAX)
    end = current.start - MARGIN
    begin = max(start, end - BASELINE)
    return Windows(
        now, current, Interval(min(begin, end), end), "no lasting change found: the hour before the page against the hours before it"
    )


def _around(ts: FloatArray, at: float, earliest: float, now: float, start: float) -> Windows:
    current = _current(ts, now, at)
    end = min(earliest - MARGIN, current.start - MARGIN)
    baseline = Interval(max(start, end - BASELINE), max(start, end))
    why = "the hours before the onset (B1)"
    if int(baseline.holds(ts).sum()) < BASELINE_MIN:
        baseline = Interval(start, max(start, min(earliest, current.start)))
        why = "all that was collected before the onset: little more than that is there (B1, short)"
    return Windows(now, current, baseline, why)


def _current(ts: FloatArray, now: float, onset_at: float) -> Interval:
    """The last hour, never before the onset; a thin one is stretched back towards the onset."""
    begin = min(max(onset_at, now - CURRENT), now - CURRENT_MIN)
    while int(((ts >= begin) & (ts < now)).sum()) < THIN and begin > max(onset_at, now - CURRENT_MAX):
        begin = max(onset_at, now - CURRENT_MAX, begin - CURRENT / 2)
    return Interval(begin, now)
