"""What drills taught, and which of them are good questions."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from statistics import mean, median

from bot.drills.outcome.shares import Share, share
from bot.drills.repetition.choose import look_alikes
from bot.model.drill import DrillType, MarkedDrill
from bot.model.value import Value

DISCRIMINATES = 0.2  # point-biserial below which a drill does not tell who can from who cannot
EASY, HARD = 0.9, 0.3  # pass shares outside which it tells nothing of anybody
ENOUGH = 8  # answers before a drill is judged
DISPUTED = 0.03
RETAINED = timedelta(days=60)
FEWEST = 4  # people behind any figure


class Item(Value):
    """One scenario as a question."""

    scenario: str
    answers: int
    passed: float  # the p-value of testing: the share that passes
    discrimination: float | None  # point-biserial of passing against the person's other scores; None when it cannot be said
    median_s: float | None
    disputed: int = 0
    flags: tuple[str, ...] = ()


class Learning(Value):
    """Over a team of four or more; each None below that."""

    people: int
    gain: float | None  # mean of the last three 2am pages less that of the first three
    retained: Share  # of items asked again after sixty days or more: passed
    brier: float | None  # of stated confidence against having the layer right
    overconfidence: float | None  # mean confidence less the share that was right
    confused: Mapping[str, int]  # "a -> look-alikes": how often the cause was missed in drills of an ambiguity group


def items(drills: Iterable[MarkedDrill], disputed: Mapping[str, int] | None = None) -> tuple[Item, ...]:
    """Every scenario that was answered, by name."""
    held = sorted(drills, key=lambda one: (one.at, one.participant, one.scenario))
    of: dict[str, list[MarkedDrill]] = defaultdict(list)
    for one in held:
        of[one.scenario].append(one)
    rest = _rest_scores(held)
    return tuple(_item(name, answers, rest, (disputed or {}).get(name, 0)) for name, answers in sorted(of.items()))


def _item(name: str, answers: Sequence[MarkedDrill], rest: Mapping[tuple[str, str], float], disputed: int) -> Item:
    passed = mean(one.passed for one in answers)
    pairs = [(one.passed, rest[one.participant, name]) for one in answers if (one.participant, name) in rest]
    found = point_biserial(pairs)
    timed = [one.seconds for one in answers if one.seconds is not None]
    flags = []
    if len(answers) >= ENOUGH:
        flags += ["too easy"] if passed > EASY else ["too hard"] if passed < HARD else []
        flags += ["does not discriminate"] if found is not None and found < DISCRIMINATES else []
        flags += ["disputed"] if disputed / len(answers) >= DISPUTED else []
    return Item(
        scenario=name,
        answers=len(answers),
        passed=round(passed, 3),
        discrimination=round(found, 3) if found is not None else None,
        median_s=round(median(timed), 1) if timed else None,
        disputed=disputed,
        flags=tuple(flags),
    )


def point_biserial(pairs: Sequence[tuple[bool, float]]) -> float | None:
    """Correlation of passing with a score elsewhere; None with fewer than `ENOUGH`, or when one of the two never varies."""
    if len(pairs) < ENOUGH:
        return None
    hits = [score for passed, score in pairs if passed]
    misses = [score for passed, score in pairs if not passed]
    scores = [score for _, score in pairs]
    spread = math.sqrt(mean((score - mean(scores)) ** 2 for score in scores))
    if not hits or not misses or spread == 0:
        return None
    share_hit = len(hits) / len(pairs)
    return (mean(hits) - mean(misses)) / spread * math.sqrt(share_hit * (1 - share_hit))


def _rest_scores(drills: Sequence[MarkedDrill]) -> dict[tuple[str, str], float]:
    """(person, scenario) -> the person's mean score in all other scenarios."""
    by: dict[str, list[MarkedDrill]] = defaultdict(list)
    for one in drills:
        by[one.participant].append(one)
    found: dict[tuple[str, str], float] = {}
    for person, held in by.items():
        for name in {one.scenario for one in held}:
            others = [one.score for one in held if one.scenario != name]
            if others:
                found[person, name] = mean(others)
    return found


def learning(drills: Iterable[MarkedDrill]) -> Learning:
    held = sorted(drills, key=lambda one: (one.at, one.participant, one.scenario))
    people = {one.participant for one in held}
    if len(people) < FEWEST:
        return Learning(people=len(people), gain=None, retained=Share(k=0, n=0), brier=None, overconfidence=None, confused={})
    sure = [(one.confidence, one.layer_right) for one in held if one.confidence is not None]
    return Learning(
        people=len(people),
        gain=_gain(held),
        retained=share(_later(held)),
        brier=round(mean((stated - right) ** 2 for stated, right in sure), 3) if sure else None,
        overconfidence=round(mean(stated for stated, _ in sure) - mean(right for _, right in sure), 3) if sure else None,
        confused=_confused(held),
    )


def _gain(drills: Sequence[MarkedDrill]) -> float | None:
    by: dict[str, list[float]] = defaultdict(list)
    for one in drills:
        if one.drill_type is DrillType.PAGE:
            by[one.participant].append(one.score)
    gains = [mean(scores[-3:]) - mean(scores[:3]) for scores in by.values() if len(scores) >= 6]
    return round(mean(gains), 1) if len(gains) >= FEWEST else None


def _later(drills: Sequence[MarkedDrill]) -> list[bool]:
    """Passing, of drills on a cause that this person had passed in this form and was not asked for sixty days."""
    last: dict[tuple[str, str, str], MarkedDrill] = {}
    found = []
    for one in drills:
        key = (one.participant, one.cause or "", one.drill_type.value)
        before = last.get(key)
        if before is not None and before.passed and one.at - before.at >= RETAINED:
            found.append(one.passed)
        last[key] = one
    return found


def _confused(drills: Sequence[MarkedDrill]) -> dict[str, int]:
    missed: dict[str, int] = defaultdict(int)
    for one in drills:
        near = look_alikes(one.cause)
        part = one.part("cause")
        if len(near) > 1 and part is not None and part.points < 0.5 * part.of:
            missed[f"{one.cause} or {', '.join(sorted(near - {str(one.cause)}))}"] += 1
    return dict(sorted(missed.items(), key=lambda pair: (-pair[1], pair[0])))
