"""What a participant's own words say: words that matter, kinds of actions, denials. Rules and lists: a mark is the same every time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

_LISTS = yaml.safe_load((Path(__file__).parent / "words.yaml").read_text(encoding="utf-8"))


def _any(parts: Sequence[str], end: str = r"\b") -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(parts)}){end}", re.IGNORECASE)


WORD = re.compile(r"[a-z][a-z0-9]*(?:[_./-][a-z0-9]+)*|\d+(?:\.\d+)?")
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
STOP = frozenset(_LISTS["stop"].split())
"""Words that say nothing about an incident."""
ACTIONS = {name: _any(parts, "") for name, parts in _LISTS["actions"].items()}
"""Kinds of actions as people write them."""
SAFE = frozenset({"look", "leave", "instrument"})
"""Kinds that change nothing in production."""
IRREVERSIBLE = _any(_LISTS["irreversible"], "")
DENIED = re.compile(r"\b(?:not|never|don'?t|without|avoid|no need to|instead of|rather than|nothing|no)\b[^.;:,]{0,30}$", re.IGNORECASE)
CLEAR = _any(_LISTS["clear"])
UNSURE = re.compile(_any(_LISTS["unsure"]).pattern + r"|\d+ ?%|\(?0?\.\d+\)?", re.IGNORECASE)
EVERYBODY = re.compile(_any(_LISTS["everybody"]).pattern + "|^all$", re.IGNORECASE)
QUIET, BLIND, TEAM, LAST_CHANGE = (_any(_LISTS[name]) for name in ("quiet", "blind", "team", "last_change"))
"""That nothing is wrong, that nothing can be seen, the AI team, and "the last deploy" without a name."""
LAYERS = {name: _any(parts) for name, parts in _LISTS["layers"].items()}
"""Layer -> words by which a fact names it."""


def stem(word: str) -> str:
    """A crude stem, the same for `timeouts`, `timed` and `timing`: enough to compare two sentences."""
    for ending in ("ingly", "ation", "ings", "edly", "ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def words(text: str) -> frozenset[str]:
    """Stems of the words that matter; `kb-search` stays one word, and its parts are words too."""
    found: set[str] = set()
    for word in WORD.findall(text.casefold()):
        if word[0].isdigit():
            continue
        parts = [word, *re.split(r"[_./-]", word)]
        found |= {stem(part) for part in parts if len(part) > 2 and part not in STOP}
    return frozenset(found)


def numbers(text: str) -> frozenset[str]:
    """Numbers as they are written, without trailing zeros."""
    return frozenset(f"{float(one):g}" for one in NUMBER.findall(text))


def actions(text: str) -> frozenset[str]:
    """Kinds of action a text asks for; what it says not to do is left out."""
    return frozenset(name for name, pattern in ACTIONS.items() if any(not denied(text, hit.start()) for hit in pattern.finditer(text)))


def irreversible(text: str) -> str | None:
    """The first thing in a text that cannot be taken back, as it is written there."""
    return next((hit[0] for hit in IRREVERSIBLE.finditer(text) if not denied(text, hit.start())), None)


def denied(text: str, at: int) -> bool:
    return DENIED.search(text[max(0, at - 45) : at]) is not None


def sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[;\n]|(?<=[.!?])\s+(?=[A-Z])", text) if part.strip()]
