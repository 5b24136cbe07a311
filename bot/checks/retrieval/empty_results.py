"""Searches succeed and find nothing.

## Looks at
Successful retrievals with no document, per source, namespace, index version, filter and request dimension.

## Why it matters
No error anywhere, and the assistant says that it could not find anything.

## Stays quiet when
The share of empty results is within 1.5 points or twice its own past, or the empty ones ended at the client's deadline.

## Told apart from
retrieval.timeout swallowed as an empty list (durations at a deadline), a real shift of demand (golden queries still pass),
tool.silent_empty (a tool, not a search).
"""

import numpy as np
from pydantic import Field

from bot.engine.check import check
from bot.engine.deadline import swallowed
from bot.engine.exam import Exam
from bot.engine.failing import failed
from bot.engine.lasting import rate_since
from bot.engine.needs import need
from bot.engine.probing import recall_drop
from bot.engine.words import name, share
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.015))  # some questions have no answer; a change of that share is what counts


@check(need("retrieval", "n_returned", "tool_result_empty"), prior=5, limits=Limits)
def empty_results(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("retrieval")
    counted = ops.recorded("n_returned")
    answered = ~failed(ops) & (counted | ops.recorded("tool_result_empty"))
    empty = answered & np.where(counted, ops.number("n_returned") == 0, ops.true("tool_result_empty"))
    late = swallowed(ops.number("duration_ms"), empty, exam.baseline(ops) & answered)
    empty &= ~late
    by = ("source_id", "namespace", "index_version", "filter_hash", "query_lang", "tenant", "locale")
    worst = rate_since(exam, ops, empty, among=answered, by=by, gates=limits.gates, kind="retrieval")
    exam.require("empty results", Signal.ORIGIN, worst.measured)
    exam.support("requests that first went wrong in retrieval", Signal.ORIGIN, exam.origin("retrieval"))
    exam.support("golden queries", Signal.FEEDBACK, recall_drop(exam.evidence))
    exam.affects(ops, empty)
    exam.cell(worst.where)
    exam.seen_in(worst.windows)
    return exam.conclude(f"searches in {name(worst.where, 'all sources')} find nothing: {share(worst.measured)}")
