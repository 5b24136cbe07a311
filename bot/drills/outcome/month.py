"""One month: which of all that is kept belongs to it, and the figures of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.drills.outcome.incidents import REPEATS, Incidents, incidents
from bot.drills.outcome.learning import Item, Learning, items, learning
from bot.drills.outcome.shares import Minutes
from bot.drills.readiness.team import Coverage, coverage
from bot.errors import BadInput
from bot.model.drill import MarkedDrill
from bot.model.outcome import Course
from bot.model.readiness import RealPage, Rotation
from bot.model.value import Value

TREND = 6  # months in the picture, this one included
KEPT = timedelta(days=180)  # marks that a scenario is judged by: a month alone has too few
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class Month(Value):
    """`[start, end)` in UTC; `name` is `2026-10`."""

    name: str
    start: datetime
    end: datetime

    def before(self, n: int) -> Month:
        """The month `n` earlier."""
        count = self.start.year * 12 + self.start.month - 1 - n
        return month(f"{count // 12:04d}-{count % 12 + 1:02d}")


class Covered(Value):
    rotation: str
    people: int
    coverage: Coverage


class Report(Value):
    month: str
    incidents: Incidents
    trend: tuple[tuple[str, Minutes], ...]  # month -> page to the right layer, oldest first
    drills: int
    learning: Learning
    items: tuple[Item, ...]
    covered: tuple[Covered, ...]


def month(name: str) -> Month:
    """BadInput for anything but YYYY-MM."""
    if not _MONTH.fullmatch(name):
        raise BadInput("must be YYYY-MM", place="--month")
    year, number = int(name[:4]), int(name[5:])
    if year < 1970:
        raise BadInput("must be 1970 or later", place="--month")
    after = (year + 1, 1) if number == 12 else (year, number + 1)
    return Month(name=name, start=datetime(year, number, 1, tzinfo=UTC), end=datetime(*after, 1, tzinfo=UTC))


def report(
    of: Month,
    courses: Sequence[Course],
    drills: Sequence[MarkedDrill],
    disputed: Mapping[str, int],
    rotations: Sequence[Rotation],
    taken: Mapping[str, Mapping[str, Sequence[RealPage]]],
    causes: Sequence[str],
) -> Report:
    """`courses`, `drills`: all there is, also from other months; `taken`: rotation -> person -> pages."""
    inside = [one for one in courses if of.start <= one.resolved_at < of.end]
    earlier = [one for one in courses if of.start - REPEATS <= one.resolved_at < of.start]
    recent = [one for one in drills if of.end - KEPT <= one.at < of.end]
    largest = max(rotations, key=lambda one: (len(one.people), one.name), default=None)
    pages = _within(taken[largest.name], of) if largest is not None and largest.name in taken else None
    return Report(
        month=of.name,
        incidents=incidents(inside, earlier, pages, largest),
        trend=tuple((of.before(n).name, _to_right_layer(courses, of.before(n))) for n in range(TREND - 1, -1, -1)),
        drills=sum(of.start <= one.at < of.end for one in drills),
        learning=learning(recent),
        items=items(recent, disputed),
        covered=tuple(_covered(one, recent, causes, of) for one in rotations),
    )


def first_needed(of: Month) -> datetime:
    """The earliest moment anything is read from: the trend, and what may have come back."""
    return min(of.before(TREND - 1).start, of.start - REPEATS, of.end - KEPT)


def _to_right_layer(courses: Sequence[Course], of: Month) -> Minutes:
    return incidents([one for one in courses if of.start <= one.resolved_at < of.end]).to_right_layer


def _within(taken: Mapping[str, Sequence[RealPage]], of: Month) -> dict[str, list[RealPage]]:
    return {person: [page for page in pages if of.start <= page.at < of.end] for person, pages in taken.items()}


def _covered(rotation: Rotation, drills: Sequence[MarkedDrill], causes: Sequence[str], of: Month) -> Covered:
    people = {one.id for one in rotation.people}
    theirs = [one for one in drills if one.participant in people]
    return Covered(rotation=rotation.name, people=len(people), coverage=coverage(theirs, causes, of.end))
