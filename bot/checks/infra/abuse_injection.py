"""Somebody turns the product against its owner: one sender's flood of attempts, or instructions hidden in what is read.

## Looks at
Requests in which a guardrail (or, without one, the model's own refusal) names an attack, and whose they are.

## Why it matters
It burns the budget, fills the rate limit, and may leak what is not theirs. It looks like a guardrail that blocks too much.

## Stays quiet when
Attempts keep their share, or they come from everybody alike.

## Told apart from
infra.guardrail_overblock (a new policy, spread over senders), none.mix_shift (a sender that grew and asks what it always asked).
"""

import numpy as np
from pydantic import Field

from bot.engine.abusing import hostile, sender_of
from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.questions import PASSED
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.01))  # of all requests; every product is tried a little all the time


@check(need("requests"), prior=2, limits=Limits)
def abuse_injection(exam: Exam, limits: Limits) -> Examination:
    requests = exam.requests
    signs = hostile(exam.evidence)
    if not signs.by:
        exam.require("attempts at the product", Signal.FORM, exam.not_recorded("guardrail", "guardrail_category"))
        return exam.conclude("")
    by = ("tenant", "client", "region", "locale")
    attempts = exam.rate(requests, signs.bad, among=signs.among, by=by, gates=limits.gates, slices=False)
    sender = sender_of(exam.evidence, signs.bad & signs.among)
    exam.require("attempts at the product", Signal.FORM, _softer(attempts.measured, signs.by))
    exam.require("most of them are one sender's", Signal.SLICE, sender.measured)
    everything = np.ones(requests.n, dtype=np.bool_)
    exam.support("that sender asks much more", Signal.VOLUME, exam.rate_where(requests, sender.rows, everything, limits.gates))
    exam.affects(requests, signs.bad & signs.among)
    exam.cell(sender.where if sender.measured.grade in PASSED else {})
    numbers = sender.measured.numbers
    return exam.conclude(
        f"{name(sender.where, 'one sender')} makes {float(numbers.get('held') or 0.0):.0%} of the attempts at the product: "
        f"{share(attempts.measured)}"
    )


def _softer(measured: Measured, by: str) -> Measured:
    """What a guardrail blocked, or the model refused, is not yet an attack: without a category or a score one sign less is certain."""
    if by not in ("category", "score") and measured.grade is Grade.STRONG:
        return measured.model_copy(update={"grade": Grade.MODERATE})
    return measured
