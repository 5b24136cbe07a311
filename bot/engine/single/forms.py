"""Forms that the prompt asked for and the output does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.engine.single.blame import Blame, quoted
from bot.model.step import Step, Told

_MARK = re.compile(
    r"\b(?:write|end (?:with|your)|finish (?:with|by)|close (?:with|by)|add|append|put|output|include)\b[^.\n]{0,60}?"
    r"(</?[a-z][a-z0-9_]{2,30}>)"
    r"[^.\n]{0,20}?\b(?:tag|token|mark|marker|and stop)\b",
    re.I,
)
_TAIL = 10_000  # characters at the end of a prompt, where it says how to answer


def end_marks(told: Told) -> Iterator[Blame]:
    """The first turn without the mark that its prompt asks for. One that is also a stop sequence never can arrive."""
    for turn in told.of("llm"):
        wanted = _wanted(turn)
        if not wanted or not turn.said or turn.calls or turn.failed or wanted in turn.said:
            continue
        stops = wanted in turn.ends_at
        why = "; it is a stop sequence of the call too, so it is cut off and nobody downstream can check for it" if stops else ""
        claim = f"The prompt asks for {quoted(wanted, 40)} in the output, and it is not there{why}."
        yield Blame(turn.span_id, "prompt", "end_mark_missing", claim, {"mark": quoted(wanted, 40), "stop_sequence": stops})
        return


def _wanted(turn: Step) -> str:
    for one in reversed(turn.asked):
        if one.role != "assistant":
            found = _MARK.findall(one.text[-_TAIL:])
            return str(found[-1]) if found else ""
    return ""
