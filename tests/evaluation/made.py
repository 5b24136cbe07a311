"""Rows by hand: what was true, what was answered."""

from typing import Any

from bot.evaluation.answer import Answer
from bot.evaluation.row import Row
from bot.evaluation.sight import Sight
from bot.evaluation.truth import Truth, layer_of
from bot.model.report import Verdict

TIMEOUT, EMPTY, LIMITED, BREAK = "retrieval.timeout", "retrieval.empty_results", "model.rate_limited", "prompt.contract_break"


def fault(*causes: str, accept: tuple[frozenset[str], ...] | None = None, **more: Any) -> Truth:
    own = accept or tuple(frozenset({cause}) for cause in causes)
    return Truth(Verdict.FAULT, layer_of(causes[0]), causes, own, **more)


def calm(**more: Any) -> Truth:
    return Truth(Verdict.NO_FAULT, None, ("none.noise_or_seasonal",), (frozenset({"none.noise_or_seasonal"}),), **more)


def unfelt(cause: str) -> Truth:
    return Truth(Verdict.NO_FAULT, None, (cause,), (frozenset({cause}),), impact=False)


def said(cause: str | None, confidence: float = 0.8, layer_confidence: float = 0.9, **more: Any) -> Answer:
    """A cause, or none of them: then `layer` says which layer was blamed."""
    facts: dict[str, Any] = {"layer": layer_of(cause) if cause else None, "ranked": (cause,) if cause else ()} | more
    predicted = facts.pop("predicted", (frozenset({cause}),) if cause else ())
    return Answer(Verdict.FAULT, cause=cause, confidence=confidence, layer_confidence=layer_confidence, predicted=predicted, **facts)


def group(*causes: str, confidence: float = 0.7) -> Answer:
    named = frozenset(causes)
    return Answer(Verdict.FAULT, layer_of(causes[0]), None, named, confidence, 0.9, ranked=causes, predicted=(named,))


def silent(*ranked: str) -> Answer:
    return Answer(Verdict.INSUFFICIENT, confidence=0.0, layer_confidence=0.0, ranked=ranked)


def nothing(confidence: float = 0.8) -> Answer:
    return Answer(Verdict.NO_FAULT, None, "none.noise_or_seasonal", confidence=confidence, layer_confidence=confidence)


def row(truth: Truth, answer: Answer, name: str = "one", sight: Sight | None = None, **others: Answer) -> Row:
    return Row(name, truth, answer, sight or Sight(), {key.replace("_", " "): value for key, value in others.items()})
