"""Marks for how it is said: the status line, the confidence, the time; and what costs points."""

from __future__ import annotations

import re

from bot.drills.marking.answers import Answers
from bot.drills.marking.key import Key
from bot.drills.marking.words import BLIND, CLEAR, LAST_CHANGE, LAYERS, QUIET, TEAM, UNSURE, actions, denied, words
from bot.evaluation.truth import layer_of
from bot.model.change import Change
from bot.model.drill import Part
from bot.model.report import Verdict

FULL_S, NONE_S = 300.0, 600.0  # seconds up to which time counts in full, and from which it counts for nothing
TIME, CONFIDENCE = 10.0, 5.0
HINT = -5.0


def status(answers: Answers, key: Key, of: float) -> Part:
    text = answers.status
    if not text:
        return Part(name="status", points=0.0, of=of, why="no status line", evidence=("status",))
    says, unsure = _says(text, key), UNSURE.search(text) is not None
    points = of * 0.5 * says + of * 0.5 * unsure
    why = f"{'names what it is' if says else 'does not name what it is'}, {'with' if unsure else 'without'} how sure that is"
    return Part(name="status", points=round(points, 1), of=of, why=why, evidence=("status",))


def _says(text: str, key: Key) -> bool:
    if key.truth.verdict is Verdict.NO_FAULT:
        return QUIET.search(text) is not None or bool(words(text) & key.telling)
    if key.truth.verdict is Verdict.INSUFFICIENT:
        return BLIND.search(text) is not None
    named = frozenset(word for cause in key.right | key.group for word in words(cause))
    return any(LAYERS[layer].search(text) for layer in key.layers if layer in LAYERS) or bool(words(text) & named)


def time(answers: Answers, right: bool) -> Part:
    """+10 up to five minutes, 0 at ten, down to -10 at fifteen. A quick wrong answer is worth nothing."""
    if answers.seconds is None:
        return Part(name="time", points=0.0, of=TIME, why="not taken", evidence=("seconds",))
    share = (NONE_S - answers.seconds) / (NONE_S - FULL_S)
    points = max(-1.0, min(1.0, share)) * TIME
    why = f"{answers.seconds / 60:.1f} min"
    if points > 0 and not right:
        return Part(name="time", points=0.0, of=TIME, why=f"{why}: quick, and the wrong layer", evidence=("seconds",))
    return Part(name="time", points=round(points, 1), of=TIME, why=why, evidence=("seconds",))


def confidence(answers: Answers, right: bool) -> Part:
    """Brier-scaled: 0 at a coin toss, +5 for being sure and right, -5 for being sure and wrong."""
    p = answers.confidence
    if p is None:
        return Part(name="confidence", points=0.0, of=CONFIDENCE, why="not said", evidence=("confidence",))
    brier = (p - (1.0 if right else 0.0)) ** 2
    scaled = 1.0 - brier / 0.25 if right else -(brier - 0.25) / 0.75
    why = f"{p:.0%} sure, and {'right' if right else 'wrong'} (Brier {brier:.2f})"
    return Part(name="confidence", points=round(CONFIDENCE * scaled, 1), of=CONFIDENCE, why=why, evidence=("confidence",))


def penalties(answers: Answers, key: Key) -> list[Part]:
    found = []
    if answers.verdict is Verdict.NO_FAULT and key.truth.verdict is Verdict.FAULT:
        found.append(_cost("no_fault_on_fault", -20.0, "people were told that nothing is wrong, and something is", ("truth.verdict",)))
    if (
        TEAM.search(answers.escalation)
        and not denied(answers.escalation + " ", len(answers.escalation))
        and not (answers.asked or answers.evidence)
    ):
        found.append(_cost("woke_too_early", -10.0, "the AI team was paged before any evidence was looked at", ("escalation",)))
    blamed = innocents_blamed(answers, key)
    if blamed:
        names = ", ".join(sorted({f"{one.kind.value} {one.object}" for one in blamed}))
        found.append(_cost("innocent_blamed", -10.0, f"{names} is innocent", tuple(sorted({one.id for one in blamed}))))
    if answers.hints:
        found.append(_cost("hints", HINT * answers.hints, f"{answers.hints} hint{'s' if answers.hints > 1 else ''}", ("hints",)))
    return found


def _wakes_the_team(answers: Answers) -> bool:
    hit = TEAM.search(answers.escalation)
    return hit is not None and not denied(answers.escalation, hit.start())


def _cost(name: str, points: float, why: str, evidence: tuple[str, ...]) -> Part:
    return Part(name=name, points=points, of=0.0, why=why, evidence=evidence)


def innocents_blamed(answers: Answers, key: Key) -> list[Change]:
    """Innocent changes that are blamed: by name, as "the last deploy", by being rolled back, or by a cause that only such a change has."""
    guilty = {one.object for one in key.changes} - {one.object for one in key.herrings}
    accused = [text for text in answers.blamed if not CLEAR.search(text)]
    accused += [one.text for one in answers.actions if actions(one.text) & {"revert"} and not _of_the_runbook(one.text, key)]
    accused += [text for text in (answers.status, *answers.evidence) if LAST_CHANGE.search(text) and not CLEAR.search(text)]
    found = [one for one in key.herrings for text in accused if _names(text, one)]
    if found or any(name.casefold() in text.casefold() for name in guilty for text in accused):
        return found
    tempting = [one for one in key.herrings if one.kind.value in _kinds(answers, key, accused)]
    return tempting[-1:]


def _of_the_runbook(text: str, key: Key) -> bool:
    """To take back what the right runbook says to take back blames nobody, whether or not anybody logged that change."""
    said = words(text)
    return any(step.words and len(said & step.words) >= 0.5 * len(step.words) for step in key.steps)


def _names(text: str, change: Change) -> bool:
    low = text.casefold()
    if change.id.casefold() in low:
        return True
    return re.search(rf"(?<![\w-]){re.escape(change.object.casefold())}(?![\w-])", low) is not None and not _is_part(change, low)


def _is_part(change: Change, low: str) -> bool:
    """A service's own name stands in many sentences; it is blamed only with the word for its change."""
    return change.kind.value == "app" and re.search(r"deploy|release|roll|version|ship|build", low) is None


def _kinds(answers: Answers, key: Key, accused: list[str]) -> frozenset[str]:
    """Kinds of change that are blamed without a name."""
    kinds: set[str] = set()
    if any(LAST_CHANGE.search(text) for text in accused):
        kinds |= {"prompt"} if any("prompt" in text.casefold() for text in accused) else {"app", "prompt", "config", "flag"}
    for cause in answers.causes[:1]:
        if layer_of(cause) in key.layers or cause in key.right:
            continue
        if cause == "infra.app_deploy":
            kinds.add("app")
        elif cause.startswith("prompt.") and cause != "prompt.pii_in_examples":
            kinds.add("prompt")
    own = {"prompt": "prompt", "infra": "app"}  # where the layer is right, a change of its kind without a name may be the guilty one
    return frozenset(kinds - {kind for layer, kind in own.items() if layer in key.layers})
