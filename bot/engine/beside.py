"""What a cause cannot do, however well its requests and its onset fit: a bill makes no output unreadable and no search empty."""

from __future__ import annotations

from bot.engine.signals import BETTER_HIGH, BINARY
from bot.model.evidence import Evidence

BESIDE = 8.0  # nats: what a strong required test and all that agrees with it are worth together
_ANSWERS = (
    "parse_failed", "refusal", "guardrail_blocked", "empty_retrieval", "partial", "tool_empty", "tool_rejected", "prompt_unresolved",
    "lang_mismatch", "policy_hit", "retrieval_error", "embedding_error", "feedback",
)  # fmt: skip
OF_ANSWERS = frozenset({*(BINARY[name][0] for name in _ANSWERS), *BETTER_HIGH})
"""Signals, as people read them, of what an answer says or is made of: money, size and speed alone change none of them."""


def beside(evidence: Evidence, cause: str) -> bool:
    """Whether the paged signal moved and is none that a change of cost can move: a dearer model may answer worse, its price does not."""
    return evidence.moved and cause.startswith("cost.") and evidence.signal in OF_ANSWERS
