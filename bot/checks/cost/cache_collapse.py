"""The provider's prompt cache stopped hitting.

## Looks at
Calls that read next to nothing from cache, and the share of their input that calls read from it, per prompt; input size as control.

## Why it matters
A date or a user name early in the prefix makes every request pay in full, and the first token comes later.

## Stays quiet when
The cached share keeps its level, or inputs themselves grew.

## Told apart from
prompt.bloat (more tokens), infra.cache_wrong_hit (another cache).
"""

import numpy as np
from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.editions import editions
from bot.engine.exam import Exam
from bot.engine.moving import Moved, compared, moved
from bot.engine.needs import need
from bot.engine.questions import PASSED, TAIL
from bot.engine.rising import compared_rate, risen
from bot.engine.words import name
from bot.model.finding import Examination, Signal
from bot.model.frame import BoolArray, FloatArray, Frame
from bot.model.value import Limits as Base
from bot.stats.location import LocGates
from bot.stats.proportion import PropGates

BY = (
    ("prompt_name",),
    ("prompt_version",),
    ("region",),
    ("model_served",),
    ("route",),
    ("prompt_name", "tenant"),
    ("prompt_name", "region"),
)


class Limits(Base):
    missed: PropGates = Field(
        default=PropGates(floor=0.15, ratio=1.5, n_current=20)
    )  # calls with next to nothing cached: idle hours miss some
    cached: float = 0.2  # of the input read from cache from which a call counts as a hit
    level: LocGates = Field(default=LocGates(theta=0.15, log_ratio=0.4, direction="down"))  # a third less: the prefix breaks half way
    grown: LocGates = Field(default=LocGates(theta=0.15, log_ratio=0.26, direction="up"))  # the same prefix of a third more input


@check(need("llm", "tokens_cache_read"), need("llm", "tokens_input"), prior=3, limits=Limits)
def cache_collapse(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    size = ops.number("tokens_input")
    read = ops.number("tokens_cache_read") / _usual(exam, ops, size)
    known = ~np.isnan(read)
    missed = known & (read < limits.cached)
    worst = _missing(exam, ops, missed, known, limits.missed)
    fallen = worst if worst.measured.grade in PASSED else moved(exam, ops, read, by=BY, gates=limits.level)
    if worst.measured.grade in PASSED or fallen.measured.grade not in PASSED:
        exam.require("calls that missed the prompt cache", Signal.TOKENS, worst.measured)
        best, bad = worst, missed
        hit, was = (1.0 - float(worst.measured.numbers.get(key) or 0.0) for key in ("rate", "baseline_rate"))
        said = f"hits {hit:.0%} of calls, it was {was:.0%}"
    else:
        exam.require("share of the input read from cache", Signal.TOKENS, fallen.measured)
        best = fallen
        bad = best.cell & known & (read < np.quantile(read[best.then & known], 1 - TAIL))
        now, was = (float(fallen.measured.numbers.get(key) or 0.0) for key in ("median_current", "median_baseline"))
        said = f"covers {now:.0%} of a call's input, it was {was:.0%}"
    if exam.sees("llm", "system_hash"):
        exam.support("fixed parts never seen before", Signal.CHANGE, exam.novelty(ops, "system_hash", among=best.then | best.now))
    exam.against("inputs grew", Signal.TOKENS, compared(exam, ops, size, best.then, best.now, limits.grown))
    exam.affects(ops, bad)
    exam.cell(best.where)
    return exam.conclude(f"the prompt cache of {name(best.where, 'all prompts')} {said}")


def _usual(exam: Exam, ops: Frame, size: FloatArray) -> FloatArray:
    """Input of each call, at most what is usual for its prompt: what documents add was never cached, and makes no prefix miss."""
    names = next(
        (codes for codes in (exam.dim(ops, one) for one in ("prompt_name", "route")) if len(codes.values)), ops.text("prompt_name")
    )
    usual = np.where(size > 0, size, np.nan)
    for code in range(-1, len(names.values)):
        mine = names.codes == code
        past = size[mine & exam.baseline(ops) & (size > 0)]
        if len(past):
            usual[mine] = np.minimum(usual[mine], float(np.median(past)))
    return usual


def _missing(exam: Exam, ops: Frame, missed: BoolArray, known: BoolArray, gates: PropGates) -> Moved:
    """The cell whose calls miss most; or the new version of a prompt, where its calls miss and those before it did not."""
    best = risen(exam, ops, missed, by=BY, gates=gates, among=known)
    if best.measured.grade in PASSED:
        return best
    for one in editions(exam, ops):
        then, now = one.before & known, one.new & known
        measured = compared_rate(exam, ops, missed, then, now, gates)
        if measured.grade in PASSED and better(measured, best.measured):
            best = Moved(measured, one.where, one.new, then, now)
    return best
