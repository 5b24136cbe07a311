"""All that is held against the spans of one trace, most blameworthy first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from bot.engine.single import errors, forms, grounding, quality, repeating, timing
from bot.engine.single.blame import Blame
from bot.model.step import Told

LOOKS: tuple[Callable[[Told], Iterable[Blame]], ...] = (
    errors.failures,
    timing.deadlines,
    quality.soft,
    grounding.ungrounded,
    grounding.spoken_only,
    grounding.guesses,
    repeating.repeated,
    forms.end_marks,
)

ORDER = (
    "escaped_error",  # hard faults first (catalogue 2.5): nobody handled it, so the user saw it
    "deadline",
    "no_documents",  # then what a layer said of itself
    "partial_documents",
    "unresolved_variables",
    "cut_off_answer",
    "filtered_answer",
    "refused_answer",
    "broken_output",
    "empty_result",
    "blocked",
    "outer_error",
    # then how an agent went about it, in the order of how often each was right on one half of the public traces (docs/trace.md)
    "malformed_arguments_again",
    "plan_skipped",
    "tool_not_called",
    "guessed_answer",
    "call_not_made",
    "step_not_carried_out",
    "guess_given_as_answer",
    "malformed_arguments",
    "unparsable_action",
    "unparsable_action_again",
    "failing_call_again",
    "repeated_call",
    "repeated_error",
    "handled_error",
    "wrong_tool_for_input",
    "wrong_tool_for_input_again",
    "fruitless_query",
    "fruitless_query_again",
    "failing_call",
    "unsupported_answer",
    "end_mark_missing",
)
_RANK = {kind: at for at, kind in enumerate(ORDER)}


def judge(told: Told, most: int = 3, slow: bool = False) -> list[Blame]:
    """At most `most` findings, no two about the same span and layer. `slow`: the complaint was about time, so say where it went."""
    found: dict[tuple[str, str], Blame] = {}
    for blame in sorted(_all(told), key=lambda one: (_place(one), told.rank.get(one.span_id, 0), one.layer)):
        found.setdefault((blame.span_id, blame.layer), blame)
    first = list(timing.slowest(told)) if slow else []
    return [*first, *found.values()][:most]


def _place(blame: Blame) -> int:
    """A call that could not work, and whose error escaped, stands before the error itself: it is where things first went wrong."""
    if blame.evidence.get("handled") is False and blame.kind in ("malformed_arguments", "unparsable_action"):
        return -1
    return _RANK[blame.kind]


def _all(told: Told) -> Iterator[Blame]:
    for look in LOOKS:
        yield from look(told)
