"""Which chart shows more than the words of an answer; None where words are enough."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.chat.told import Told
from bot.chat.understand import Asked

SLOW = re.compile(r"\b(?:latenc\w*|slow\w*|durations?|response times?|how long .* takes?|p95|p99|seconds)\b")
PARTS = 2  # counted parts below which there is nothing to lay side by side


def charted(told: Told, asked: Sequence[Asked]) -> str | None:
    """`cost`, `parts`: of what was counted for the answer. `latency`: asked for in words. `signal`: the answer is about its course."""
    if told.refused:
        return None
    labelled = [one for one in told.queries if one.label]
    if any({"mean", "cost_usd"} & set(one.numbers) for one in labelled):
        return "cost"
    gathered = told.case.evidence
    if gathered is not None and gathered.requests is not None and any(SLOW.search(one.said) for one in asked):
        return "latency"
    if told.picture is None and sum(bool({"rate", "median"} & set(one.numbers)) for one in labelled) >= PARTS:
        return "parts"
    return told.picture
