"""Which drills next: what is fading, what really happened, what this person takes for something else, what is new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from bot import checks
from bot.drills.repetition.memory import Item, Memory, is_due, items, memories, recall_of
from bot.drills.repetition.quiet import MINUTES
from bot.engine.groups import GROUPS
from bot.model.drill import Competency, DrillType, MarkedDrill

FADING, GAP, CONFUSED, NEW = 0.4, 0.3, 0.2, 0.1  # weights of the catalogue, 5.4
CONTRAST = 0.5  # a look-alike goes next when it is worth at least this share of the best: contrast teaches more than order
REMEMBERED = timedelta(days=90)  # how long an incident that nobody was trained for stays a gap


@dataclass(frozen=True)
class Offer:
    """One drill that could be asked. `cause` None: the right answer is to abstain."""

    scenario: str
    drill_type: DrillType
    cause: str | None
    competencies: tuple[Competency, ...]

    @property
    def minutes(self) -> float:
        return MINUTES[self.drill_type]


@dataclass(frozen=True)
class Team:
    """What the rotation lived through: when each cause last paged, and when anybody last drilled it."""

    paged: Mapping[str, datetime] = field(default_factory=dict)
    drilled: Mapping[str, datetime] = field(default_factory=dict)

    def gap(self, cause: str | None, now: datetime) -> bool:
        """It paged of late, and nobody has drilled it since."""
        paged = self.paged.get(cause or "")
        if paged is None or now - paged > REMEMBERED:
            return False
        drilled = self.drilled.get(cause or "")
        return drilled is None or drilled < paged


def choose(
    offers: Iterable[Offer],
    drills: Sequence[MarkedDrill],
    team: Team,
    now: datetime,
    *,
    minutes: float,
    most: int = 3,
    only_due: bool = True,
    held: Mapping[Item, Memory] | None = None,
) -> tuple[Offer, ...]:
    """The best drills for the person of these marks that fit the minutes, in the order to ask them.

    Only what is due, unless told otherwise; each cause once; of two as good, the longer one, which shows more. After a drill comes a
    look-alike, where one is nearly as worthwhile. `held`: the memories of these drills, where the caller has them.
    """
    held = memories(drills) if held is None else held
    asked = [one for one in offers if not only_due or is_due(items(*_of(one)), held, now)]
    missed = {cause: confusion(cause, drills) for cause in {one.cause for one in asked}}
    seen = {one.scenario for one in drills}
    worth = {one: _worth(one, held, team, now, missed[one.cause], one.scenario not in seen) for one in asked}
    left = sorted(worth, key=lambda one: (-worth[one], -one.minutes, one.scenario, one.drill_type))
    last = max(drills, key=lambda one: (one.at, one.scenario), default=None)
    before = last.cause if last is not None else None
    chosen: list[Offer] = []
    while left and len(chosen) < most:
        fitting = _fitting(left, before, minutes, most - len(chosen) - 1)
        if not fitting:
            break
        best = _contrast(fitting, before, worth) or fitting[0]
        chosen.append(best)
        minutes -= best.minutes
        before = best.cause
        left = [one for one in left if one.cause != best.cause]
    return tuple(chosen)


def _fitting(left: Sequence[Offer], before: str | None, minutes: float, more: int) -> list[Offer]:
    """What fits: at best beside `more` others and not the cause just asked; else with less."""
    others = [one for one in left if one.cause != before]
    spare = _spare(left, more)
    for held, room in ((others, minutes - spare), (others, minutes), (left, minutes)):
        found = [one for one in held if one.minutes <= room]
        if found:
            return found
    return []


def _spare(left: Sequence[Offer], more: int) -> float:
    """Minutes to keep, so that one long drill does not take the place of all others: the cheapest of that many further causes."""
    cheapest: dict[str | None, float] = {}
    for one in left:
        cheapest[one.cause] = min(one.minutes, cheapest.get(one.cause, one.minutes))
    return sum(sorted(cheapest.values())[:more]) if more > 0 else 0.0


def score(offer: Offer, drills: Sequence[MarkedDrill], held: Mapping[Item, Memory], team: Team, now: datetime) -> float:
    """What asking it is worth, 0..1."""
    new = all(one.scenario != offer.scenario for one in drills)
    return _worth(offer, held, team, now, confusion(offer.cause, drills), new)


def _worth(offer: Offer, held: Mapping[Item, Memory], team: Team, now: datetime, confused: float, new: bool) -> float:
    fading = FADING * (1.0 - recall_of(items(*_of(offer)), held, now)) * how_common(offer.cause)
    return fading + GAP * team.gap(offer.cause, now) + CONFUSED * confused + NEW * new


def confusion(cause: str | None, drills: Iterable[MarkedDrill]) -> float:
    """How often this person missed the cause in drills on it or on its look-alikes, 0..1; 0 when never asked."""
    near = look_alikes(cause)
    asked = [one for one in drills if one.cause in near]
    missed = sum(1 for one in asked if not _named(one))
    return missed / len(asked) if asked else 0.0


def _named(drill: MarkedDrill) -> bool:
    part = drill.part("cause")
    return part.points >= 0.5 * part.of if part is not None else drill.passed


@cache
def look_alikes(cause: str | None) -> frozenset[str]:
    """The cause and all it shares an ambiguity group with; empty for an abstention."""
    if cause is None:
        return frozenset()
    return frozenset({cause}.union(*(set(group.members) for group in GROUPS if cause in group.members)))


@cache
def _priors() -> dict[str, float]:
    weights = {check.slug: check.prior for check in checks.load()}
    top = max(weights.values())
    return {cause: weight / top for cause, weight in weights.items()}


def how_common(cause: str | None) -> float:
    """The cause's prior relative to the commonest, 0..1. An abstention is as common as the middle of them."""
    known = _priors()
    return known.get(cause, 0.5) if cause is not None else sorted(known.values())[len(known) // 2]


def team_of(everybody: Iterable[MarkedDrill], paged: Iterable[tuple[str | None, datetime]]) -> Team:
    """From the marks of the whole rotation and the (labelled) causes of its real pages."""
    drilled: dict[str, datetime] = {}
    for drill in everybody:
        if drill.cause is not None:
            drilled[drill.cause] = max(drill.at, drilled.get(drill.cause, drill.at))
    happened: dict[str, list[datetime]] = defaultdict(list)
    for cause, at in paged:
        if cause is not None:
            happened[cause].append(at)
    return Team({cause: max(times) for cause, times in happened.items()}, drilled)


def _contrast(fitting: Sequence[Offer], before: str | None, worth: Mapping[Offer, float]) -> Offer | None:
    near = look_alikes(before)
    found = next((one for one in fitting if one.cause in near), None)
    return found if found is not None and worth[found] >= CONTRAST * worth[fitting[0]] else None


def _of(offer: Offer) -> tuple[DrillType, str | None, tuple[Competency, ...]]:
    return offer.drill_type, offer.cause, offer.competencies
