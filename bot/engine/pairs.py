"""Two dimensions that fail together though neither fails alone (PAIR of catalogue 0.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bot.engine.cells import asked
from bot.engine.words import percent
from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Frame
from bot.stats.pair import PairGates, pair

MIN_CELL = 20  # calls in the cell (catalogue 0.3)
MIN_BAD = 5
AT_MOST = 400  # cells looked at: prompts times models of one product


@dataclass(frozen=True)
class Pair:
    measured: Measured
    where: dict[str, str]
    cell: BoolArray
    said: str


def worst_pair(
    evidence: Evidence, ops: Frame, bad: BoolArray, dims: tuple[str, str], *, odds: float, excess: float, since: float | None = None
) -> Pair:
    """The cell with the strongest interaction that holds at least `excess` of all excess failures; `since`: in place of C's start."""
    question = asked(evidence, ops, bad)
    if since is not None:
        ts = ops.number("ts")
        question = replace(question, in_b=ts < since, in_c=(ts >= since) & (ts < evidence.windows.now))
    a, b = evidence.dim(ops, dims[0]), evidence.dim(ops, dims[1])
    none = Pair(Measured(test="PAIR", grade=Grade.NONE, n=int(question.in_c.sum())), {}, np.zeros(ops.n, dtype=np.bool_), "")
    now = question.in_c & a.recorded & b.recorded
    if not now.any():
        return Pair(Measured(test="PAIR", grade=Grade.NA, reason=f"no {dims[0]} with {dims[1]}"), {}, none.cell, "")
    if len(np.unique(a.codes[now])) < 2 or len(np.unique(b.codes[now])) < 2:
        return none
    cells, counts = np.unique(np.stack([a.codes[now & bad], b.codes[now & bad]]), axis=1, return_counts=True)
    best = none
    order = np.lexsort((cells[1], cells[0], -counts))[:AT_MOST]
    whole = _excess(question.in_b, question.in_c, bad, np.ones(ops.n, dtype=np.bool_))
    for i in order:
        in_a, in_b = a.codes == cells[0][i], b.codes == cells[1][i]
        cell = in_a & in_b
        if counts[i] < MIN_BAD or int((now & cell).sum()) < MIN_CELL:
            continue
        measured = pair(bad[now], in_a[now], in_b[now], PairGates(log_odds=odds))
        held = _excess(question.in_b, question.in_c, bad, cell) / whole if whole > 0 else 0.0
        if held < excess:
            continue
        if best.where == {} or (measured.z or 0.0) > (best.measured.z or 0.0):
            where = {dims[0]: a.values[int(cells[0][i])], dims[1]: b.values[int(cells[1][i])]}
            rest = float((bad & now & ~cell).sum()) / max(1, int((now & ~cell).sum()))
            said = f"{percent(float((bad & now & cell).sum()) / int((now & cell).sum()))} in the cell, {percent(rest)} outside it"
            numbers = {**measured.numbers, "excess_in_cell": round(held, 3)}
            best = Pair(measured.model_copy(update={"numbers": numbers}), where, cell, said)
    return best


def _excess(then: BoolArray, now: BoolArray, bad: BoolArray, cell: BoolArray) -> float:
    n_b, n_c = float((then & cell).sum()), float((now & cell).sum())
    base = float((bad & then & cell).sum()) / n_b if n_b else float((bad & then).sum()) / max(1.0, float(then.sum()))
    return max(0.0, float((bad & now & cell).sum()) - base * n_c)
