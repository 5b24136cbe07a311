"""Step 3: one check on the evidence, in the paged signal's windows first, then around other moments at which something changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.engine.check import Check
from bot.engine.evidence import nats
from bot.model.evidence import Evidence, Windows
from bot.model.finding import Examination, Grade, Role
from bot.model.report import Outcome

CONVINCING = 5.0  # nats: a strong discriminating test and more; several moments are tried, so one alone would not do


def examine(check: Check, evidence: Evidence, others: Sequence[Windows]) -> Examination:
    """What the check says of the primary windows, unless it is found convincingly around another moment.

    A fault in one request of fifty moves no signal over all requests; its own onset is then that of a version, or of another signal.
    """
    first = check.examine(evidence)
    if first.outcome is not Outcome.CLEAN or first.cause.startswith("none."):
        return first
    for windows in others:
        again = check.examine(replace(evidence, windows=windows, onset=(windows.current.start, windows.current.start)))
        if again.outcome is Outcome.FOUND and nats(again.clues) >= CONVINCING:
            return replace(again, windows=windows)
    return first


def all_strong(one: Examination) -> bool:
    required = [clue.measured.grade for clue in one.clues if clue.role is Role.REQUIRED]
    return bool(required) and all(grade is Grade.STRONG for grade in required)


def seen_by(evidence: Evidence, one: Examination) -> Evidence:
    """The evidence in the windows an examination was made in."""
    return replace(evidence, windows=one.windows) if one.windows is not None else evidence
