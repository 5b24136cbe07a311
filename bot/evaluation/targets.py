"""What was promised, and whether it holds: each target with what was measured, its interval and its n."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.evaluation.measure import Measure

Scores = Mapping[str, Measure]


@dataclass(frozen=True)
class Target:
    """`at_least` False: the limit is a ceiling. `profile` "" = all pages."""

    words: str
    score: str
    limit: float
    at_least: bool
    profile: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Held:
    """`holds` None: nothing was measured. `certain`: the whole interval lies on the same side of the limit as the value."""

    target: Target
    measured: Measure
    holds: bool | None
    certain: bool


def _floor(words: str, score: str, limit: float, profile: str = "") -> Target:
    return Target(words, score, limit, True, profile)


def _ceiling(words: str, score: str, limit: float, profile: str = "", unit: str = "") -> Target:
    return Target(words, score, limit, False, profile, unit)


TARGETS: tuple[Target, ...] = (
    _floor("right layer", "layer_at_1", 0.90, "rich"),
    _floor("right cause", "cause_at_1", 0.82, "rich"),
    _floor("right layer", "layer_at_1", 0.82, "typical"),
    _floor("right cause", "cause_at_1", 0.68, "typical"),
    _floor("fault not called no-fault", "fault_not_called_no_fault", 0.90, "sparse"),
    _floor("fault without the right layer: abstains", "abstained_where_not_right", 0.90, "sparse"),
    _ceiling("confidently wrong layer", "confident_wrong", 0.02, "rich"),
    _ceiling("confidently wrong layer", "confident_wrong", 0.02, "typical"),
    _ceiling("confidently wrong layer", "confident_wrong", 0.02, "sparse"),
    _ceiling("fault called no-fault", "fault_called_no_fault", 0.03, "rich"),
    _floor("no-fault recognised", "no_fault_recognised", 0.92),
    _ceiling("red herring blamed", "red_herring_blamed", 0.03),
    _floor("slice exact", "slice_exact", 0.85),
    _ceiling("onset, median error", "onset_error_median_min", 3.0, unit=" min"),
    _ceiling("calibration error of the cause", "ece_cause", 0.05),
    _ceiling("calibration error of the layer", "ece_layer", 0.05),
    _ceiling("calibration error of the verdict", "ece_verdict", 0.05),
    _floor("two faults, set F1", "two_faults_f1", 0.75),
    _ceiling("hard enough: the naive ladder's layer", "ladder_layer_at_1", 0.50),
)
"""In the order in which they were promised."""


def held(overall: Scores, by_profile: Mapping[str, Scores]) -> tuple[Held, ...]:
    return tuple(_held(one, (by_profile.get(one.profile, {}) if one.profile else overall).get(one.score)) for one in TARGETS)


def _held(target: Target, measured: Measure | None) -> Held:
    if measured is None or measured.value is None:
        return Held(target, measured or Measure(None, 0), None, False)
    holds = _meets(target, measured.value)
    ends = [end for end in (measured.low, measured.high) if end is not None]
    return Held(target, measured, holds, bool(ends) and all(_meets(target, end) == holds for end in ends))


def _meets(target: Target, value: float) -> bool:
    return value >= target.limit if target.at_least else value <= target.limit
