"""Answers come out garbled or in a language nobody asked for, on a part of the serving fleet.

## Looks at
Language other than the input's, repetition, invalid characters; per endpoint, region and service tier.

## Why it matters
A small share, sticky by session, with contradictory reports; benchmarks miss it.

## Stays quiet when
The share is within half a point or five times its past, or a prompt version, a prompt or one locale explains more of it than any part of
the serving fleet.

## Told apart from
prompt.locale_regression (one locale and prompt version), model.decode_slowdown (slow, not wrong).
"""

import numpy as np
from pydantic import Field

from bot.engine.cells import Rate
from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.questions import PASSED
from bot.engine.versions import new_version
from bot.engine.words import name, share
from bot.model.finding import Examination, Signal
from bot.model.frame import BoolArray, Frame
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.005, ratio=5.0))  # hardly ever happens at rest
    holds: float = 0.6  # of the excess in one place for it to be about that place: locale, prompt, endpoint, region
    whole: float = 0.9  # of the calls: a part as large as that is no part
    beside: float = 0.25  # of its due excess that a part must show outside a locale or prompt: less, and it is theirs
    due: float = 5.0  # bad answers that must be due there for their absence to say anything
    repeat: float = 0.3  # share of repeated text from which an answer is a loop


FLEET = ("server_address", "region", "zone", "pod", "service_tier", "model_served", "provider")
OURS = ("locale", "input_lang", "prompt_name")


@check(need("llm", "output_lang", "output_repeat_ratio", "output_invalid_utf8"), prior=2, limits=Limits)
def output_corruption(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    other = _other_language(exam, ops)
    if other is None and not exam.sees("llm", "output_repeat_ratio") and not exam.sees("llm", "output_invalid_utf8"):
        exam.require("garbled or wrong-language answers", Signal.FORM, exam.not_recorded("llm", "input_lang"))
        return exam.conclude("")
    garbled = (ops.number("output_repeat_ratio") > limits.repeat) | ops.true("output_invalid_utf8")
    garbled = garbled if other is None else garbled | other
    worst = exam.rate(ops, garbled, by=FLEET, gates=limits.gates, kind="llm")
    part = _part(exam, ops, garbled, limits)
    ours = _ours(exam, ops, garbled, part, limits)
    if part is not None and part.measured.grade is worst.measured.grade:
        worst = part  # the part that holds the most is the better name than the one where it is densest
    exam.require("garbled or wrong-language answers", Signal.FORM, exam.nothing(ops) if ours else worst.measured)
    exam.affects(ops, garbled)
    exam.cell(worst.where)
    return exam.conclude(f"answers of {name(worst.where, 'some calls')} are garbled or in the wrong language: {share(worst.measured)}")


def _other_language(exam: Exam, ops: Frame) -> BoolArray | None:
    """Calls answered in another language than they were asked in; the locale stands in where nobody records the question's."""
    out = ops.text("output_lang")
    into = ops.text("input_lang") if exam.sees("llm", "input_lang") else exam.dim(ops, "locale")
    if not exam.sees("llm", "output_lang") or not into.recorded.any():
        return None
    spoken = sorted({_language(value) for value in (*out.values, *into.values)})
    codes = [np.array([spoken.index(_language(value)) for value in one.values] + [-1], dtype=np.int64)[one.codes] for one in (out, into)]
    other: BoolArray = (codes[0] >= 0) & (codes[1] >= 0) & (codes[0] != codes[1])
    return other


def _language(value: str) -> str:
    """`en-IN`, `en_US` -> `en`."""
    return value.replace("_", "-").split("-")[0].casefold()


def _part(exam: Exam, ops: Frame, garbled: BoolArray, limits: Limits) -> Rate | None:
    """The part of the serving fleet that holds the most of the excess, where one holds it alone."""
    now = exam.current(ops)
    found = (exam.worst_of(ops, garbled, by, limits.gates) for by in FLEET)
    parts = [one for one in found if one.where and int((one.cell & now).sum()) <= limits.whole * int(now.sum())]
    parts = [one for one in parts if exam.alone(ops, garbled, one.cell, limits.holds)]
    return max(parts, key=lambda one: (round(exam.excess_held(ops, garbled, one.cell), 2), -int(one.cell.sum()))) if parts else None


def _ours(exam: Exam, ops: Frame, garbled: BoolArray, part: Rate | None, limits: Limits) -> bool:
    """Whether a new prompt version, a locale or a prompt holds the excess, and explains it better than a part of the fleet does.

    Languages live in regions: a broken endpoint of one region lies mostly in one locale. What each has beside the other decides.
    """
    cells = []
    version = new_version(exam, ops, garbled, np.ones(ops.n, dtype=np.bool_))
    if version is not None and version[0].grade in PASSED:
        cells.append(version[1])
    found = (exam.worst_of(ops, garbled, by).cell for by in OURS)
    cells += [cell for cell in found if exam.alone(ops, garbled, cell, limits.holds)]
    if part is None:
        return bool(cells)
    return any(_explains_better(exam, ops, garbled, cell, part.cell, limits) for cell in cells)


def _explains_better(exam: Exam, ops: Frame, garbled: BoolArray, ours: BoolArray, part: BoolArray, limits: Limits) -> bool:
    """Whether a locale, prompt or version shows its due beside a part of the fleet, or the part shows hardly any beside it."""
    here, there = _beside(exam, ops, garbled, ours, part), _beside(exam, ops, garbled, part, ours)
    if here > max(limits.beside, there):
        return True
    now = exam.current(ops)
    due = float((now & part & ~ours).sum()) / max(1.0, float((now & part).sum())) * float((garbled & now & part).sum())
    return there < limits.beside and due >= limits.due


def _beside(exam: Exam, ops: Frame, garbled: BoolArray, cell: BoolArray, other: BoolArray) -> float:
    """Excess in a cell outside another, in units of what there would be were the whole cell alike; 0 where nothing of it lies outside."""
    now = exam.current(ops) & cell
    outside = float((now & ~other).sum()) / max(1.0, float(now.sum()))
    due = outside * exam.excess_held(ops, garbled, cell)
    return exam.excess_held(ops, garbled, cell & ~other) / due if due > 0 else 0.0
