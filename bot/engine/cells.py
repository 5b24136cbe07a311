"""Rates in cells: the same yes/no question asked of all rows, of each value of a few dimensions, and of slices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Codes, FloatArray, Frame
from bot.stats.dispersion import buckets, phi
from bot.stats.proportion import PropGates, prop
from bot.stats.slices import SliceGates, search
from bot.telemetry.canonical import OP_DIMS, REQUEST_DIMS

ORDER = (Grade.NA, Grade.OPPOSITE, Grade.NONE, Grade.WEAK, Grade.MODERATE, Grade.STRONG)
MIN_CELL = 20  # rows in C below which a cell is not looked at: nothing could be decided in it
SUSPICION = 1.0  # z over all rows below which no slice is searched: a broken 3 % slice moves 1,000 requests by more than this
NEARLY_ALL = 0.9  # of the bad rows in a cell for its name to be theirs
SMALLER = 0.8  # of the rows of another such cell: the only provider there is says less than the one tenant that is hit
MAX_ROWS = 20_000  # a check's slice search beyond this reads an even-spaced sample: it must stay within a tenth of a second


@dataclass(frozen=True)
class Rate:
    """The worst cell of a yes/no question: what was measured there, the cell's name, and its bad rows."""

    measured: Measured
    where: dict[str, str]
    bad: BoolArray
    cell: BoolArray


@dataclass(frozen=True)
class Asked:
    """A yes/no question over the rows of a frame."""

    frame: Frame
    bad: BoolArray
    among: BoolArray
    in_b: BoolArray
    in_c: BoolArray
    ts: FloatArray


def asked(evidence: Evidence, frame: Frame, bad: BoolArray, among: BoolArray | None = None) -> Asked:
    within = np.ones(frame.n, dtype=np.bool_) if among is None else among
    return Asked(frame, bad, within, evidence.baseline(frame) & within, evidence.current(frame) & within, frame.number("ts"))


def rate_in(question: Asked, evidence: Evidence, cell: BoolArray, gates: PropGates) -> Measured:
    """PROP inside one cell, with the cell's own dispersion in the baseline."""
    in_b, in_c = question.in_b & cell, question.in_c & cell
    spread = dispersion_of(question, evidence, in_b)
    return prop(float((question.bad & in_b).sum()), float(in_b.sum()), float((question.bad & in_c).sum()), float(in_c.sum()), spread, gates)


def dispersion_of(question: Asked, evidence: Evidence, in_b: BoolArray) -> float:
    base = evidence.windows.baseline
    if not in_b.any():
        return 1.0
    slot = buckets(question.ts[in_b], base.start, base.end)
    size = int(slot.max()) + 1
    total = np.bincount(slot, minlength=size).astype(np.float64)
    bad = np.bincount(slot, weights=question.bad[in_b].astype(np.float64), minlength=size).astype(np.float64)
    return phi(bad, total)


def better(a: Measured, b: Measured, sign: float = 1.0) -> bool:
    """Whether `a` is stronger evidence than `b`; `sign` -1 where what is looked for is a fall, whose z is negative."""
    rank = ORDER.index(a.grade) - ORDER.index(b.grade)
    return rank > 0 or (rank == 0 and sign * (a.z or 0.0) > sign * (b.z or 0.0))


def worst_value(question: Asked, evidence: Evidence, by: tuple[str, ...], gates: PropGates, best: Rate) -> Rate:
    """The value of one of the dimensions `by` where the question is worst, if worse than `best` or naming it more closely."""
    for name in by:
        codes = evidence.dim(question.frame, name)
        for code, value in enumerate(codes.values):
            cell = codes.codes == code
            if int((question.in_c & cell).sum()) < MIN_CELL:
                continue
            measured = rate_in(question, evidence, cell, gates)
            if better(measured, best.measured) or _names(measured, best, question, cell):
                best = Rate(measured, {name: value}, question.bad & cell, cell)
    return best


def _names(measured: Measured, best: Rate, question: Asked, cell: BoolArray) -> bool:
    """A cell as strong as the best one, that holds nearly all the bad rows, is the better name for them: of two such the smaller."""
    if ORDER.index(measured.grade) < ORDER.index(best.measured.grade):
        return False
    bad = question.bad & question.in_c
    if int(bad.sum()) == 0 or float((bad & cell).sum()) < NEARLY_ALL * float(bad.sum()):
        return False
    return not best.where or int((question.in_c & cell).sum()) <= SMALLER * int((question.in_c & best.cell).sum())


def dims_of(evidence: Evidence, frame: Frame, kind: str) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """Every dimension of the rows with enough coverage to slice by: the kind's own, the requests', flags and undeclared ones."""
    names = [*OP_DIMS.get(kind, ()), *REQUEST_DIMS, *sorted(own_names(evidence))]
    found: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
    for name in dict.fromkeys(names):
        codes = evidence.dim(frame, name)
        if usable(codes):
            found[name] = (codes.values, codes.codes)
    return found


def own_names(evidence: Evidence) -> set[str]:
    """Attributes with no canonical name, and feature flags, that the span engine found to look like dimensions."""
    from bot.telemetry.canonical import COLUMNS, IDENTITY

    return {
        name for name in evidence.seen.texts if name not in COLUMNS and name not in IDENTITY and name not in ("trace", "span", "parent")
    }


def usable(codes: Codes) -> bool:
    return len(codes.values) >= 2 and float(codes.recorded.mean()) >= 0.8


def worst_slice(question: Asked, evidence: Evidence, kind: str, gates: PropGates, best: Rate) -> Rate:
    """When all rows together show little: the slice where the question is much worse than in its own history."""
    dims = dims_of(evidence, question.frame, kind)
    rows = np.flatnonzero(question.in_b | question.in_c)
    if len(rows) > MAX_ROWS:
        rows = rows[np.linspace(0, len(rows) - 1, MAX_ROWS).astype(np.int64)]
    if not dims or len(rows) == 0:
        return best
    cut: Mapping[str, tuple[tuple[str, ...], np.ndarray]] = {name: (values, codes[rows]) for name, (values, codes) in dims.items()}
    found = search(question.bad[rows], None, question.in_b[rows], question.in_c[rows], cut, None, SliceGates())
    if not found:
        return best
    where = {one.dim: one.value for one in found[0].where}
    cell = cell_of(dims, where, question.frame.n)
    measured = rate_in(question, evidence, cell, gates)
    return Rate(measured, where, question.bad & cell, cell) if better(measured, best.measured) else best


def cell_of(dims: Mapping[str, tuple[tuple[str, ...], np.ndarray]], where: Mapping[str, str], n: int) -> BoolArray:
    cell = np.ones(n, dtype=np.bool_)
    for name, value in where.items():
        values, codes = dims[name]
        cell &= codes == values.index(value)
    return cell


def suspicious(measured: Measured, gates: PropGates) -> bool:
    return measured.grade not in (Grade.STRONG, Grade.NA) and (measured.z or 0.0) >= SUSPICION and gates.direction == "up"
