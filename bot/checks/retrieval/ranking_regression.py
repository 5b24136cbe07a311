"""The right document is in the index, and no longer among the first.

## Looks at
Golden queries (recall in the first five against recall at depth), which documents and sources fill the first places, and the reranker:
skipped, failing or gone.

## Why it matters
Searches succeed and return plausible passages, and the model answers from the second best.

## Stays quiet when
The documents in the first places moved by less than a fifth beyond chance, move like that anyway, or moved because other people ask.

## Told apart from
retrieval.embedding_mismatch (scores collapse), retrieval.partial_results (a part of the documents is missing), a shift of topics
(golden queries intact).
"""

from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.documents import flagged, vanished
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.probing import recall_drop, sank
from bot.engine.ranking import Leading, bypassed, leading
from bot.engine.turnover import PASSED
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.value import Limits as Base
from bot.stats.location import LocGates
from bot.stats.proportion import PropGates
from bot.stats.variation import VariationGates


class Limits(Base):
    documents: VariationGates = Field(default=VariationGates(distance=0.2))  # one first place in five is another's (catalogue 1.3)
    rerank: PropGates = Field(default=PropGates(floor=0.03))  # a reranker that is skipped now and then is ordinary
    flagged: PropGates = Field(default=PropGates(floor=0.05))  # that many say themselves that a part is missing
    scores: LocGates = Field(default=LocGates(theta=0.15, direction="down", log_ratio=0.15))  # ranks change, similarity hardly


@check(need("retrieval"), prior=3, limits=Limits)
def ranking_regression(exam: Exam, limits: Limits) -> Examination:
    ops, probe = exam.ops("retrieval"), sank(exam.evidence)
    found = leading(exam, limits.documents)
    without = bypassed(exam, limits.rerank)
    if probe.grade in PASSED:
        exam.require("golden queries: found, but lower", Signal.FEEDBACK, probe)
        exam.support("documents in the first places", Signal.FORM, found.measured)
        said = "golden queries find the right documents as before, but not among the first"
    elif found.measured.grade in PASSED or not better(without.measured, found.measured):
        exam.require("documents in the first places", Signal.FORM, found.measured)
        exam.support("golden queries", Signal.FEEDBACK, recall_drop(exam.evidence))
        exam.cap(0.75)  # topics may have moved as well
        said = _moved_words(found)
    else:
        # That the reranker is as busy as ever says nothing about the ranking; that it is not, does.
        whole = without.measured.grade in PASSED or found.measured.grade is not Grade.NA
        exam.require("reranker skipped or failing", Signal.ORIGIN, without.measured if whole else found.measured)
        said = f"results of {name(without.where, 'all sources')} are not reranked: {share(without.measured)}"
    exam.support("a new index version", Signal.CHANGE, _newly(exam, found))
    exam.against("similarity scores fell", Signal.LATENCY, _scores(exam, limits, found))
    exam.against("documents that never come any more", Signal.SLICE, vanished(exam.evidence, ops, found.cell))
    exam.against("searches that say they are partial", Signal.SLICE, exam.rate_where(ops, flagged(ops), found.cell, limits.flagged))
    exam.affects(ops, found.rows)
    if without.measured.grade in PASSED:
        exam.affects(exam.requests if without.of_requests else exam.ops("rerank"), without.bad)
    exam.cell(found.where if found.measured.grade in PASSED else without.where)
    return exam.conclude(said)


def _newly(exam: Exam, found: Leading) -> Measured:
    if not exam.sees("retrieval", "index_version"):
        return exam.not_recorded("retrieval", "index_version")
    fresh = exam.novelty(exam.ops("retrieval"), "index_version", among=found.cell)
    return fresh if fresh.grade in PASSED else fresh.model_copy(update={"grade": Grade.NA})  # weights change without a version


def _scores(exam: Exam, limits: Limits, found: Leading) -> Measured:
    ops = exam.ops("retrieval")
    if not exam.sees("retrieval", "score_top"):
        return exam.not_recorded("retrieval", "score_top")
    return exam.shift(ops, ops.number("score_top"), among=found.cell, gates=limits.scores)


def _moved_words(found: Leading) -> str:
    return f"other documents than before lead the results of {name(found.where, 'all sources')}: {found.words}"
