"""Queries are embedded with another model than the index was built with.

## Looks at
The embedding model of the query against that of the index; failing that, similarity scores that fall and flatten at once.

## Why it matters
Every search succeeds and returns plausible nonsense.

## Stays quiet when
Both models are recorded and equal, or scores keep their level.

## Told apart from
retrieval.ranking_regression (recall at fifty intact), a shift of topics (golden queries intact), retrieval.empty_results
(nothing returned).
"""

import numpy as np
from pydantic import Field

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.lasting import rate_since
from bot.engine.needs import RECORDED, need
from bot.engine.probing import recall_drop
from bot.engine.questions import PASSED
from bot.engine.similarity import collapsed, flattened, new_embedder, query_models
from bot.engine.words import name, share, times
from bot.model.finding import Examination, Signal
from bot.model.frame import BoolArray
from bot.model.value import Limits as Base
from bot.stats.location import LocGates
from bot.stats.proportion import PropGates


class Limits(Base):
    differing: PropGates = Field(default=PropGates(floor=0.02))  # a canary may differ; two in a hundred is a roll-out
    scores: LocGates = Field(default=LocGates(theta=0.15, direction="down", log_ratio=0.05))  # cosine scores move little in ratio
    spread: LocGates = Field(default=LocGates(theta=0.15, direction="down", log_ratio=0.10))  # best and last are nearly alike
    part: PropGates = Field(default=PropGates(floor=0.03, ratio=3.0))  # a roll-out reaches a few in a hundred first
    far: float = 0.15  # log ratio from which the fall alone tells: no ranking or topic moves scores by a seventh at once


@check(need("retrieval"), prior=3, limits=Limits)
def embedding_mismatch(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("retrieval")
    index, query = ops.text("index_embed_model"), query_models(exam)
    both = index.recorded & query.recorded
    if float(both.mean()) >= RECORDED:
        said = _named(exam, limits, np.array([index.text(i) != query.text(i) for i in range(ops.n)], dtype=np.bool_) & both, both)
    elif exam.sees("retrieval", "score_top"):
        said = _scored(exam, limits)
    else:
        exam.require("top similarity score", Signal.FORM, exam.not_recorded("retrieval", "scores.top"))
        said = ""
    exam.support("golden queries", Signal.FEEDBACK, recall_drop(exam.evidence))
    return exam.conclude(said)


def _named(exam: Exam, limits: Limits, differing: BoolArray, both: BoolArray) -> str:
    ops = exam.ops("retrieval")
    worst = rate_since(exam, ops, differing, among=both, by=("source_id", "index_version"), gates=limits.differing, kind="retrieval")
    exam.require("query and index embedded by different models", Signal.ORIGIN, worst.measured)
    if exam.sees("retrieval", "score_top"):
        exam.support("top similarity score", Signal.FORM, exam.shift(ops, ops.number("score_top"), among=worst.cell, gates=limits.scores))
    exam.cell(worst.where)
    exam.seen_in(worst.windows)
    exam.affects(ops, differing)
    return f"queries to {name(worst.where, 'all sources')} are embedded by another model than the index: {share(worst.measured)}"


def _scored(exam: Exam, limits: Limits) -> str:
    """Nobody names both models: the scores of all searches fall, or those of a part of them collapse."""
    ops = exam.ops("retrieval")
    exam.cap(0.7)
    if exam.evidence.kind("embedding").n or exam.sees("retrieval", "query_embed_model"):
        exam.support("a new embedding model", Signal.CHANGE, new_embedder(exam))
    fallen = exam.worst_shift(ops, ops.number("score_top"), by=("source_id", "index_version"), gates=limits.scores)
    low, depth = collapsed(exam, limits.far)
    part = rate_since(
        exam, ops, low, among=~np.isnan(ops.number("score_top")), by=("source_id", "index_version"), gates=limits.part, kind="retrieval"
    )
    exam.affects(ops, low)
    if fallen.measured.grade in PASSED or part.measured.grade not in PASSED:
        exam.require("top similarity score", Signal.FORM, fallen.measured)
        exam.cell(fallen.where)
        if (fallen.measured.effect or 0.0) > -limits.far:
            exam.require("spread of scores", Signal.FORM, flattened(exam, fallen.cell, limits.spread))
        return f"similarity scores of {name(fallen.where, 'all sources')} fell at once, {times(fallen.measured)}"
    exam.require("searches with a collapsed score", Signal.FORM, part.measured)
    exam.note(collapsed_below=round(depth, 4))
    exam.cell(part.where)
    exam.seen_in(part.windows)
    return f"similarity scores of a part of the searches in {name(part.where, 'all sources')} collapsed: {share(part.measured)}"
