"""Bayesian knowledge tracing: from marked drills to the level of each competency (catalogue 5.1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.drills.repetition.memory import ABSTAIN
from bot.model.drill import Competency, DrillType, MarkedDrill
from bot.model.readiness import Act, ActKind, Level

PRIOR = 0.2  # P(known) before the first item: somebody hired to carry a pager has met a fifth of it
SLIP, GUESS, GUESS_OF_CHOICES, LEARN = 0.1, 0.2, 0.25, 0.15
CHOICES = frozenset({DrillType.FLASH_CARD, DrillType.PAIRS, DrillType.TWO_WINDOWS})  # one answer of a few

AWARE = 0.5
TRIAGES, TRIAGES_ITEMS, TRIAGES_CAUSES = 0.85, 4, 3
FRESH = timedelta(days=90)  # an item older than that no longer shows what somebody can do tonight
RESOLVES, RESOLVES_ITEMS, RESOLVES_CAUSES = 0.95, 8, 5
BY_HAND = frozenset({DrillType.ROLLBACK, DrillType.WHEEL})  # done, not only named
ENOUGH = 0.6  # share of a part's points from which the part counts as right

PARTS: dict[Competency, tuple[str, ...]] = {
    Competency.REQUEST_MAP: ("layer",),
    Competency.ORIGIN: ("layer",),
    Competency.MODEL: ("cause",),
    Competency.PROMPT: ("cause",),
    Competency.RETRIEVAL: ("cause",),
    Competency.TOOL: ("cause",),
    Competency.ECONOMICS: ("cause",),
    Competency.STATISTICS: ("slice", "onset", "evidence"),
    Competency.MEASUREMENT: ("cause", "layer"),
    Competency.SAFETY: ("cause", "action"),
    Competency.MITIGATION: ("action", "verify"),
    Competency.COMMUNICATION: ("status",),
}
"""Which parts of a long drill's mark show which competency; a drill without such a part counts as a whole."""


class Observed(NamedTuple):
    """One item of one competency."""

    at: datetime
    cause: str
    right: bool
    drill_type: DrillType


def right(drill: MarkedDrill, competency: Competency) -> bool:
    """Whether this mark shows that the competency is there."""
    parts = [part for name in PARTS[competency] if (part := drill.part(name)) is not None and part.of > 0]
    if not parts:
        return drill.passed
    return sum(part.points for part in parts) >= ENOUGH * sum(part.of for part in parts)


def observations(drills: Iterable[MarkedDrill], competency: Competency) -> tuple[Observed, ...]:
    """Oldest first."""
    found = (
        Observed(one.at, one.cause or ABSTAIN, right(one, competency), one.drill_type) for one in drills if competency in one.competencies
    )
    return tuple(sorted(found))


def known(observed: Iterable[Observed]) -> float:
    """P(known) after these items, oldest first."""
    probability = PRIOR
    for one in observed:
        guess = GUESS_OF_CHOICES if one.drill_type in CHOICES else GUESS
        hit, miss = (1.0 - SLIP, guess) if one.right else (SLIP, 1.0 - guess)
        seen = probability * hit / (probability * hit + (1.0 - probability) * miss)
        probability = seen + (1.0 - seen) * LEARN
    return probability


def level(drills: Iterable[MarkedDrill], competency: Competency, now: datetime, acts: Iterable[Act] = ()) -> Level:
    """The level as of `now`; items after it are not looked at."""
    observed = [one for one in observations(drills, competency) if one.at <= now]
    probability = known(observed)
    taught = any(act.kind is ActKind.TAUGHT and act.what == competency and act.at <= now for act in acts)
    return Level(
        competency=competency,
        level=_level(observed, probability, now, taught) if observed else 0,
        known=round(probability, 4),
        items=len(observed),
        causes=len({one.cause for one in observed}),
        last=observed[-1].at if observed else None,
    )


def levels(drills: Iterable[MarkedDrill], now: datetime, acts: Iterable[Act] = ()) -> tuple[Level, ...]:
    """All twelve, K1 first."""
    marked, done = tuple(drills), tuple(acts)
    return tuple(level(marked, one, now, done) for one in Competency)


def _level(observed: list[Observed], probability: float, now: datetime, taught: bool) -> int:
    causes = {one.cause for one in observed}
    fresh = now - observed[-1].at <= FRESH
    if probability < TRIAGES or len(observed) < TRIAGES_ITEMS or len(causes) < TRIAGES_CAUSES or not fresh:
        return 1 if probability >= AWARE else 0
    by_hand = any(one.right and one.drill_type in BY_HAND for one in observed)
    if probability < RESOLVES or len(observed) < RESOLVES_ITEMS or len(causes) < RESOLVES_CAUSES or not by_hand:
        return 2
    return 4 if taught else 3
