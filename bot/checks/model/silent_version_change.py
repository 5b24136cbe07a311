"""The alias points to another model than yesterday.

## Looks at
A served model or system fingerprint never seen before under the same requested model, and whether answers changed form at the same time.

## Why it matters
Tone, length, format and refusals move over all prompts at once, and nobody deployed.

## Stays quiet when
Every served model and fingerprint was seen before, or nothing about the answers changed and its first sight is not the page's onset.

## Told apart from
model.fallback_engaged (a known model, after errors), prompt.contract_break (one prompt, new version), telemetry.judge_drift
(only scores move).
"""

import math

from pydantic import Field

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.failing import failed
from bot.engine.forms import behaviour
from bot.engine.needs import need
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.value import Limits as Base
from bot.stats.location import LocGates
from bot.stats.novel import NovelGates
from bot.stats.proportion import PropGates


class Limits(Base):
    novel: NovelGates = Field(default=NovelGates())
    length: LocGates = Field(default=LocGates(log_ratio=math.log(1.15), direction="both"))  # another model writes visibly longer or shorter
    failing: PropGates = Field(default=PropGates(floor=0.02))  # of all calls: then it is a fallback, not an alias
    near: float = 900.0  # seconds between the page's onset and the first sight, as for every novelty
    alone: float = 0.6  # of confidence where nothing but the time says that the new model did it
    signs: int = 2  # behaviours that must have moved with it for a strong answer


@check(need("llm", "model_served", "fingerprint"), prior=4, limits=Limits)
def silent_version_change(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    column = "model_served" if exam.sees("llm", "model_served") else "fingerprint"
    seen = exam.novelty(ops, column, gates=limits.novel)
    if column == "model_served" and exam.sees("llm", "fingerprint") and seen.grade.value in ("none", "weak", "na"):
        column, seen = "fingerprint", exam.novelty(ops, "fingerprint", gates=limits.novel)
    value = str(seen.numbers.get("value") or "")
    mine = ops.equals(column, value) if value else ops.equals(column)
    asked_before = exam.asked_before(ops, mine)
    exam.require(f"a {column.replace('_', ' ')} never seen before", Signal.CHANGE, seen if asked_before else exam.nothing(ops))
    form = behaviour(exam, ops, mine, limits.length, limits.signs)
    if form.grade is Grade.NONE and _began_with_the_page(exam, seen, limits.near):
        exam.cap(limits.alone)  # tone and correctness leave no trace in any form that is recorded
        form = form.model_copy(update={"grade": Grade.MODERATE})
    exam.require("behaviour of the answers", Signal.FORM, form)
    exam.against("failed calls before it", Signal.ORIGIN, exam.rate(ops, failed(ops), gates=limits.failing, slices=False).measured)
    exam.affects(ops, mine)
    exam.cell({column: value} if value else {})
    return exam.conclude(
        f"{value or 'another model'} answers under an alias that used to mean another: {seen.numbers.get('share')} of calls"
    )


def _began_with_the_page(exam: Exam, seen: Measured, near: float) -> bool:
    """Whether a value was first seen when the paged signal changed. In windows around its own first sight that would say nothing."""
    onset, first = exam.evidence.onset, seen.numbers.get("first_seen")
    if not exam.evidence.moved or onset is None or onset[1] <= onset[0] or not isinstance(first, int | float):
        return False
    return onset[0] - near <= first <= onset[1] + near
