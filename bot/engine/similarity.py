"""How near the best passage was: which model embedded the query, and scores that fell or lost their spread."""

from __future__ import annotations

import numpy as np

from bot.engine.exam import Exam
from bot.engine.questions import PASSED
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Codes
from bot.stats.location import LocGates

MIN_PAST = 50  # scores of a source before it has a tail
RAREST = 0.01  # quantile of a source's own past scores
BEYOND = 1.5  # times as far from the middle as the rarest: a shift of all scores by a little puts hardly any there


def query_models(exam: Exam) -> Codes:
    """The model that embedded the query of each search: its own field, else the embedding call of the same request."""
    ops, embeds = exam.ops("retrieval"), exam.ops("embedding")
    own = ops.text("query_embed_model")
    if own.recorded.any() or embeds.n == 0:
        return own
    models, rows = embeds.text("embedding_model"), exam.evidence.request_of(embeds)
    by_request = np.full(exam.requests.n, -1, dtype=np.int64)
    known = (rows >= 0) & models.recorded
    by_request[rows[known]] = models.codes[known]
    return Codes(models.values, by_request).take(exam.evidence.request_of(ops))


def new_embedder(exam: Exam) -> Measured:
    """NOVEL of the query's embedding model. That it is none of the old ones speaks; that it is the same says nothing of the index."""
    own = exam.ops("retrieval").text("query_embed_model").recorded.any()
    frame, column = (exam.ops("retrieval"), "query_embed_model") if own else (exam.ops("embedding"), "embedding_model")
    found = exam.novelty(frame, column)
    return found if found.grade in PASSED else found.model_copy(update={"grade": Grade.NA})


def flattened(exam: Exam, cell: BoolArray, gates: LocGates) -> Measured:
    """Vectors of two models are about equally far from each other: best and last become alike. A worse ranking does not do that."""
    ops = exam.ops("retrieval")
    spread = exam.shift(ops, exam.positive(ops.number("score_top") - ops.number("score_min")), among=cell, gates=gates)
    if spread.grade is not Grade.NA:
        return spread
    return Measured(test="LOC", grade=Grade.NONE, n=spread.n, reason="a small fall, and no spread to tell it by")


def collapsed(exam: Exam, far: float) -> tuple[BoolArray, float]:
    """(searches whose best score lies beyond their source's own past and far below its middle, the highest such limit)."""
    ops = exam.ops("retrieval")
    score, sources = ops.number("score_top"), exam.dim(ops, "source_id")
    low = np.zeros(ops.n, dtype=np.bool_)
    highest = 0.0
    for code in range(-1, len(sources.values)):
        cell = sources.codes == code
        past = score[exam.baseline(ops) & cell & ~np.isnan(score)]
        if len(past) < MIN_PAST or float(np.median(past)) <= 0.0:
            continue
        middle, rare = float(np.median(past)), float(np.quantile(past, RAREST))
        limit = min(middle * float(np.exp(-far)), middle - BEYOND * (middle - rare))
        highest = max(highest, limit)
        with np.errstate(invalid="ignore"):
            low |= cell & (score < limit)
    return low, highest
