"""All scores of a corpus in one value, and as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bot.evaluation import confusion
from bot.evaluation.cuts import CUTS, PROFILES, cut, short
from bot.evaluation.floors import constants
from bot.evaluation.measure import Measure
from bot.evaluation.row import Row, Rows, faults, quiet, unfelt
from bot.evaluation.scores.calibration import Bin, calibration, cause_pairs, layer_pairs, reliability, verdict_pairs
from bot.evaluation.scores.herrings import herrings
from bot.evaluation.scores.naming import naming
from bot.evaluation.scores.onset import onset
from bot.evaluation.scores.selective import Step, curve, selective, worth
from bot.evaluation.scores.sets import sets
from bot.evaluation.scores.slicing import exact, slicing
from bot.evaluation.scores.verdicts import verdicts
from bot.evaluation.targets import Held, held
from bot.model.value import moment, rfc3339
from bot.stats.exact import mcnemar
from bot.stats.figures import figure

Scores = dict[str, Measure]
LADDER = "naive ladder"
MIDWATCH = "Midwatch"


@dataclass(frozen=True)
class About:
    """Where the numbers come from. `date`: YYYY-MM-DD; `seed`: of the simulated split, None for a folder of bundles."""

    corpus: str
    date: str = ""
    seed: int | None = None
    version: str = ""
    config_hash: str = ""
    commit: str = ""


@dataclass(frozen=True)
class Against:
    """Two systems on the same pages: how many only one of them got right, and the exact McNemar p of that."""

    only_midwatch: int
    only_other: int
    p: float


@dataclass(frozen=True)
class Summary:
    """`systems`: the floors beside the engine, by the same functions. `same_bytes`: (identical, compared), None when not asked."""

    about: About
    rows: Rows
    scores: Scores
    profiles: Mapping[str, Scores]
    systems: Mapping[str, Scores]
    cuts: Mapping[str, Mapping[str, Scores]]
    targets: tuple[Held, ...]
    curve: list[Step]
    reliability: Mapping[str, list[Bin]]
    confusion: Mapping[str, confusion.Matrix]
    against: Mapping[str, Against]
    same_bytes: tuple[int, int] | None = None
    different: tuple[str, ...] = field(default=())


def score(rows: Rows) -> Scores:
    """Every family, flat: the names are unique."""
    found: Scores = {}
    for family in (naming, verdicts, selective, calibration, onset, slicing, sets, herrings):
        found |= family(rows)
    return found


def summarise(rows: Rows, about: About, different: tuple[str, ...] | None = None) -> Summary:
    """`rows` carry the ladder's answers in `others`; the constants are added here, since they are chosen from all rows.

    `different`: scenarios whose second report had other bytes, None when there was no second run.
    """
    floors = constants(rows)
    systems = {name: [row.of(name) for row in rows] for name in sorted({name for row in rows for name in row.others})}
    systems |= {name: [replace(row, answer=floors[name]) for row in rows] for name in floors}
    overall = score(rows)
    by_profile = {profile: score(part) for profile, part in cut(rows, "profile").items()}
    named = {name: {**naming(part), **verdicts(part), **selective(part), **sets(part)} for name, part in systems.items()}
    ladder = {"ladder_layer_at_1": named[LADDER]["layer_at_1"]} if LADDER in named else {}
    return Summary(
        about=about,
        rows=rows,
        scores=overall,
        profiles=by_profile,
        systems=named,
        cuts={by: {value: short(part) for value, part in cut(rows, by).items()} for by in CUTS},
        targets=held(overall | ladder, by_profile),
        curve=curve(rows),
        reliability={
            "cause": reliability(cause_pairs(rows)),
            "layer": reliability(layer_pairs(rows)),
            "verdict": reliability(verdict_pairs(rows)),
        },
        confusion={"layers": confusion.layers(rows), "groups": confusion.groups(rows)},
        against={name: _against(rows, part) for name, part in systems.items()},
        same_bytes=None if different is None else (len(rows) - len(different), len(rows)),
        different=different or (),
    )


def _against(rows: Rows, other: Rows) -> Against:
    pairs = [(mine.all_right, theirs.all_right) for mine, theirs in zip(rows, other, strict=True)]
    mine, theirs = sum(a and not b for a, b in pairs), sum(b and not a for a, b in pairs)
    return Against(mine, theirs, mcnemar(theirs, mine))


def document(summary: Summary) -> dict[str, Any]:
    """The JSON document of `midwatch eval --json`."""
    rows = summary.rows
    return {
        "schema": "midwatch.eval/1",
        **asdict(summary.about),
        "n": {"pages": len(rows), "faults": len(faults(rows)), "no_fault": len(quiet(rows)), "no_impact": len(unfelt(rows))},
        "targets": [_target(one) for one in summary.targets],
        "scores": _measures(summary.scores),
        "by": {by: {value: _measures(part) for value, part in cuts.items()} for by, cuts in summary.cuts.items()},
        "by_profile": {profile: _measures(summary.profiles[profile]) for profile in _profiles(summary)},
        "systems": {name: _measures(part) for name, part in summary.systems.items()},
        "against": {name: asdict(one) for name, one in summary.against.items()},
        "curve": [_step(one) for one in summary.curve],
        "reliability": {name: [_bin(one) for one in bins] for name, bins in summary.reliability.items()},
        "confusion": {name: asdict(matrix) for name, matrix in summary.confusion.items()},
        "mistakes": [{"cause": true, "answered": said, "n": n} for true, said, n in confusion.mistakes(rows)],
        "failed": [{"name": row.name, "why": row.failed} for row in rows if row.failed],
        "broken": sorted({check for row in rows for check in row.answer.broken}),
        "same_bytes": None if summary.same_bytes is None else {"identical": summary.same_bytes[0], "of": summary.same_bytes[1]},
        "scenarios": [_scenario(row) for row in rows],
    }


def _profiles(summary: Summary) -> list[str]:
    return [*(one for one in PROFILES if one in summary.profiles), *sorted(set(summary.profiles) - set(PROFILES))]


def _measures(scores: Mapping[str, Measure]) -> dict[str, object]:
    return {name: one.document() for name, one in scores.items()}


def _step(one: Step) -> dict[str, object]:
    return {
        "coverage": one.coverage,
        "confidence": one.confidence,
        "right": one.right.document(),
        "layer_right": one.layer_right.document(),
    }


def _bin(one: Bin) -> dict[str, object]:
    return {"low": one.low, "high": one.high, "stated": figure(one.stated), "observed": one.observed.document()}


def _target(one: Held) -> dict[str, object]:
    return {
        "target": one.target.words,
        "profile": one.target.profile or "all",
        "score": one.target.score,
        "limit": one.target.limit,
        "at_least": one.target.at_least,
        "measured": one.measured.document(),
        "holds": one.holds,
        "certain": one.certain,
    }


def _scenario(row: Row) -> dict[str, object]:
    """One line a scenario: what was true, what was said, and what that is worth."""
    told = row.answer
    return {
        "name": row.name,
        "profile": row.truth.profile,
        "severity": row.truth.severity,
        "verdict": row.truth.verdict.value,
        "impact": row.truth.impact,
        "causes": list(row.truth.causes),
        "answered": {
            "verdict": told.verdict.value,
            "layer": told.layer,
            "cause": told.cause,
            "group": sorted(told.group) if told.group else None,
            "confidence": told.confidence,
            "layer_confidence": told.layer_confidence,
            "ranked": list(told.ranked[:3]),
            "onset": rfc3339(moment(told.onset[0])) if told.onset else None,
            "slice": dict(told.where) if told.where else None,
        },
        "right": {
            "all": row.all_right,
            "cause": row.cause_right,
            "layer": row.layer_right,
            "slice": exact(row) if row.truth.slice else None,
        },
        "worth": worth(row),
        "herrings_blamed": row.sight.blamed,
        "digest": row.digest,
    }
