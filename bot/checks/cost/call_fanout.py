"""One request makes more model calls than it used to.

## Looks at
Model calls per request and route; operation names never seen before.

## Why it matters
The bill doubles with every extra node of a chain, and no error shows.

## Stays quiet when
The typical request makes as many calls as before, or the extra calls are attempts of the same ones.

## Told apart from
tool.loop (repetition), cost.retry_amplification (attempts of one operation).
"""

import numpy as np
from pydantic import Field

from bot.engine.check import check
from bot.engine.costs import component
from bot.engine.exam import Exam
from bot.engine.failing import failed
from bot.engine.moving import high, moved
from bot.engine.needs import need
from bot.engine.words import name, times
from bot.model.finding import Examination, Signal
from bot.model.frame import FloatArray
from bot.model.value import Limits as Base
from bot.stats.location import LocGates

BY = (("route",), ("app_version",), ("route", "tenant"), ("route", "region"))


class Limits(Base):
    calls: LocGates = Field(default=LocGates(theta=0.2, log_ratio=0.3, direction="up"))  # one more call on most requests of a route


@check(need("llm"), prior=3, limits=Limits)
def call_fanout(exam: Exam, limits: Limits) -> Examination:
    requests = exam.requests
    calls = _calls(exam)
    worst = moved(exam, requests, exam.positive(calls), by=BY, gates=limits.calls)
    exam.require("model calls a request", Signal.TOKENS, worst.measured)
    exam.support("calls in the cost", Signal.TOKENS, component(exam, "calls"))
    exam.support("operations never seen before", Signal.CHANGE, exam.novelty(exam.ops("llm"), "name"))
    exam.affects(requests, high(calls, worst.then, worst.cell))
    exam.cell(worst.where)
    return exam.conclude(f"requests of {name(worst.where, 'the product')} make more model calls: {times(worst.measured)}")


def _calls(exam: Exam) -> FloatArray:
    """Model calls of each request that came back; attempts of one call are one, and a call that failed is made again elsewhere.

    Else a retry storm, or a fallback, would look like a longer chain.
    """
    ops = exam.ops("llm")
    rows = np.where(failed(ops), -1, exam.evidence.request_of(ops))
    return np.bincount(rows[rows >= 0], minlength=exam.requests.n).astype(np.float64)
