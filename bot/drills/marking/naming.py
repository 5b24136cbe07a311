"""Marks for what failed: the layer, and the cause or the group that cannot be told apart."""

from __future__ import annotations

from bot.drills.marking.answers import Answers
from bot.drills.marking.key import Key
from bot.engine.groups import GROUPS
from bot.evaluation.truth import layer_of
from bot.model.drill import Part
from bot.model.report import Verdict

COIN_TOSS = 0.7  # of the points: one of a group that cannot be told apart here, or a group where it can (catalogue 4.5)
HALF = 0.5  # "no fault", without what it was instead
MOST = 4  # causes in an answer that still is an answer
WORDS = {Verdict.NO_FAULT: "no fault", Verdict.INSUFFICIENT: "it cannot be told from this telemetry"}


def layer_right(answers: Answers, key: Key) -> bool:
    if key.truth.verdict is not Verdict.FAULT:
        return answers.verdict is key.truth.verdict
    return answers.verdict is Verdict.FAULT and answers.layer in key.layers


def layer(answers: Answers, key: Key, of: float) -> Part:
    """The layer, or that there is none."""
    wanted = WORDS.get(key.truth.verdict) or " or ".join(sorted(key.layers))
    evidence = _origin(key)
    if layer_right(answers, key):
        return Part(name="layer", points=of, of=of, why=f"right: {wanted}", evidence=evidence)
    said = (WORDS.get(answers.verdict) if answers.verdict else None) or answers.layer
    return Part(name="layer", points=0.0, of=of, why=f"{said or 'not answered'}; it was {wanted}", evidence=evidence)


def _origin(key: Key) -> tuple[str, ...]:
    """Where the traces first went wrong, else what was found."""
    origin = tuple(one.id for one in key.found if "origin" in " ".join(one.numbers) or "first went wrong" in one.claim)
    return (origin or tuple(one.id for one in key.found))[:3] or ("truth.layer",)


def cause(answers: Answers, key: Key, of: float) -> Part:
    share, why = _cause(answers, key)
    evidence = tuple(one.id for one in key.found)[:4] or ("truth.causes",)
    return Part(name="cause", points=round(share * of, 1), of=of, why=why, evidence=evidence)


def _cause(answers: Answers, key: Key) -> tuple[float, str]:
    truth = key.truth
    wanted = ", ".join(sorted(key.right)) or WORDS.get(truth.verdict, "")
    if truth.verdict is Verdict.INSUFFICIENT:
        right = answers.verdict is Verdict.INSUFFICIENT
        return (1.0, "right to abstain: nothing on this telemetry decides it") if right else (0.0, "nothing on this telemetry decides it")
    if answers.verdict is Verdict.INSUFFICIENT and key.report.verdict is Verdict.INSUFFICIENT:
        return 1.0, f"abstaining is right as far as the telemetry goes; it was {wanted}"
    named = frozenset(answers.causes)
    if truth.verdict is Verdict.NO_FAULT and not named and answers.verdict is Verdict.NO_FAULT:
        return (HALF, f"no fault is right; it was {wanted}") if key.right else (1.0, "no fault is right")
    if not named & (key.right | key.group) or answers.verdict is not truth.verdict:
        return 0.0, f"{', '.join(answers.causes) or 'not answered'}; it was {wanted}"
    return _named(answers, key, named, wanted)


def _named(answers: Answers, key: Key, named: frozenset[str], wanted: str) -> tuple[float, str]:
    if len(named) > MOST:
        return 0.0, f"{len(named)} causes are no answer; it was {wanted}"
    if named == frozenset(key.truth.causes) or (len(named) > 1 and named <= key.right):
        if key.group and len(named) == 1:
            return COIN_TOSS, f"it was {wanted}, but nothing here tells it from {', '.join(sorted(key.group - named))}: name the group"
        return 1.0, f"right: {wanted}"
    if key.group and len(named) > 1 and named <= key.group:
        return 1.0, f"right: {', '.join(sorted(named))} cannot be told apart on this telemetry"
    if len(named) == 1:
        return (1.0, f"right: {wanted}") if named & key.right else (0.0, f"{min(named)} of the group; it was {wanted}")
    alike = any(named <= frozenset(group.members) for group in GROUPS) or len({layer_of(one) for one in named}) == 1
    if named & key.right and alike:
        return COIN_TOSS, f"the group holds it; this telemetry tells them apart: it was {wanted}"
    return 0.0, f"{', '.join(sorted(named))} are not one trouble; it was {wanted}"
