"""The index stopped taking in new content; everything else looks well.

## Looks at
The age of the newest document each search returned, the index version, and documents that changed at their source after they were indexed.

## Why it matters
The bot quotes last month's price list with full confidence.

## Stays quiet when
Ages are what they were at the same place a few hours earlier, age was never young enough to matter, or nothing has come in for no longer
than has happened before: a batch is due.

## Told apart from
retrieval.partial_results (documents missing), a content owner's own error (the source is as old as the index).
"""

import numpy as np

from bot.engine.ageing import ages, source_newer
from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.words import name
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.value import Limits as Base


class Limits(Base):
    hours: float = 24.0  # a fresh source is re-read at least daily; operators with a tighter promise lower it
    slope: float = 0.7  # seconds of age gained a second: ingestion stands still from about 1
    growth: float = 1.75  # times as old as when we began to look, over some hours: less is a batch that is due
    newer_share: float = 0.20  # of cited documents changed at the source after indexing


@check(need("retrieval", "indexed_at"), prior=5, limits=Limits)
def stale_index(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("retrieval")
    worst, where = None, {}
    sources = exam.dim(ops, "source_id")
    for code, value in [(-2, ""), *enumerate(sources.values)]:
        cell = np.ones(ops.n, dtype=np.bool_) if code == -2 else sources.codes == code
        one = ages(exam.evidence, ops, cell, hours=limits.hours, slope=limits.slope, growth=limits.growth)
        if one is not None and (worst is None or (one.effect or 0.0) > (worst.effect or 0.0)):
            worst, where = one, {"source_id": value} if value else {}
    exam.require(
        "age of the youngest document", Signal.ORIGIN, worst or Measured(test="AGE", grade=Grade.NA, reason="fewer than 30 dated documents")
    )
    exam.support("changed at the source after indexing", Signal.FORM, source_newer(exam.evidence, ops, limits.newer_share))
    old = exam.current(ops) & ~np.isnan(ops.number("indexed_at"))
    exam.affects(ops, old if not where else old & sources.equals(where["source_id"]))
    exam.cell(where)
    age = worst.numbers.get("age_hours") if worst else None
    return exam.conclude(
        f"the youngest document that {name(where, 'any source')} returns is {age} hours old and ageing: nothing new comes in"
    )
