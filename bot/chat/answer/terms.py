"""Terms in a few lines, with this incident's own numbers where a check speaks of them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from bot.chat.about import causes_in
from bot.chat.told import Told
from bot.chat.understand import Asked
from bot.model.report import Outcome
from bot.wording.verdict import cause_name

GLOSSARY = Path(__file__).parent.parent / "glossary.yaml"
MEANS = {
    Outcome.FOUND: "found here",
    Outcome.CLEAN: "clean here",
    Outcome.SKIPPED: "could not be checked here",
    Outcome.BROKEN: "could not be checked here",
}


@dataclass(frozen=True)
class Term:
    name: str
    says: str
    check: str | None
    words: tuple[str, ...]


def explain(told: Told, asked: Asked) -> None:
    term = term_in(asked.text)
    if term is None:
        known = frozenset(finding.check for finding in told.case.report.findings)
        named = causes_in(asked.text, known)
        if not named:
            told.say(
                "I have no entry for that term. I know those of my own reports: " + ", ".join(sorted(_glossary())[:12]) + " and others."
            )
            return
        told.say(f"{cause_name(named[0])} is one of the causes I check; its runbook says more.")
        check = named[0]
    else:
        told.block(f"{term.name}: {term.says}")
        check = term.check or ""
    for finding in told.case.findings_of(check)[:1]:
        told.claim(finding, lead=f"In this incident, {MEANS[finding.outcome]}: ")


def term_in(text: str) -> Term | None:
    """The glossary's entry that a question names: the longest words win, then the nearest spelling."""
    low = re.sub(r"[_\"'?!]", " ", text.lower())
    best: tuple[int, Term] | None = None
    for term in _glossary().values():
        for words in term.words:
            if re.search(rf"(?<![\w.]){re.escape(words)}s?(?![\w])", low) and (best is None or len(words) > best[0]):
                best = (len(words), term)
    if best is not None:
        return best[1]
    spelled = {words: term for term in _glossary().values() for words in term.words if len(words) > 4}
    for size in (3, 2, 1):
        tokens = low.split()
        for at in range(len(tokens) - size + 1):
            near = difflib.get_close_matches(" ".join(tokens[at : at + size]), list(spelled), n=1, cutoff=0.86)
            if near:
                return spelled[near[0]]
    return None


@lru_cache(maxsize=1)
def _glossary() -> Mapping[str, Term]:
    rows = yaml.safe_load(GLOSSARY.read_text(encoding="utf-8"))
    return {row["term"]: Term(row["term"], row["says"], row["check"], (row["term"], *(str(word) for word in row["also"]))) for row in rows}
