"""One class of devices got worse: the model, its quantisation or its runtime does not suit them.

## Looks at
Failed and slow requests per device class (and per client), and the model variants that run there.

## Why it matters
"AI got dumber on my old phone": the server is well, the fleet's average is well, and one cohort leaves.

## Stays quiet when
Other devices got worse alike, or a new application version explains it as well on devices that are well.

## Told apart from
infra.app_deploy (every device with the new version), model.* and tool.* (the failing span is on the server).
"""

import numpy as np
from pydantic import Field

from bot.engine.cells import Rate, better
from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.frame import BoolArray
from bot.model.value import Limits as Base
from bot.stats.novel import NovelGates
from bot.stats.proportion import PropGates

COHORT = ("device_class", "client")
VARIANTS = ("model_served", "model_requested")
MOST = 200  # classes of devices; beyond this the column holds models of phones, and each has too few requests


class Limits(Base):
    failed: PropGates = Field(default=PropGates(floor=0.01))
    slow: PropGates = Field(
        default=PropGates(floor=0.05, moderate_z=3.5)
    )  # beyond the 95th percentile of its own past, where one in twenty lies anyway
    excess: float = 0.6  # of the excess in the cohort, and the others have less than half of what their number would give
    variant: NovelGates = Field(default=NovelGates(n=50))


@check(need("requests", "device_class", "client"), prior=1, limits=Limits)
def device_cohort(exam: Exam, limits: Limits) -> Examination:
    requests = exam.requests
    failed = requests.true("failed")
    worst, bad, said = Rate(exam.nothing(requests), {}, failed, failed), failed, "fail"
    for dim in (dim for dim in COHORT if exam.sees("requests", dim)):
        slow = _slow(exam, dim)
        for marked, gates, word in ((failed, limits.failed, "fail"), (slow, limits.slow, "are slow")):
            one = exam.worst_of(requests, marked, dim, gates)
            if better(one.measured, worst.measured):
                worst, bad, said = one, marked, word
    exam.require("requests of one class of devices", Signal.SLICE, worst.measured)
    alone = bool(worst.where) and exam.alone(requests, bad, worst.cell, limits.excess)
    held = exam.excess_held(requests, bad, worst.cell)
    measured = Measured(test="SLICE", grade=Grade.STRONG if alone else Grade.NONE, effect=held, n=requests.n)
    exam.require("and of no other", Signal.ORIGIN, measured.model_copy(update={"numbers": {"excess_in_cell": round(held, 3)}}))
    calls = exam.ops("llm")
    for variant in (variant for variant in VARIANTS if worst.where and exam.sees("llm", variant)):
        mine = exam.dim(calls, next(iter(worst.where))).equals(*worst.where.values())
        exam.support(f"another {variant} there", Signal.CHANGE, exam.novelty(calls, variant, among=mine, gates=limits.variant))
    if said == "fail":
        exam.against("it began on the server", Signal.ORIGIN, exam.origin("llm", "retrieval", "tool", "guardrail"))
    exam.affects(requests, bad & worst.cell)
    exam.cell(worst.where)
    return exam.conclude(f"requests of {name(worst.where, 'one class of devices')} {said}: {share(worst.measured)}")


def _slow(exam: Exam, dim: str) -> BoolArray:
    """Requests that are slow for their class of devices: old phones were always slower."""
    codes, took = exam.dim(exam.requests, dim), exam.requests.number("duration_ms")
    marked = np.zeros(exam.requests.n, dtype=np.bool_)
    for code in range(min(len(codes.values), MOST)):
        marked |= exam.slow(exam.requests, took, codes.codes == code)
    return marked
