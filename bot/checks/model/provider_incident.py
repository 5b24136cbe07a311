"""A model provider answers with its own errors: overload, server errors, refused connections.

## Looks at
Model calls that failed with class server_error, overload, connection or timeout, per provider, model and endpoint; the other
providers as control.

## Why it matters
Every route on that provider fails at once, and nothing the team owns has changed.

## Stays quiet when
The share is within two points or three times its past. One failing route of several speaks against it: a provider does not choose.

## Told apart from
model.rate_limited (429, our own limit), model.quota_exhausted and model.access_denied (retrying never helps),
infra.network_region (tools and stores of the same region fail too), model.context_overflow (only large inputs).
"""

from pydantic import Field

from bot.engine.breadth import breadth
from bot.engine.check import check
from bot.engine.deadline import at_deadline
from bot.engine.exam import Exam
from bot.engine.failing import failed, of_class, unlabelled
from bot.engine.needs import need
from bot.engine.oversized import only_the_largest
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates

CLASSES = ("server_error", "overload", "connection", "timeout", "dns", "tls")


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.02, ratio=3.0))  # providers fail a little all the time
    breadth: float = 0.8  # of the routes on that provider see it: a provider does not choose its victims


@check(need("llm"), prior=8, limits=Limits)
def provider_incident(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    bad = failed(ops)
    theirs = of_class(ops, *CLASSES) | at_deadline(ops.number("duration_ms"), bad, unlabelled(ops))
    unclear = unlabelled(ops)
    if float((unclear & exam.current(ops)).sum()) > float((theirs & exam.current(ops)).sum()):
        theirs, unclear_cap = theirs | unclear, 0.6  # most failures carry no class: it may be the provider, it may be us
    else:
        unclear_cap = 1.0
    by = ("provider", "model_requested", "server_address", "region", "service_tier")
    worst = exam.rate(ops, theirs, by=by, gates=limits.gates, kind="llm")
    largest = only_the_largest(exam, ops, theirs, worst.cell)
    oversized = unclear_cap < 1.0 and largest.grade is Grade.STRONG  # a window that is too small, whatever it is called
    exam.require("provider errors", Signal.ORIGIN, exam.nothing(ops) if oversized else worst.measured)
    exam.support("requests that first went wrong in a model call", Signal.ORIGIN, exam.origin("llm"))
    exam.support("breadth over routes", Signal.SLICE, breadth(exam.evidence, ops, theirs, worst.cell, "route", limits.breadth))
    exam.against("the same errors elsewhere", Signal.SLICE, exam.rate_where(ops, theirs, ~worst.cell, limits.gates))
    exam.against("only the largest inputs fail", Signal.TOKENS, largest)
    exam.affects(ops, theirs)
    exam.cell(worst.where)
    exam.cap(unclear_cap)
    return exam.conclude(f"model calls to {name(worst.where, 'all providers')} fail on the provider's side: {share(worst.measured)}")
