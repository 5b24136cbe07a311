"""Credentials are refused, or the model asked for is no longer there.

## Looks at
Model calls with error class auth or not_found, per key, region, pod, application version and requested model.

## Why it matters
It starts at a key rotation, a deploy or a retirement date, and often only some pods hold the old key.

## Stays quiet when
The share is within a point or twice its past.

## Told apart from
tool.error (the failing span is a tool), model.provider_incident (5xx), model.quota_exhausted (billing).
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
    gates: PropGates = Field(default=PropGates(floor=0.01))  # refusals of credentials do not happen at rest


@check(need("llm"), prior=3, limits=Limits)
def access_denied(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    denied = of_class(ops, "auth", "not_found")
    by = ("key_id", "provider", "model_requested", "region", "pod", "app_version")
    worst = class_rate(exam, ops, denied, by, limits.gates)
    exam.require("refused credentials or unknown models", Signal.ORIGIN, worst.measured)
    exam.support("requests that first went wrong in a model call", Signal.ORIGIN, exam.origin("llm"))
    exam.affects(ops, denied)
    exam.cell(worst.where)
    return exam.conclude(f"calls by {name(worst.where, 'every key')} are refused (credentials or retired model): {share(worst.measured)}")
