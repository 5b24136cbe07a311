"""The provider turns calls away because we ask too fast.

## Looks at
Model calls that failed with class rate_limit, and whether they follow our own tokens per minute.

## Why it matters
Backoff turns into latency, and retries make the next minute worse.

## Stays quiet when
The share of 429 is within two points or twice its past.

## Told apart from
model.quota_exhausted (no retry-after, never decays), model.provider_incident (5xx or overload), infra.traffic_surge (the parent,
when requests rose).
"""

from pydantic import Field

from bot.engine.check import check
from bot.engine.classes import class_rate
from bot.engine.exam import Exam
from bot.engine.failing import of_class
from bot.engine.load import follows_load
from bot.engine.needs import need
from bot.engine.words import name, share
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.02))  # a few 429 a day are how limits are found
    follows: float = 0.5  # rank correlation of the 429 share with our own tokens per minute


@check(need("llm"), prior=7, limits=Limits)
def rate_limited(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    turned_away = of_class(ops, "rate_limit")
    by = ("provider", "model_requested", "key_id", "region", "tenant")
    worst = class_rate(exam, ops, turned_away, by, limits.gates)
    exam.require("rate-limited calls", Signal.ORIGIN, worst.measured)
    exam.support("requests that first went wrong in a model call", Signal.ORIGIN, exam.origin("llm"))
    exam.support("follows our own load", Signal.VOLUME, follows_load(exam.evidence, ops, turned_away, worst.cell, limits.follows))
    exam.affects(ops, turned_away)
    exam.cell(worst.where)
    return exam.conclude(f"{name(worst.where, 'the provider')} turns calls away (429): {share(worst.measured)}")
