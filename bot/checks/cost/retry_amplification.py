"""Every operation is tried more often than before.

## Looks at
Attempts per logical operation of models, stores and tools, and whether what is tried again comes back in the end.

## Why it matters
Three layers of three attempts are twenty-seven calls.

## Stays quiet when
Attempts are within half as much again of their past, or what is tried again still fails: then the operation itself is the cause.

## Told apart from
its parents: any cause whose operation fails more; cost.call_fanout (other operations, not attempts).
"""

import math
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.failing import failed
from bot.engine.moving import Moved, compared
from bot.engine.needs import need
from bot.engine.questions import PASSED
from bot.engine.rising import risen
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.frame import BoolArray, Frame
from bot.model.value import Limits as Base
from bot.stats.location import LocGates
from bot.stats.proportion import PropGates

KINDS = {
    "llm": (("provider",), ("model_requested",), ("route",), ("tenant",)),
    "retrieval": (("source_id",), ("route",)),
    "tool": (("tool",), ("tool_server",)),
    "embedding": (("embedding_model",),),
}  # and the cells in which each is looked at


class Limits(Base):
    again: PropGates = Field(default=PropGates(floor=0.10, ratio=1.5))  # a retry budget is a tenth to a fifth of requests
    deeper: LocGates = Field(default=LocGates(theta=0.15, log_ratio=math.log(1.5), n=20))  # half as many attempts again on what is retried
    back: float = 0.10  # of what is tried again that still fails: a client that asks again too soon gets its answers, if late
    unsure: float = 0.20  # beyond it the operation fails by itself
    told: int = 10  # operations tried again that show whether they come back


@dataclass(frozen=True)
class Tried:
    """One kind's operations: those tried again, and the cell in which they became more."""

    frame: Frame
    again: BoolArray
    moved: Moved


@check(need("requests"), prior=4, limits=Limits)
def retry_amplification(exam: Exam, limits: Limits) -> Examination:
    worst = _worst(exam, limits.again)
    if worst is None:
        exam.require("operations tried more than once", Signal.TOKENS, exam.not_recorded("llm", "attempts"))
        return exam.conclude("")
    frame, again = worst.frame, worst.again
    attempts = np.where(again, frame.number("attempts"), np.nan)
    deeper = compared(exam, frame, attempts, exam.baseline(frame), exam.current(frame), limits.deeper)
    if worst.moved.measured.grade in PASSED or deeper.grade not in PASSED:
        exam.require("operations tried more than once", Signal.TOKENS, worst.moved.measured)
        exam.require("what is tried again comes back", Signal.FORM, _back(frame, again & worst.moved.now, limits))
        exam.support("attempts of what is tried again", Signal.CHANGE, deeper)
    else:
        exam.require("attempts of what is tried again", Signal.TOKENS, deeper)
    exam.against("requests that first went wrong in a model call", Signal.ORIGIN, exam.origin("llm"))
    exam.affects(frame, again)
    exam.cell(worst.moved.where)
    return exam.conclude(f"calls to {name(worst.moved.where, 'all models')} are tried again and again: {share(worst.moved.measured)}")


def _worst(exam: Exam, gates: PropGates) -> Tried | None:
    """The kind of operation whose attempts multiplied most."""
    best: Tried | None = None
    for kind, by in KINDS.items():
        frame = exam.ops(kind)
        if frame.n == 0 or not frame.recorded("attempts").any():
            continue
        again = frame.number("attempts") > 1
        one = Tried(frame, again, risen(exam, frame, again, by=by, gates=gates))
        if best is None or better(one.moved.measured, best.moved.measured):
            best = one
    return best


def _back(frame: Frame, again: BoolArray, limits: Limits) -> Measured:
    n = int(again.sum())
    if n < limits.told:
        return Measured(test="PROP", grade=Grade.NONE, n=n, reason=f"n={n} below {limits.told}")
    lost = float((failed(frame) & again).sum()) / n
    grade = Grade.STRONG if lost <= limits.back else Grade.MODERATE if lost <= limits.unsure else Grade.NONE
    return Measured(test="PROP", grade=grade, effect=1.0 - lost, n=n, numbers={"still_failed": round(lost, 4)})
