"""The mark: the rubric of catalogue 5.3, part by part. A pure function of answers and key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.drills.marking import doing, naming, placing, proving, saying
from bot.drills.marking.answers import Answers
from bot.drills.marking.key import Key
from bot.model.drill import DrillType, Part
from bot.model.report import Verdict

PASS = 70.0
SURE = 0.7  # share of the cause's points from which an answer counts as right for its confidence

PAGE: Mapping[str, float] = {"layer": 25, "cause": 20, "slice": 10, "onset": 5, "evidence": 15, "action": 15, "verify": 5, "status": 5}
WEIGHTS: Mapping[DrillType, Mapping[str, float]] = {
    DrillType.COST_BURN: {**PAGE, "layer": 15, "cause": 35, "slice": 5},  # which component of the bill it is, is what it is about
    DrillType.TELEMETRY_GAP: {**PAGE, "cause": 15, "evidence": 25, "slice": 5},  # so is what cannot be seen
}


@dataclass(frozen=True)
class Mark:
    """`score` 0..100, the sum of the parts."""

    score: float
    parts: tuple[Part, ...]
    passed: bool
    layer_right: bool

    def document(self) -> dict[str, object]:
        """The contract's `{score, parts{}, passed}`; `explained` says of every part why."""
        explained = [
            {"part": one.name, "points": one.points, "of": one.of, "why": one.why, "evidence": list(one.evidence)} for one in self.parts
        ]
        return {
            "score": self.score,
            "parts": {one.name: one.points for one in self.parts},
            "passed": self.passed,
            "layer_right": self.layer_right,
            "explained": explained,
        }


def mark(answers: Answers, key: Key) -> Mark:
    """The same answers to the same drill always get the same mark."""
    of = WEIGHTS.get(key.type, PAGE)
    right = naming.layer_right(answers, key)
    cause = naming.cause(answers, key, of["cause"])
    parts = [
        naming.layer(answers, key, of["layer"]),
        cause,
        placing.slice_(answers, key, of["slice"]),
        placing.onset(answers, key, of["onset"]),
        proving.evidence(answers, key, of["evidence"]),
        doing.action(answers, key, of["action"]),
        doing.verify(answers, key, of["verify"]),
        saying.status(answers, key, of["status"]),
        saying.time(answers, right),
        saying.confidence(answers, right and cause.points >= SURE * cause.of),
        *saying.penalties(answers, key),
    ]
    penalty = doing.irreversible_penalty(answers, key)
    parts += [penalty] if penalty is not None else []
    lured = key.type is DrillType.RED_HERRING and any(one.name == "innocent_blamed" for one in parts)
    return closed(parts, right, fails=penalty is not None or lured)


def closed(parts: list[Part], layer_right: bool, *, fails: bool = False) -> Mark:
    """Parts -> mark. Time and confidence may make up for what is missing, but never pay for a penalty: what is beyond 100 is taken off
    before penalties count. Parts of their own say so, so that the parts always add up to the score."""
    penalties = [one for one in parts if one.of == 0.0]
    earned = [one for one in parts if one.of != 0.0]
    over = round(sum(one.points for one in earned) - 100.0, 1)
    if over > 0:
        earned.append(_bound("cap", -over, "more than full marks cannot be had"))
    under = round(sum(one.points for one in (*earned, *penalties)), 1)
    if under < 0:
        penalties.append(_bound("floor", -under, "less than nothing cannot be had"))
    score = max(0.0, under)
    return Mark(score, (*earned, *penalties), score >= PASS and not fails, layer_right)


def _bound(name: str, points: float, why: str) -> Part:
    return Part(name=name, points=points, of=0.0, why=why, evidence=("rubric",))


def abstained(answers: Answers) -> bool:
    return answers.verdict is Verdict.INSUFFICIENT
