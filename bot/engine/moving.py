"""Numbers that moved in a cell, against the cell's own past: of all its rows, or of a part of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import numpy as np

from bot.engine.cells import better
from bot.engine.clumping import clumped
from bot.engine.exam import Exam
from bot.engine.questions import PASSED
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, FloatArray, Frame
from bot.stats.location import LocGates, location
from bot.stats.proportion import PropGates, prop

HOUR = 3600.0
MARGIN = 900.0  # between the two sides of a stretched window, as between the windows of the page
STRETCH = 4.5  # hours back that a thin cell may be looked at: a fault that is paged about is seldom older
FEW = 50  # rows of a cell in C below which its window is stretched back
TAIL = 0.95  # quantile of a cell's past beyond which a value is high
PART = PropGates(floor=0.10, ratio=2.0, n_current=30, n_baseline=50)  # a tenth of the rows beyond what a twentieth used to pass
SOME = 0.4  # of the typical ratio that all rows together must show where only a part of them moved
CELLS = 150  # cells of one question: prompts times tenants of one product; the largest first
SECOND_LOOK = 5.0  # z of a small cell among many: at four, one page in ten would show one
CLEARER = 0.08  # of P(C > B) that a cell must show more than what contains it, to be the better name
CLEARER_RATE = 1.3  # times the effect, where it is a rate that rose
NEARLY_ALL = 0.85  # of the moved mass
SMALL = 0.3  # of the rows: what is larger is not one of very many cells


@dataclass(frozen=True)
class Moved:
    """What was measured, the cell's name, its rows, and the rows of the two windows that were compared."""

    measured: Measured
    where: dict[str, str]
    cell: BoolArray
    then: BoolArray
    now: BoolArray


def compared(exam: Exam, frame: Frame, values: FloatArray, then: BoolArray, now: BoolArray, gates: LocGates) -> Measured:
    """LOC of the rows `now` against `then`, its z divided by the clumps; where only a part of them moved, the share of high values."""
    known = ~np.isnan(values)
    then, now = then & known, now & known
    if min(int(then.sum()), int(now.sum())) < gates.n:
        return location(values[then], values[now], 1.0, gates)
    phi = clumped(exam.evidence, frame, values, then, now)
    whole = location(values[then], values[now], phi, gates)
    if whole.grade is Grade.STRONG or gates.direction != "up":
        return whole
    part = _part(values[then], values[now], phi, gates)
    return part if part.grade in PASSED and better(part, whole) else whole


def _part(b: FloatArray, c: FloatArray, phi: float, gates: LocGates) -> Measured:
    """A ramp half way up, or one tenant of a route: the median stands still while a third of the values are far beyond their past."""
    limit = float(np.quantile(b, TAIL))
    measured = prop(float((b > limit).sum()), float(len(b)), float((c > limit).sum()), float(len(c)), phi, PART)
    before, after = float(b.mean()), float(c.mean())
    ratio = after / before if before > 0 else float("inf") if after > 0 else 1.0
    far = float(np.median(c[c > limit])) if bool((c > limit).any()) else 0.0
    enough = far >= np.exp(gates.log_ratio) * float(np.median(b)) and ratio >= np.exp(SOME * gates.log_ratio)
    grade = measured.grade if enough else Grade.NONE
    grade = Grade.MODERATE if grade is Grade.STRONG and ratio < np.exp(gates.log_ratio) else grade
    numbers = {**measured.numbers, "ratio": round(min(ratio, 1e6), 4), "mean_baseline": round(before, 4), "mean_current": round(after, 4)}
    return measured.model_copy(update={"test": "LOC", "grade": grade, "numbers": numbers, "effect": float(np.log(max(ratio, 1e-6)))})


def moved(
    exam: Exam, frame: Frame, values: FloatArray, *, by: tuple[tuple[str, ...], ...], gates: LocGates, among: BoolArray | None = None
) -> Moved:
    """The cell in which a number moved most: all rows, every value of each of `by`, and every pair of values where one names two."""
    inside = ~np.isnan(values) if among is None else ~np.isnan(values) & among
    now, then = exam.current(frame) & inside, exam.baseline(frame) & inside
    best = Moved(compared(exam, frame, values, then, now, gates), {}, inside, then, now)
    total = max(1, int(now.sum()))
    for where, cell in cells(exam, frame, by, inside):
        for mine_then, mine_now in windows_of(exam, frame, cell, then, now):
            if not _promising(values[mine_then], values[mine_now], gates):
                continue  # most cells: ranks of every one would cost more than all other checks
            measured = compared(exam, frame, values, mine_then, mine_now, gates)
            if (
                measured.grade in PASSED
                and int((cell & now).sum()) < SMALL * total
                and abs(measured.z or 0.0) < (SECOND_LOOK if crowded(where) else gates.z)
            ):
                measured = measured.model_copy(update={"grade": Grade.WEAK})
            if better(measured, best.measured, -1.0 if gates.direction == "down" else 1.0) or _names(measured, best.measured):
                best = Moved(measured, where, cell, mine_then, mine_now)
    return best


def _promising(b: FloatArray, c: FloatArray, gates: LocGates) -> bool:
    """Whether a mean or a median moved by enough for any test to pass."""
    if len(b) < 2 or len(c) < 2:
        return False
    low, high = (b, c) if gates.direction == "up" else (c, b)
    least = float(np.exp(SOME * gates.log_ratio))
    return any(float(of(high)) >= least * float(of(low)) for of in (np.mean, np.median))


def _names(one: Measured, best: Measured) -> bool:
    """Whether a cell as strong as the best holds nearly all of what moved there: then it is the better name for it."""
    if one.grade not in PASSED or one.grade is not best.grade:
        return False
    theta, whole = (measured.numbers.get("theta") for measured in (one, best))
    if not isinstance(theta, float) or not isinstance(whole, float):
        return False
    apart, all_apart = abs(theta - 0.5), abs(whole - 0.5)
    return apart >= all_apart + CLEARER and one.n * apart >= NEARLY_ALL * best.n * all_apart


def crowded(where: dict[str, str]) -> bool:
    """Whether a cell is one of very many: a pair of values, or a tenant."""
    return len(where) > 1 or "tenant" in where


def windows_of(exam: Exam, frame: Frame, cell: BoolArray, then: BoolArray, now: BoolArray) -> list[tuple[BoolArray, BoolArray]]:
    """(B, C) of a cell: the page's; and in a thin cell also a C that reaches back until it holds enough, and B before it.

    Never past an onset. Both are looked at: the longer one has the rows, the shorter one is not diluted by hours before the fault.
    """
    ts, pages = frame.number("ts"), (cell & then, cell & now)
    end, begin = exam.evidence.windows.now, exam.evidence.windows.current.start
    earliest = end - STRETCH * HOUR
    if exam.evidence.moved and exam.evidence.onset is not None:
        earliest = max(earliest, exam.evidence.onset[0])
    rows = cell & (ts < end)
    while int((rows & (ts >= begin)).sum()) < FEW and begin - HOUR / 2 >= earliest:
        begin -= HOUR / 2
    if begin >= exam.evidence.windows.current.start:
        return [pages]
    before = min(begin - MARGIN, exam.evidence.windows.baseline.end) if exam.evidence.moved else begin - MARGIN
    return [pages, (rows & (ts < before), rows & (ts >= begin))]


def cells(
    exam: Exam, frame: Frame, by: Iterable[tuple[str, ...]], inside: BoolArray, least: int = 5
) -> list[tuple[dict[str, str], BoolArray]]:
    """Named cells with at least `least` rows in C, the largest first, at most CELLS of them."""
    now = exam.current(frame) & inside
    found: list[tuple[int, dict[str, str], BoolArray]] = []
    for names in by:
        codes = [exam.dim(frame, name) for name in names]
        if any(len(one.values) == 0 for one in codes):
            continue
        common = [np.flatnonzero(np.bincount(one.codes[now & one.recorded], minlength=len(one.values)) >= least) for one in codes]
        for combination in product(*(one.tolist() for one in common)):
            cell = inside.copy()
            for one, code in zip(codes, combination, strict=True):
                cell &= one.codes == code
            n = int((cell & now).sum())
            if n >= least and n < int(now.sum()):
                found.append((n, {name: one.values[code] for name, one, code in zip(names, codes, combination, strict=True)}, cell))
            elif n >= least and len(names) == 1:
                found.append((n, {names[0]: codes[0].values[combination[0]]}, cell))
    found.sort(key=lambda one: (-one[0], sorted(one[1].items())))
    return [(where, cell) for _, where, cell in found[:CELLS]]


def high(values: FloatArray, then: BoolArray, cell: BoolArray) -> BoolArray:
    """Rows of a cell beyond the 95th percentile of the past it was compared with: what a moved number means per request."""
    past = values[then & ~np.isnan(values)]
    if len(past) == 0:
        return np.zeros(len(values), dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        return np.asarray(cell & (values > np.quantile(past, TAIL)), dtype=np.bool_)
