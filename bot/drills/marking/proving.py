"""Marks for evidence: two facts that would be false under the runner-up; where the answer is to abstain, what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.drills.marking.answers import Answers
from bot.drills.marking.key import Key
from bot.drills.marking.words import CLEAR, LAYERS, numbers, sentences, words
from bot.model.drill import Part
from bot.model.report import Outcome, Verdict

ENOUGH = 2  # facts (catalogue 5.3)
SHARED = 2  # telling words a fact must share with what is so
FINDING = re.compile(r"\bF\d{1,3}\b")
BLIND = ("trace", "span", "telemetry", "metric", "field", "attribut", "instrument", "record", "collect", "coverage", "sampl", "log")


@dataclass(frozen=True)
class Fact:
    text: str
    why: str
    evidence: tuple[str, ...]


def evidence(answers: Answers, key: Key, of: float) -> Part:
    if key.truth.verdict is Verdict.INSUFFICIENT:
        return _missing(answers, key, of)
    held = facts(answers, key)
    points = of * min(len(held), ENOUGH) / ENOUGH
    rival = f" under {key.runner_up}" if key.runner_up else " if it were something else"
    told = "; ".join(f"«{one.text[:60]}» {one.why}" for one in held[:3])
    if not answers.evidence:
        why = "no fact was given"
    elif not held:
        why = f"none of the facts would be false{rival}"
    else:
        why = f"{len(held)} that would be false{rival}: {told}"
    listed = tuple(dict.fromkeys(mark for one in held for mark in one.evidence)) or tuple(one.id for one in key.found[:2])
    return Part(name="evidence", points=round(points, 1), of=of, why=why, evidence=listed[:6])


def facts(answers: Answers, key: Key) -> list[Fact]:
    """Those of the participant's facts that decide, each counted once, however often it is said."""
    found: list[Fact] = []
    seen: set[tuple[str, ...]] = set()
    given = [part for text in answers.evidence for part in (sentences(text) if len(answers.evidence) == 1 else [text])]
    for text in given:
        fact = _cited(text, key) or _positive(text, key) or _negative(text, key)
        mark = tuple(sorted(words(text) | {name.casefold() for name in FINDING.findall(text)}))
        if fact is not None and mark not in seen:
            seen.add(mark)
            found.append(fact)
    return found


def _cited(text: str, key: Key) -> Fact | None:
    """A finding named by its id counts for what it says."""
    named = [one for one in key.report.findings if one.id in FINDING.findall(text)]
    deciding = {one.id for one in (*key.found, *key.against)}
    hits = tuple(one.id for one in named if one.id in deciding and one.outcome in (Outcome.FOUND, Outcome.CLEAN))
    return Fact(text, "is a finding that decides", hits) if hits else None


def _positive(text: str, key: Key) -> Fact | None:
    """It speaks of what the right cause looks like, here: in its own words, by the names of what is affected, or in its numbers."""
    said, low = words(text), text.casefold()
    shared = said & key.telling
    named = {one for one in key.entities if one in low}
    exact = {one.id for one in key.found if numbers(text) & numbers(one.claim) - {"0", "1", "100"}}
    if len(shared) + len(named) + bool(exact) < SHARED or not shared:
        return None
    if CLEAR.search(text) and not exact and not _quiet(key):
        return None  # "retrieval is not slow" is not a fact for retrieval
    by = tuple(one.id for one in key.found if words(one.claim) & said) or ("truth.causes",)
    return Fact(text, f"shows {', '.join(sorted(key.right))}", tuple(sorted(exact)) or by[:3])


def _negative(text: str, key: Key) -> Fact | None:
    """It says that a rival's layer is well, and it is."""
    if CLEAR.search(text) is None:
        return None
    named = {layer for layer, pattern in LAYERS.items() if pattern.search(text)} - key.layers
    clean = {one.check.partition(".")[0]: one.id for one in reversed(key.against)}
    broken = {one.check.partition(".")[0] for one in key.report.findings if one.outcome is Outcome.FOUND} - key.layers
    holds = sorted(layer for layer in named if layer in clean and (layer not in broken or key.engine_right))
    if not holds:
        return None
    return Fact(text, f"excludes {', '.join(holds)}", tuple(clean[layer] for layer in holds))


def _quiet(key: Key) -> bool:
    return key.truth.verdict is Verdict.NO_FAULT


def _missing(answers: Answers, key: Key, of: float) -> Part:
    """What cannot be seen, by any of its names."""
    said = " ".join((*answers.missing, *answers.evidence)).casefold()
    needs = key.needs or tuple(dict.fromkeys(name for one in key.report.not_checked for name in one.missing))
    wanted = frozenset(word for one in needs for word in words(one))
    shared = words(said) & wanted
    evidence_ = tuple(needs[:5]) or ("report.reasons",)
    if shared:
        share, why = 1.0, f"names what is missing: {', '.join(sorted(shared))}"
    elif said and any(word in said for word in BLIND):
        share, why = 0.5, f"says that something is missing; it is {', '.join(needs[:5])}"
    else:
        share, why = 0.0, f"does not say what is missing: {', '.join(needs[:5])}"
    return Part(name="evidence", points=of * share, of=of, why=why, evidence=evidence_)
