"""Aggregates made for one question: the paged signal over some of the requests, now and in the report's baseline.

They use the windows and the signal the report was made with, so that a fresh number and a reported one can stand side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bot.chat.told import Told
from bot.model.evidence import Evidence
from bot.model.frame import BoolArray, Codes, FloatArray
from bot.model.reply import Fresh
from bot.wording.figures import number, share
from bot.wording.literal import one_line

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "tenant": ("tenant",), "route": ("route",), "region": ("region",), "locale": ("locale",), "tool": ("tool",),
    "model": ("model_served", "model_requested"), "prompt_version": ("prompt_version",), "app_version": ("app_version",),
    "source_id": ("source_id",), "device_class": ("device_class",), "prompt_name": ("prompt_name",), "client": ("client",),
}  # fmt: skip
LEAST = 20  # requests below which a rate is told with a warning: a slice is decidable from about this many
FEW = "few requests, so read it with care"


@dataclass(frozen=True)
class Seen:
    """The paged signal over some requests: a share of bad ones, or a median where the signal is a number."""

    bad: int
    n: int
    before_bad: int
    before_n: int
    median: float | None = None
    before_median: float | None = None

    @property
    def rate(self) -> float:
        return self.bad / self.n if self.n else 0.0

    @property
    def before(self) -> float:
        return self.before_bad / self.before_n if self.before_n else 0.0

    @property
    def excess(self) -> float:
        return self.bad - self.before * self.n


def seen(evidence: Evidence, mask: BoolArray) -> Seen:
    now, then = evidence.in_current & mask, evidence.in_baseline & mask
    if evidence.bad is None and evidence.value is not None:
        return Seen(0, int(now.sum()), 0, int(then.sum()), _median(evidence.value[now]), _median(evidence.value[then]))
    return Seen(int((evidence.failing & now).sum()), int(now.sum()), int((evidence.failing & then).sum()), int(then.sum()))


def _median(values: FloatArray) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None


def everything(evidence: Evidence) -> BoolArray:
    return np.ones(evidence.seen.n, dtype=np.bool_)


def matching(evidence: Evidence, slots: Mapping[str, str]) -> tuple[BoolArray, tuple[str, ...]]:
    """The requests with all these values, and the slots that no span records at all."""
    mask, unknown = everything(evidence), []
    for slot, value in sorted(slots.items()):
        if slot not in COLUMNS:
            continue
        found = _with(evidence, slot, value)
        if found is None:
            unknown.append(slot)
        else:
            mask = mask & found
    return mask, tuple(unknown)


def _with(evidence: Evidence, slot: str, value: str) -> BoolArray | None:
    masks: list[BoolArray] = []
    for column in COLUMNS[slot]:
        if column in evidence.seen.texts:
            masks.append(evidence.seen.equals(column, value))
        frames = [frame for frame in evidence.ops.values() if column in frame.texts and column not in evidence.seen.texts]
        masks += [evidence.requests_with(frame, frame.equals(column, value)) for frame in frames]
    return np.logical_or.reduce(masks) if masks else None


def codes(evidence: Evidence, slot: str) -> tuple[Codes, str] | None:
    """A dimension of each request: its own column, else that of its first operation which has one."""
    for column in COLUMNS.get(slot, (slot,)):
        if column in evidence.seen.texts:
            return evidence.seen.texts[column], column
    for column in COLUMNS.get(slot, (slot,)):
        for kind in ("llm", "prompt", "retrieval", "tool"):
            frame = evidence.kind(kind)
            if column in frame.texts:
                rows = evidence.request_of(frame)
                held = np.flatnonzero((rows >= 0) & frame.texts[column].recorded)[::-1]
                spread = np.full(evidence.seen.n, -1, dtype=np.int64)
                spread[rows[held]] = frame.texts[column].codes[held]
                return Codes(frame.texts[column].values, spread), column
    return None


def rated(told: Told, evidence: Evidence, words: str, one: Seen) -> Fresh:
    """`tenant = acme: failed requests 12 % (30 of 250), was 1.2 % (9 of 750)` as an aggregate with an id."""
    signal = one_line(evidence.signal, 60)
    if one.median is not None or one.before_median is not None:
        claim = f"{words}: median of {signal} {number(_short(one.median))} over n {one.n:,}, was {number(_short(one.before_median))}"
        numbers: dict[str, float | int | str | None] = {"median": _short(one.median), "baseline_median": _short(one.before_median)}
    else:
        was = f", was {share(one.before)} ({one.before_bad:,} of {one.before_n:,})" if one.before_n else ", no requests in the baseline"
        claim = f"{words}: {signal} {share(one.rate)} ({one.bad:,} of {one.n:,}){was}" if one.n else f"{words}: no requests now{was}"
        numbers = {"rate": round(one.rate, 6), "bad": one.bad, "baseline_rate": round(one.before, 6), "baseline_bad": one.before_bad}
    numbers |= {"n": one.n, "baseline_n": one.before_n}
    windows = evidence.windows
    return told.fresh(claim, numbers, one.n, (windows.current, windows.baseline), words)


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def worst(evidence: Evidence, slot: str, most: int) -> tuple[tuple[str, Seen], ...]:
    """The values of one dimension with the most excess, worst first."""
    found = codes(evidence, slot)
    if found is None:
        return ()
    column, _ = found
    live = evidence.in_current & column.recorded
    counts = np.bincount(column.codes[live], minlength=len(column.values))
    largest = [int(at) for at in np.argsort(-counts, kind="stable")[:200] if counts[at]]  # one with no requests has no excess
    rows = [(column.values[at], seen(evidence, column.codes == at)) for at in largest]
    rows.sort(key=lambda row: (-row[1].excess, -row[1].n, row[0]))
    return tuple(rows[:most])
