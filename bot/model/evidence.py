"""All a check may look at: frames in two windows, changes, prompts, probes, metrics. No port, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bot.model.change import Change
from bot.model.frame import EMPTY, BoolArray, Codes, FloatArray, Frame, IntArray
from bot.model.page import Page


@dataclass(frozen=True)
class Interval:
    """Half-open [start, end), epoch seconds."""

    start: float
    end: float

    @property
    def minutes(self) -> float:
        return (self.end - self.start) / 60.0

    def holds(self, ts: FloatArray) -> BoolArray:
        return (ts >= self.start) & (ts < self.end)


@dataclass(frozen=True)
class Windows:
    """The current window C and the baseline B, and why that baseline (catalogue 2.3)."""

    now: float
    current: Interval
    baseline: Interval
    why: str = ""


@dataclass(frozen=True)
class Coverage:
    """Share of spans of a kind on which a column is recorded, and how many spans of that kind there are."""

    share: Mapping[tuple[str, str], float]  # (kind, column) -> 0..1
    spans: Mapping[str, int]  # kind -> spans
    one_in: int = 1  # one in how many traces was read; `spans` counts for all of them

    def of(self, kind: str, column: str) -> float:
        return self.share.get((kind, column), 0.0)


@dataclass(frozen=True)
class MetricSeries:
    """One series of one metric: epoch seconds and values."""

    name: str
    labels: Mapping[str, str]
    ts: FloatArray
    values: FloatArray


@dataclass(frozen=True)
class PromptText:
    name: str
    version: str
    text: str
    meta: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Probe:
    """One golden query: what it should find and what it found."""

    at: float
    query: str
    expected: tuple[str, ...]
    returned: tuple[str, ...]


@dataclass(frozen=True)
class Past:
    """An earlier incident of the same service."""

    closed_at: float
    cause: str
    layer: str


@dataclass(frozen=True)
class Evidence:
    """`None` = not collected, empty = collected and nothing there. Rows of every frame are sorted by (trace, span).

    requests: one row a trace; columns `ts`, `duration_ms`, `failed`, the dimensions, counts and sums (aggregates.requests).
    ops:      kind -> logical operations (retries folded); column `request` is the row in `requests`, -1 for an orphan.
    """

    page: Page
    service: str | None
    windows: Windows
    requests: Frame | None
    ops: Mapping[str, Frame] = field(default_factory=dict)
    coverage: Coverage = Coverage({}, {})
    changes: tuple[Change, ...] | None = None
    prompts: Mapping[str, tuple[PromptText, ...]] | None = None  # name -> versions in the order they were first used
    probes: tuple[Probe, ...] | None = None
    metrics: tuple[MetricSeries, ...] | None = None
    history: tuple[Past, ...] | None = None
    signal: str = "failed"  # the request-level signal the page is about, as the window step chose it
    bad: BoolArray | None = None  # requests that are bad by that signal; None for a signal that is a number
    value: FloatArray | None = None  # the paged signal per request, for one that is a number
    unseen: tuple[str, ...] = ()  # signals the page's words mean, when none of them is recorded
    moved: bool = False  # some signal changed for good
    onset: tuple[float, float] | None = None  # earliest and latest moment of that change, epoch seconds
    recovered: bool = False  # some signal changed within two hours of the page, and came back
    start: float = 0.0  # the earliest moment that was collected, epoch seconds
    origins: Mapping[str, Codes] = field(default_factory=dict)  # "kind", "name" and "fault" of each request's origin span

    @property
    def failing(self) -> BoolArray:
        """Requests that are bad by the paged signal; none when there is no such signal."""
        return self.bad if self.bad is not None else np.zeros(self.seen.n, dtype=np.bool_)

    @property
    def seen(self) -> Frame:
        """The requests, or no rows when traces were not collected."""
        return self.requests if self.requests is not None else EMPTY

    def kind(self, name: str) -> Frame:
        return self.ops.get(name, EMPTY)

    def current(self, frame: Frame) -> BoolArray:
        return self.windows.current.holds(frame.number("ts"))

    def baseline(self, frame: Frame) -> BoolArray:
        return self.windows.baseline.holds(frame.number("ts"))

    def request_of(self, frame: Frame) -> IntArray:
        """Row in `requests` of each row; the identity for `requests` itself."""
        if frame is self.requests:
            return np.arange(frame.n, dtype=np.int64)
        rows = frame.number("request")
        return np.where(np.isnan(rows), -1, rows).astype(np.int64)

    def dim(self, frame: Frame, name: str) -> Codes:
        """A dimension of each row: the row's own column, else its request's."""
        if name in frame.texts:
            return frame.texts[name]
        return self.seen.text(name).take(self.request_of(frame))

    def requests_with(self, frame: Frame, mask: BoolArray) -> BoolArray:
        """The requests that hold at least one of the marked rows."""
        marked = np.zeros(self.seen.n, dtype=np.bool_)
        rows = self.request_of(frame)[mask]
        marked[rows[rows >= 0]] = True
        return marked

    @cached_property
    def in_current(self) -> BoolArray:
        return self.current(self.seen)

    @cached_property
    def in_baseline(self) -> BoolArray:
        return self.baseline(self.seen)
