"""Rates that rose in a cell at a moment of the cell's own: one tool in one region fails for hours and moves no signal of the product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bot.engine.cells import Rate, better
from bot.engine.exam import Exam
from bot.model.evidence import Interval, Windows
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, FloatArray, Frame
from bot.stats.proportion import PropGates, prop

STRETCH = 5 * 3600.0  # seconds before the page that an onset may lie back: what is older has been paged about
RECENT = 600.0  # an onset nearer to the page has shown too little
CELLS = 60  # the cells with most bad rows are asked; others cannot be told from chance
MIN_BAD = 5.0  # after the onset, as everywhere
MIN_BEFORE = 30.0  # rows before it: fewer have no past
MIN_AFTER = 10.0
GAIN = 10.0  # log-likelihood a split must gain: half of what an onset over all requests must (catalogue 2.4: D >= 20)
NEAR = 900.0  # seconds, as between the windows of the page
GAIN_OF_ALL = 8.0  # where it is one series and not sixty
CLEAR = 3.5  # z of one of a handful of values: one of three hundred quiet pages shows one
HANDFUL = 12
SECOND_LOOK = 5.0  # z of a cell at a moment that was searched for: at four one page in ten would show one
STILL = 0.3  # of the risen rate must be there in the last third: what came back is over
PAIRED = ("region", "tenant", "locale", "route", "app_version", "zone", "namespace", "index_version")
WHY = "since this cell got worse, against all that was collected before"
MANY = 200  # values of a dimension beyond which it is an id


@dataclass(frozen=True)
class Since(Rate):
    """A rate, and the windows of its cell where they are not the page's."""

    windows: Windows | None = None


@dataclass(frozen=True)
class _Split:
    gain: float
    since: float
    before: tuple[float, float]  # bad, rows
    after: tuple[float, float]


def rate_since(
    exam: Exam, frame: Frame, bad: BoolArray, *, among: BoolArray | None = None, by: tuple[str, ...], gates: PropGates, kind: str
) -> Since:
    """`exam.rate`; where that shows nothing strong, the cell that got worse most at a moment of its own."""
    rate = exam.rate(frame, bad, among=among, by=by, gates=gates, kind=kind)
    best = Since(_worth(exam, frame, rate, by, gates), rate.where, rate.bad, rate.cell)
    if best.measured.grade is Grade.STRONG:
        return best
    clear = (Grade.STRONG,) if best.measured.grade is Grade.MODERATE else (Grade.STRONG, Grade.MODERATE)
    inside = np.ones(frame.n, dtype=np.bool_) if among is None else among
    ts, now = frame.number("ts"), exam.evidence.windows.now
    inside = inside & (ts >= exam.evidence.start) & (ts < now)
    found = best
    for where, cell in _cells(exam, frame, bad & inside, inside, by):
        split = _split(ts[cell], bad[cell], now, GAIN if where else GAIN_OF_ALL)
        if split is None or _of_the_page(exam, frame, cell, split, gates):
            continue
        measured = _measured(exam, frame, bad & cell & (ts >= split.since), split, gates)
        if measured.grade in clear and better(measured, found.measured):
            windows = Windows(now, Interval(split.since, now), Interval(exam.evidence.start, split.since), WHY)
            found = Since(measured, where, bad & cell, cell, windows)
    return found


def _worth(exam: Exam, frame: Frame, rate: Rate, by: tuple[str, ...], gates: PropGates) -> Measured:
    """A moderate rise in one of hundreds of slices is chance; in one of a handful of sources or tools a clear one is not."""
    handful = len(rate.where) == 1 and all(name in by and len(exam.dim(frame, name).values) <= HANDFUL for name in rate.where)
    wanted = gates.moderate_z if not rate.where else CLEAR if handful else gates.z
    requests, spread = _clumps(exam, frame, rate.bad & exam.current(frame))
    z = (rate.measured.z or 0.0) / float(np.sqrt(spread))
    if rate.measured.grade not in (Grade.STRONG, Grade.MODERATE):
        return rate.measured
    few = requests < gates.min_bad
    if z < wanted or (few and z < gates.z):
        return rate.measured.model_copy(update={"grade": Grade.WEAK})
    return rate.measured if z >= gates.z and not few else rate.measured.model_copy(update={"grade": Grade.MODERATE})


def _clumps(exam: Exam, frame: Frame, bad: BoolArray) -> tuple[int, float]:
    """(requests with a bad row, bad rows a request): several bad calls of one request are one misfortune."""
    rows = exam.evidence.request_of(frame)[bad]
    requests = len(np.unique(rows[rows >= 0])) + int((rows < 0).sum())
    return requests, max(1.0, float(bad.sum()) / max(1, requests))


def _of_the_page(exam: Exam, frame: Frame, cell: BoolArray, split: _Split, gates: PropGates) -> bool:
    """Whether the moment is the page's own and the cell large enough to have been asked in its windows: asked twice, limits would blur."""
    near = abs(split.since - exam.evidence.windows.current.start) <= NEAR
    enough = float((cell & exam.current(frame)).sum()) >= gates.n_current and float((cell & exam.baseline(frame)).sum()) >= gates.n_baseline
    return near and enough


def _cells(exam: Exam, frame: Frame, bad: BoolArray, inside: BoolArray, by: tuple[str, ...]) -> Iterator[tuple[dict[str, str], BoolArray]]:
    """All rows, the values of each dimension, and pairs of the first of `by` with a dimension of the request: those with most bad rows."""
    yield {}, inside
    names: list[tuple[str, ...]] = [(one,) for one in dict.fromkeys((*by, *PAIRED))]
    names += [(by[0], other) for other in PAIRED if other != by[0]]
    found: list[tuple[int, int, tuple[int, ...]]] = []
    for place, pair in enumerate(names):
        dims = [exam.dim(frame, name) for name in pair]
        if any(not len(one.values) or len(one.values) > MANY for one in dims):
            continue
        key = np.zeros(frame.n, dtype=np.int64)
        known = bad.copy()
        for one in dims:
            known &= one.recorded
            key = key * (len(one.values) + 1) + np.maximum(one.codes, 0)
        values, count = np.unique(key[known], return_counts=True)
        for value, n in zip(values.tolist(), count.tolist(), strict=True):
            if n >= MIN_BAD:
                code = (value,) if len(dims) == 1 else divmod(value, len(dims[1].values) + 1)
                found.append((-n, place, code))
    for _, place, code in sorted(found)[:CELLS]:
        pair = names[place]
        cell = inside.copy()
        for name, value in zip(pair, code, strict=True):
            cell &= exam.dim(frame, name).codes == value
        yield {name: exam.dim(frame, name).values[value] for name, value in zip(pair, code, strict=True)}, cell


def _split(ts: FloatArray, bad: BoolArray, now: float, wanted: float) -> _Split | None:
    """The bad row from which on the rate is most unlike before, if it stayed there."""
    order = np.lexsort((~bad, ts))
    at, x = ts[order], bad[order].astype(np.float64)
    n, total = float(len(x)), float(x.sum())
    if total < MIN_BAD:
        return None
    sum_before = np.r_[0.0, np.cumsum(x)[:-1]]
    size = np.arange(len(x), dtype=np.float64)
    ok = (x > 0) & (size >= MIN_BEFORE) & (n - size >= MIN_AFTER) & (at >= now - STRETCH) & (at <= now - RECENT)
    ok &= total - sum_before >= MIN_BAD
    rows = np.flatnonzero(ok)
    if len(rows) == 0:
        return None
    k_b, n_b = sum_before[rows], size[rows]
    k_c, n_c = total - k_b, n - n_b
    gain = _loglik(k_b, n_b) + _loglik(k_c, n_c) - float(_loglik(np.array([total]), np.array([n]))[0])
    gain = np.where(k_c / n_c > k_b / n_b, gain, 0.0)
    best = int(np.argmax(gain))
    last = x[int(rows[best]) + int(2 * n_c[best] // 3) :]
    if gain[best] < wanted or float(last.mean()) < STILL * float(k_c[best] / n_c[best]):
        return None
    counts = (float(k_b[best]), float(n_b[best])), (float(k_c[best]), float(n_c[best]))
    return _Split(float(gain[best]), float(at[rows[best]]), *counts)


def _loglik(k: FloatArray, n: FloatArray) -> FloatArray:
    """Of a binomial at its own rate."""
    p = np.clip(k / np.maximum(n, 1.0), 1e-12, 1 - 1e-12)
    return np.asarray(k * np.log(p) + (n - k) * np.log1p(-p), dtype=np.float64)


def _measured(exam: Exam, frame: Frame, bad: BoolArray, split: _Split, gates: PropGates) -> Measured:
    """PROP about the moment, in requests' worth of rows."""
    requests, spread = _clumps(exam, frame, bad)
    wanted = gates.model_copy(update={"z": SECOND_LOOK, "moderate_z": gates.z, "n_current": MIN_AFTER, "n_baseline": MIN_BEFORE})
    measured = prop(*split.before, *split.after, spread, wanted)
    return measured if requests >= MIN_BAD else measured.model_copy(update={"grade": Grade.WEAK})
