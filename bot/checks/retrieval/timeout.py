"""A retrieval source answers too late: its calls pile up at the client's deadline.

## Looks at
Retrieval operations that timed out, per source and shard. Failures nobody labelled, calls that were given up, and successes that brought
nothing count when their durations pile up at one slow constant.

## Why it matters
The model then answers without documents: refusals and guesses with HTTP 200, while model latency and errors look healthy or better.

## Stays quiet when
The share of timeouts is below one percentage point or below three times its own past, or fewer than five calls timed out.

## Told apart from
retrieval.error (fails for another reason), infra.network_region (several unrelated hosts of one region),
model.provider_incident (model calls fail), retrieval.partial_results (HTTP 200 with a part missing).
"""

import math

from pydantic import Field

from bot.engine.check import check
from bot.engine.deadline import pile_up, swallowed
from bot.engine.exam import Exam
from bot.engine.failing import failed, timed_out
from bot.engine.lasting import rate_since
from bot.engine.needs import need
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.01, ratio=3.0))  # one in a hundred is felt; a source has a few at rest
    pile_up: float = 0.30  # of timed-out calls at one constant: a deadline, not a slow tail


@check(need("retrieval"), prior=9, limits=Limits)
def timeout(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("retrieval")
    took, past = ops.number("duration_ms"), exam.baseline(ops) & ~failed(ops)
    late = timed_out(ops) | swallowed(took, ~failed(ops) & ~(ops.number("n_returned") > 0) & ~(ops.number("tool_result_empty") == 0), past)
    worst = rate_since(exam, ops, late, by=("source_id", "shard", "server_address"), gates=limits.gates, kind="retrieval")
    exam.require("timed-out retrievals", Signal.ORIGIN, worst.measured)
    exam.support("requests that first went wrong in retrieval", Signal.ORIGIN, exam.origin("retrieval"))
    at_deadline, deadline = pile_up(ops.number("duration_ms")[late & exam.current(ops)])
    piled = Grade.STRONG if at_deadline >= limits.pile_up else Grade.NONE
    numbers = {"deadline_ms": round(deadline, 1), "at_deadline": round(at_deadline, 4)} if math.isfinite(deadline) else {}
    exam.support("durations at one deadline", Signal.LATENCY, Measured(test="PILE", grade=piled, n=int(late.sum()), numbers=numbers))
    exam.affects(ops, late)
    exam.cell(worst.where)
    exam.seen_in(worst.windows)
    exam.note(**numbers)
    return exam.conclude(f"retrievals from {name(worst.where, 'all sources')} time out: {share(worst.measured)}")
