"""A part of the index does not answer, and the search says 200 OK with what is left.

## Looks at
The partial, timed-out and failed-shards flags of retrievals; without them, results shorter than they used to be and documents
never seen again.

## Why it matters
Answers miss obvious documents and nothing is red.

## Stays quiet when
Flags are within a point or twice their past; without flags, when the documents of the baseline still turn up.

## Told apart from
retrieval.stale_index (documents old, not missing), retrieval.ranking_regression (present but lower), retrieval.empty_results
(nothing at all).
"""

import numpy as np
from pydantic import Field

from bot.engine.check import check
from bot.engine.documents import FLAGS, asked_for, flagged, missing_part, vanished
from bot.engine.exam import Exam
from bot.engine.failing import failed
from bot.engine.lasting import Since, rate_since
from bot.engine.needs import need
from bot.engine.probing import recall_drop
from bot.engine.questions import PASSED
from bot.engine.words import name, share
from bot.model.finding import Examination, Measured, Signal
from bot.model.frame import BoolArray
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates

BY = ("source_id", "shard", "index_version")


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.01))  # a shard that fails now and then is ordinary
    short: PropGates = Field(default=PropGates(floor=0.05))  # fewer than k is common; only a clear rise of it means a missing part


@check(need("retrieval", "partial", "shards_failed", "timed_out", "n_returned", "doc_ids"), prior=4, limits=Limits)
def partial_results(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("retrieval")
    answered = ~failed(ops)
    flags = any(exam.sees("retrieval", column) for column in FLAGS)
    part = answered & flagged(ops)
    worst = rate_since(exam, ops, part, among=answered, by=BY, gates=limits.gates, kind="retrieval") if flags else None
    if worst is not None and worst.measured.grade in PASSED:
        exam.require("partial results", Signal.ORIGIN, worst.measured)
        exam.support("documents that never come any more", Signal.FORM, vanished(exam.evidence, ops, worst.cell))
    else:
        part, worst = _unflagged(exam, limits, worst)
    exam.support("golden queries", Signal.FEEDBACK, recall_drop(exam.evidence))
    exam.support("requests that first went wrong in retrieval", Signal.ORIGIN, exam.origin("retrieval"))
    exam.affects(ops, part)
    exam.cell(worst.where)
    exam.seen_in(worst.windows)
    return exam.conclude(f"searches in {name(worst.where, 'all sources')} come back with a part missing: {_words(worst.measured)}")


def _unflagged(exam: Exam, limits: Limits, flags: Since | None) -> tuple[BoolArray, Since]:
    """No flag tells (unavailable shards may not even be counted as failed): documents that never come any more, else shorter results."""
    ops = exam.ops("retrieval")
    answered = ~failed(ops)
    gone = missing_part(exam, ops, answered)
    if gone.measured.grade in PASSED:
        exam.require("documents that never come any more", Signal.FORM, gone.measured)
        exam.cap(0.8)
        return gone.bad, gone
    if flags is not None:
        exam.require("partial results", Signal.ORIGIN, flags.measured)
        exam.support("documents that never come any more", Signal.FORM, gone.measured)
        return answered & flagged(ops), flags
    returned, wanted = ops.number("n_returned"), asked_for(exam, ops)
    short = answered & (returned > 0) & (returned < wanted)
    among = answered & (returned > 0) & ~np.isnan(wanted)
    worst = rate_since(exam, ops, short, among=among, by=("source_id", "index_version"), gates=limits.short, kind="retrieval")
    exam.require("results shorter than asked for", Signal.ORIGIN, worst.measured)
    exam.support("documents that never come any more", Signal.FORM, gone.measured)
    exam.cap(0.6)
    return short, worst


def _words(measured: Measured) -> str:
    gone, followed = measured.numbers.get("gone"), measured.numbers.get("followed")
    return f"{gone} of {followed} popular documents never come any more" if gone is not None else share(measured)
