"""A vector store, search index or query embedder refuses or breaks.

## Looks at
Retrieval and query-embedding operations that failed for a reason other than lateness, per source and error class.

## Why it matters
Answers come back without documents, or not at all; the model is not at fault.

## Stays quiet when
The share of errors is below one percentage point or twice its own past, or fewer than five calls failed.

## Told apart from
retrieval.timeout (fails by being late), retrieval.empty_results (answers, with nothing in it), infra.network_region (several
hosts of one region).
"""

from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.failing import failed, labelled_share, rows, timed_out
from bot.engine.lasting import rate_since
from bot.engine.needs import need
from bot.engine.words import name, share
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.01))  # one in a hundred is felt
    labelled: float = 0.5  # below this share of failures with a known class, an unlabelled timeout looks the same


@check(need("retrieval"), prior=5, limits=Limits)
def error(exam: Exam, limits: Limits) -> Examination:
    ops, embeds = exam.ops("retrieval"), exam.ops("embedding")
    broken = failed(ops) & ~timed_out(ops)
    worst = rate_since(exam, ops, broken, by=("source_id", "server_address"), gates=limits.gates, kind="retrieval")
    what = "retrievals from"
    if embeds.n:
        bad = failed(embeds)
        embedding = rate_since(exam, embeds, bad, by=("embedding_model", "server_address"), gates=limits.gates, kind="embedding")
        if better(embedding.measured, worst.measured):
            worst, what = embedding, "query embeddings of"
        exam.affects(embeds, bad)
    exam.require("failed retrievals", Signal.ORIGIN, worst.measured)
    exam.support("requests that first went wrong in retrieval", Signal.ORIGIN, exam.origin("retrieval"))
    exam.affects(ops, broken)
    exam.cell(worst.where)
    exam.seen_in(worst.windows)
    if labelled_share(ops, rows(ops)) < limits.labelled:
        exam.cap(0.6)
    return exam.conclude(f"{what} {name(worst.where, 'all sources')} fail: {share(worst.measured)}")
