"""A prompt's fixed part grew.

## Looks at
System or template tokens of a new version against those before it, and per prompt, with mid-ranks, since they are nearly constant.
Where nobody counts them: the smallest inputs of a new version, which are little more than the fixed part.

## Why it matters
Every request pays for it, the first token comes later, and dynamic text early in it breaks the provider's cache.

## Stays quiet when
The fixed part is within a third of its past, or only the larger inputs grew.

## Told apart from
cost.context_growth (documents or history grew), cost.cache_collapse (same tokens, fewer cached).
"""

import math

import numpy as np
from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.editions import Edition, editions
from bot.engine.exam import Exam
from bot.engine.moving import Moved, compared, high, moved
from bot.engine.needs import need
from bot.engine.questions import PASSED
from bot.engine.words import name, times
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.frame import FloatArray, Frame
from bot.model.value import Limits as Base
from bot.stats.location import LocGates

FIXED = ("system_tokens", "components_system", "prompt_render_chars")  # the closest to what every call pays for first
BY = (("prompt_name",), ("prompt_version",), ("route",), ("prompt_name", "tenant"), ("route", "tenant"), ("prompt_name", "region"))
FLOOR = 0.10  # quantile of the inputs that is nearly the fixed part alone: little was asked, nothing was found
GROWN = 0.8  # of the typical growth that the floor must show as well: what only large inputs gained is no fixed part


class Limits(Base):
    size: LocGates = Field(
        default=LocGates(theta=0.15, log_ratio=math.log(1.3), n=20, direction="up")
    )  # edits add a line; a third more is a section
    part: LocGates = Field(default=LocGates(theta=0.15, log_ratio=math.log(1.3), n=20, direction="up"))  # as of cost.context_growth


@check(need("llm", "system_tokens", "components_system", "prompt_render_chars", "tokens_input"), prior=3, limits=Limits)
def bloat(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    column = next((one for one in FIXED if exam.sees("llm", one)), "")
    size = ops.number(column or "tokens_input")
    best, edition = _worst(exam, ops, size, limits, with_cells=bool(column))
    if best is None:
        exam.require("fixed part of the prompt", Signal.TOKENS, exam.not_recorded("llm", "system_tokens"))
        return exam.conclude("")
    measured = best.measured if column else _floor(size, best)
    exam.require("fixed part of the prompt", Signal.TOKENS, measured)
    if edition is not None:
        exam.support("a new prompt version", Signal.CHANGE, edition.novelty())
    else:
        known = next((one for one in ("prompt_version", "prompt_hash") if exam.sees("llm", one)), None)
        if known is not None:
            exam.support("a new prompt version", Signal.CHANGE, exam.novelty(ops, known, among=best.cell))
    if not column:
        exam.against("documents or history", Signal.FORM, _context(exam, ops, best, limits.part))
    exam.affects(ops, high(size, best.then, best.cell))
    exam.cell(best.where)
    return exam.conclude(f"the fixed part of {name(best.where, 'every prompt')} grew: {times(measured)}, in tokens")


def _worst(exam: Exam, ops: Frame, size: FloatArray, limits: Limits, with_cells: bool) -> tuple[Moved | None, Edition | None]:
    """The new version whose calls grew most, else the cell; without a count of the fixed part only a version can tell."""
    best: Moved | None = None
    edition: Edition | None = None
    for one in editions(exam, ops):
        measured = compared(exam, ops, size, one.before, one.new, limits.size)
        if best is None or better(measured, best.measured):
            best, edition = Moved(measured, one.where, one.new, one.before, one.new), one
    if not with_cells:
        return best, edition
    cell = moved(exam, ops, size, by=BY, gates=limits.size)
    if best is not None and (best.measured.grade in PASSED or not better(cell.measured, best.measured)):
        return best, edition
    return cell, None


def _floor(size: FloatArray, best: Moved) -> Measured:
    """The growth of whole inputs, when the smallest of them grew nearly as much."""
    then, now = size[best.then & ~np.isnan(size)], size[best.now & ~np.isnan(size)]
    if best.measured.grade not in PASSED or len(then) == 0 or len(now) == 0:
        return best.measured
    low_then, low_now = float(np.quantile(then, FLOOR)), float(np.quantile(now, FLOOR))
    added, typical = low_now - low_then, float(np.median(now)) - float(np.median(then))
    grade = best.measured.grade if added >= GROWN * typical > 0 else Grade.NONE
    numbers = {**best.measured.numbers, "smallest_baseline": round(low_then, 1), "smallest_current": round(low_now, 1)}
    return best.measured.model_copy(update={"grade": grade, "numbers": numbers})


def _context(exam: Exam, ops: Frame, best: Moved, gates: LocGates) -> Measured:
    """Whether the same calls carry more documents or a longer history: then it is not the prompt that grew."""
    retrieval = exam.ops("retrieval")
    owner, found = exam.evidence.request_of(retrieval), exam.nothing(ops)
    rows = []
    for side in (best.then, best.now):
        marked = exam.evidence.requests_with(ops, side)
        rows.append((owner >= 0) & marked[np.maximum(owner, 0)] if len(marked) else np.zeros(retrieval.n, dtype=np.bool_))
    parts = [compared(exam, retrieval, retrieval.number("n_returned"), rows[0], rows[1], gates)]
    columns = ("history_turns", "components_history", "components_retrieval")
    parts += [compared(exam, ops, ops.number(one), best.then, best.now, gates) for one in columns]
    for part in parts:
        found = part if better(part, found) else found
    return found
