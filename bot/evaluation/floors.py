"""What anybody could answer without looking: the best single cause and the best single layer of the corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from bot.evaluation.answer import Answer, blaming
from bot.evaluation.row import Rows, faults
from bot.evaluation.truth import Truth
from bot.model.report import Verdict

SYSTEMS = ("constant cause", "constant layer")


def constants(rows: Rows) -> dict[str, Answer]:
    """The constant that is right most often, chosen with the truth in hand: a floor that flatters itself."""
    cause = _commonest(rows, lambda truth: truth.right)
    layer = _commonest(rows, lambda truth: truth.right_layers)
    return {
        "constant cause": blaming(cause) if cause else Answer(Verdict.NO_FAULT),
        "constant layer": Answer(Verdict.FAULT, layer) if layer else Answer(Verdict.NO_FAULT),
    }


def _commonest(rows: Rows, right: Callable[[Truth], frozenset[str]]) -> str | None:
    counted = Counter(one for row in faults(rows) for one in right(row.truth))
    return min(counted, key=lambda one: (-counted[one], one), default=None)
