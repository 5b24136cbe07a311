"""A spend cap or credit balance ran out: every call on one key fails, and no retry helps.

## Looks at
Model calls with error class quota, per key, provider and model.

## Why it matters
A step to nearly all calls failing, usually at midnight UTC or the end of a month.

## Stays quiet when
The share is within two points or twice its past: what is hit now and then is a rate limit under another name.

## Told apart from
model.rate_limited (decays, has retry-after), model.access_denied (401/403).
"""

from pydantic import Field

from bot.engine.check import check
from bot.engine.classes import class_rate
from bot.engine.exam import Exam
from bot.engine.failing import of_class
from bot.engine.needs import need
from bot.engine.words import name, share
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.02))  # the class itself is the discriminator: nothing else says insufficient quota


@check(need("llm"), prior=3, limits=Limits)
def quota_exhausted(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    spent = of_class(ops, "quota")
    worst = class_rate(exam, ops, spent, ("key_id", "provider", "model_requested"), limits.gates)
    exam.require("calls beyond the quota", Signal.ORIGIN, worst.measured)
    exam.support("requests that first went wrong in a model call", Signal.ORIGIN, exam.origin("llm"))
    exam.affects(ops, spent)
    exam.cell(worst.where)
    return exam.conclude(f"the quota or spend cap of {name(worst.where, 'the provider')} is used up: {share(worst.measured)}")
