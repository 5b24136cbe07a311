"""How incidents went, and how often the engine was right about them: counted over closed incidents, never over all pages."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from bot.drills.outcome.shares import Minutes, Share, minutes, share
from bot.drills.readiness.team import FEWEST
from bot.drills.repetition.quiet import at_night
from bot.model.outcome import Course, Milestone, MilestoneKind
from bot.model.readiness import RealPage, Rotation
from bot.model.value import Value

REPEATS = timedelta(days=90)  # a cause that comes back within this was not cured
NONE = "none"  # the layer of a page without a fault


class Repeat(Value):
    cause: str
    service: str | None
    times: int
    incidents: tuple[str, ...]


class Accuracy(Value):
    """The engine's word on closed incidents that have a label."""

    layer: Share
    cause: Share
    by_layer: Mapping[str, Share]  # of the label
    confidently_wrong: Share  # confidence of .8 or more, and the layer was another
    abstained: int
    from_reviews: int  # labels that a review gave; the others are votes
    unlabelled: int  # closed, and nobody said what it was


class Incidents(Value):
    closed: int
    to_right_layer: Minutes  # page -> the first person who named the layer that the review found
    to_mitigation: Minutes
    in_wrong_layer: Minutes  # from the first wrong name to the first right one, where there was one
    escalated_with_evidence: Share  # of the escalations: with a layer and at least one piece of evidence
    without_ai_team: Share  # of closed incidents with a fault
    repeats: tuple[Repeat, ...]
    night_pages: Minutes | None  # median a person; None below four people
    accuracy: Accuracy


CONFIDENT = 0.8


def incidents(
    courses: Sequence[Course],
    earlier: Sequence[Course] = (),
    taken: Mapping[str, Sequence[RealPage]] | None = None,
    rotation: Rotation | None = None,
) -> Incidents:
    """`earlier`: closed before, for what comes back; `taken`: pages of the same time by person."""
    said = [one for course in courses for one in course.milestones]
    escalations = [one for one in said if one.kind is MilestoneKind.ESCALATED]
    faults = [one for one in courses if one.label is None or one.label.layer != NONE]
    return Incidents(
        closed=len(courses),
        to_right_layer=minutes([found for one in courses if (found := _to_right_layer(one)) is not None]),
        to_mitigation=minutes([found for one in courses if (found := _first(one, MilestoneKind.MITIGATED)) is not None]),
        in_wrong_layer=minutes([found for one in courses if (found := _in_wrong_layer(one)) is not None]),
        escalated_with_evidence=share(one.layer is not None and bool(one.evidence) for one in escalations),
        without_ai_team=share(not any(mark.kind is MilestoneKind.ESCALATED for mark in one.milestones) for one in faults),
        repeats=repeats(courses, earlier),
        night_pages=_nights(taken, rotation) if taken is not None and rotation is not None else None,
        accuracy=accuracy(courses),
    )


def accuracy(courses: Iterable[Course]) -> Accuracy:
    held = list(courses)
    labelled = [one for one in held if one.label is not None and one.told is not None]
    by_layer: dict[str, list[bool]] = defaultdict(list)
    for one in labelled:
        by_layer[_label(one)].append(_layer_right(one))
    confident = [one for one in labelled if one.told is not None and one.told.confidence >= CONFIDENT]
    return Accuracy(
        layer=share(_layer_right(one) for one in labelled),
        cause=share(_cause_right(one) for one in labelled),
        by_layer={layer: share(found) for layer, found in sorted(by_layer.items())},
        confidently_wrong=share(not _layer_right(one) for one in confident),
        abstained=sum(one.told is not None and one.told.verdict == "insufficient_data" for one in labelled),
        from_reviews=sum(one.label is not None and one.label.source == "review" for one in labelled),
        unlabelled=sum(one.label is None for one in held),
    )


def repeats(courses: Sequence[Course], earlier: Sequence[Course] = ()) -> tuple[Repeat, ...]:
    """Causes of these incidents that had come within ninety days before, on the same service; the most frequent first."""
    now = {one.incident for one in courses}
    of: dict[tuple[str, str | None], list[Course]] = defaultdict(list)
    for one in sorted((*earlier, *courses), key=lambda course: (course.paged_at, course.incident)):
        if one.label is not None and one.label.cause is not None and one.label.layer != NONE:
            of[one.label.cause, one.service].append(one)
    found = []
    for (cause, service), group in of.items():
        near = [one for before, one in itertools.pairwise(group) if one.paged_at - before.paged_at <= REPEATS and one.incident in now]
        if near:
            names = tuple(one.incident for one in group)
            found.append(Repeat(cause=cause, service=service, times=len(near), incidents=names))
    return tuple(sorted(found, key=lambda one: (-one.times, one.cause, one.service or "")))


def _label(course: Course) -> str:
    assert course.label is not None
    return course.label.layer or "unknown"


def _layer_right(course: Course) -> bool:
    """A page without a fault is right when it was called one."""
    assert course.label is not None
    assert course.told is not None
    if course.label.layer == NONE:
        return course.told.verdict == "no_fault"
    return course.told.verdict == "fault" and course.told.layer == course.label.layer


def _cause_right(course: Course) -> bool:
    assert course.label is not None
    assert course.told is not None
    return course.label.cause is not None and course.told.cause == course.label.cause


def _named(course: Course) -> list[Milestone]:
    return [one for one in course.milestones if one.kind in (MilestoneKind.NAMED, MilestoneKind.ESCALATED) and one.layer is not None]


def _to_right_layer(course: Course) -> float | None:
    if course.label is None:
        return None
    right = next((one for one in _named(course) if one.layer == course.label.layer), None)
    return (right.at - course.paged_at).total_seconds() / 60.0 if right is not None else None


def _in_wrong_layer(course: Course) -> float | None:
    if course.label is None:
        return None
    wrong = next((one for one in _named(course) if one.layer != course.label.layer), None)
    if wrong is None:
        return None
    right = next((one for one in _named(course) if one.layer == course.label.layer and one.at > wrong.at), None)
    return ((right.at if right is not None else course.resolved_at) - wrong.at).total_seconds() / 60.0


def _first(course: Course, kind: MilestoneKind) -> float | None:
    found = next((one for one in course.milestones if one.kind is kind), None)
    return (found.at - course.paged_at).total_seconds() / 60.0 if found is not None else None


def _nights(taken: Mapping[str, Sequence[RealPage]], rotation: Rotation) -> Minutes | None:
    if len(rotation.people) < FEWEST:
        return None
    zones = {one.id: one.zone for one in rotation.people}
    woken = Counter(dict.fromkeys(zones, 0))
    for person, pages in taken.items():
        woken[person] += sum(at_night(page.at, zones[person]) for page in pages if person in zones)
    return minutes([float(count) for count in woken.values()])
