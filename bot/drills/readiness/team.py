"""What others may see: one's own scores and those of whom one mentors; of a team only figures over four people or more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import mean, median

from bot.drills.readiness.knowledge import levels
from bot.errors import NotAllowed
from bot.model.drill import Competency, DrillType, MarkedDrill
from bot.model.readiness import History, Readiness, Rotation, Standing
from bot.model.value import Value

FEWEST = 4  # people behind any figure of a team: behind three, each can work out the other two
WINDOW = timedelta(days=90)
BUS_FACTOR = 2  # people who have drilled a cause, before it counts as covered


class Figure(Value):
    """A mean over people, or None where fewer than four stand behind it."""

    value: float | None
    people: int


class Coverage(Value):
    """Which causes at least two people of the rotation have drilled of late."""

    covered: tuple[str, ...]
    once: tuple[str, ...]  # one person only: nobody is told who
    never: tuple[str, ...]

    @property
    def share(self) -> float:
        known = len(self.covered) + len(self.once) + len(self.never)
        return len(self.covered) / known if known else 0.0


class TeamView(Value):
    rotation: str
    people: int
    standings: Mapping[str, int] | None  # how many of each; None below four people
    page_score: Figure  # mean of the people's mean 2am page of the last ninety days
    levels: Mapping[str, Figure]  # competency -> median level
    coverage: Coverage


def may_read(viewer: str, person: str, rotation: Rotation) -> None:
    """NotAllowed unless it is the person themself or their mentor. A manager is neither: a pass is not a review of anybody's work."""
    found = next((one for one in rotation.people if one.id == person), None)
    if found is None or viewer not in (found.id, found.mentor):
        raise NotAllowed("scores are for the person and their mentor")


def team_view(
    rotation: Rotation, histories: Mapping[str, History], ready: Mapping[str, Readiness], causes: Iterable[str], now: datetime
) -> TeamView:
    """Figures over the whole team; NotAllowed when there are fewer than four people in it."""
    people = [person.id for person in rotation.people]
    if len(people) < FEWEST:
        raise NotAllowed(f"a team's figures need {FEWEST} people or more; {rotation.name} has {len(people)}")
    recent = {one: [drill for drill in histories[one].drills if timedelta() <= now - drill.at <= WINDOW] for one in people}
    pages = {one: [drill.score for drill in drills if drill.drill_type is DrillType.PAGE] for one, drills in recent.items()}
    standings = {state.value: sum(ready[one].standing is state for one in people) for state in Standing}
    return TeamView(
        rotation=rotation.name,
        people=len(people),
        standings=standings,
        page_score=_figure([mean(scores) for scores in pages.values() if scores]),
        levels=_levels({one: histories[one] for one in people if recent[one]}, now),
        coverage=coverage((drill for drills in recent.values() for drill in drills), causes, now),
    )


def coverage(drills: Iterable[MarkedDrill], causes: Iterable[str], now: datetime) -> Coverage:
    """Each cause by how many people drilled it in the last ninety days."""
    by: dict[str, set[str]] = defaultdict(set)
    for drill in drills:
        if drill.cause is not None and timedelta() <= now - drill.at <= WINDOW:
            by[drill.cause].add(drill.participant)
    known = sorted(set(causes))
    return Coverage(
        covered=tuple(one for one in known if len(by[one]) >= BUS_FACTOR),
        once=tuple(one for one in known if len(by[one]) == 1),
        never=tuple(one for one in known if not by[one]),
    )


def _levels(histories: Mapping[str, History], now: datetime) -> dict[str, Figure]:
    found: dict[Competency, list[float]] = defaultdict(list)
    for history in histories.values():
        for one in levels(history.drills, now, history.acts):
            if one.items:
                found[one.competency].append(one.level)
    return {one.value: _figure(found[one], median=True) for one in Competency}


def _figure(values: Sequence[float], *, median: bool = False) -> Figure:
    if len(values) < FEWEST:
        return Figure(value=None, people=len(values))
    return Figure(value=round(_median(values) if median else mean(values), 2), people=len(values))


def _median(values: Sequence[float]) -> float:
    return float(median(values))
