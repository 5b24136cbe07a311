"""What a person probably still knows: FSRS over their marked drills.

Nothing is stored: the memory is folded from the marks each time, so that a mark corrected after a dispute corrects it as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from fsrs import Card, Rating, Scheduler
from fsrs.scheduler import DEFAULT_PARAMETERS

from bot.model.drill import Competency, DrillType, MarkedDrill

RETENTION = 0.85  # an item is due when the chance to recall it falls below
RETENTION_SEV1 = 0.90  # for what may not be forgotten
LONGEST_DAYS = 120  # even what is known by heart is asked three times a year
SEV1 = frozenset(
    {
        "prompt.safety_section_missing",
        "prompt.pii_in_examples",
        "infra.abuse_injection",
        "infra.cache_wrong_hit",  # one customer sees another's answer
        "model.quota_exhausted",  # everything stops, and waiting does not help
    }
)
ABSTAIN = "abstain"  # the item's cause where the right answer was that the data do not tell
PARAMETERS = (0.212, 0.455, 0.65, 1.625, *DEFAULT_PARAMETERS[4:8], 0.55, *DEFAULT_PARAMETERS[9:])
"""FSRS's own but for the first stabilities (w0-w3, days) and the growth (w8): good answers then come at 1, 4, 10, 25, 57, 120 days,
which is the catalogue's ladder. With the defaults, fitted on vocabulary cards, the second answer would keep for a month."""
HARD, GOOD, EASY = 50.0, 70.0, 90.0  # scores from which a mark is no longer the grade below


class Item(NamedTuple):
    """What is remembered or forgotten as one."""

    competency: Competency
    cause: str
    drill_type: DrillType


@dataclass(frozen=True)
class Memory:
    """One item as of the last time it was asked."""

    card: Card
    retention: float

    def recall(self, now: datetime) -> float:
        """Probability of recall, 0..1."""
        return _scheduler(self.retention).get_card_retrievability(self.card, now.astimezone(UTC))

    def due(self, now: datetime) -> bool:
        return now >= self.due_at

    @property
    def due_at(self) -> datetime:
        return self.card.due

    @property
    def stability_days(self) -> float:
        """Days until recall has fallen to 90 %."""
        return self.card.stability or 0.0


def items(drill_type: DrillType, cause: str | None, competencies: Iterable[Competency]) -> tuple[Item, ...]:
    return tuple(Item(one, cause or ABSTAIN, drill_type) for one in sorted(competencies))


def memories(drills: Iterable[MarkedDrill]) -> dict[Item, Memory]:
    """Every item this person was ever asked -> what is left of it. One person's drills, in any order."""
    held: dict[Item, Memory] = {}
    for drill in sorted(drills, key=lambda one: (one.at, one.scenario)):
        review(held, drill)
    return held


def review(held: dict[Item, Memory], drill: MarkedDrill) -> None:
    """Add one drill, later than all before, to what is held."""
    for item in items(drill.drill_type, drill.cause, drill.competencies):
        held[item] = _reviewed(held.get(item), item, drill)


def recall_of(wanted: Iterable[Item], held: Mapping[Item, Memory], now: datetime) -> float:
    """The weakest of the items; 0 for one never asked."""
    return min((held[item].recall(now) if item in held else 0.0 for item in wanted), default=0.0)


def is_due(wanted: Iterable[Item], held: Mapping[Item, Memory], now: datetime) -> bool:
    return any(item not in held or held[item].due(now) for item in wanted)


def grade(score: float) -> Rating:
    """A score of 0..100 as the library's grade."""
    if score < HARD:
        return Rating.Again
    if score < GOOD:
        return Rating.Hard
    return Rating.Good if score < EASY else Rating.Easy


def _reviewed(before: Memory | None, item: Item, drill: MarkedDrill) -> Memory:
    retention = RETENTION_SEV1 if item.cause in SEV1 else RETENTION
    card = before.card if before is not None else Card(card_id=1, due=drill.at)  # the default id is the wall clock's
    reviewed, _ = _scheduler(retention).review_card(card, grade(drill.score), drill.at)
    return Memory(reviewed, retention)


@cache
def _scheduler(retention: float) -> Scheduler:
    """No steps of minutes: a drill is asked again on another day. No fuzz: the same marks must give the same day."""
    return Scheduler(
        PARAMETERS,
        desired_retention=retention,
        learning_steps=(),
        relearning_steps=(),
        maximum_interval=LONGEST_DAYS,
        enable_fuzzing=False,
    )
