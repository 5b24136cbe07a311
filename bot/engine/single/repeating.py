"""Work done again and again: the same tool asked for nearly the same thing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.single.blame import Blame, quoted
from bot.engine.single.run import OBSERVING, closes
from bot.model.step import Step, Told

SAME = 0.5  # share of words two requests have in common, of all their words: rewordings of one question lie above, new questions below
OFTEN = 3  # asking twice is a retry; the third time nothing has been learnt

_WORD = re.compile(r"\w{2,}")


def repeated(told: Told) -> Iterator[Blame]:
    """Per agent and tool, the last of a row of similar requests."""
    rows: dict[tuple[str, str], list[Step]] = {}
    for step in told.steps:
        if step.kind in OBSERVING and not closes(step) and step.given:
            rows.setdefault((told.agent_of[step.span_id], step.tool), []).append(step)
    for (_, tool), calls in rows.items():
        for row in _rows(calls):
            if len(row) >= OFTEN:
                yield Blame(
                    row[-1].span_id, "tool", "repeated_call",
                    f"{quoted(tool, 40)} was asked for nearly the same thing {len(row)} times.",
                    {"times": len(row), "spans": [step.span_id for step in row[:10]]},
                )  # fmt: skip


def _rows(calls: list[Step]) -> list[list[Step]]:
    """Calls in a row where each resembles the one before."""
    found: list[list[Step]] = []
    for call in calls:
        if found and alike(found[-1][-1].given, call.given):
            found[-1].append(call)
        else:
            found.append([call])
    return found


def alike(one: str, other: str) -> bool:
    left, right = set(_WORD.findall(one[:5_000].lower())), set(_WORD.findall(other[:5_000].lower()))
    if not left or not right:
        return one == other
    return len(left & right) / len(left | right) >= SAME
