"""Turns of phrase that speak for an intent (cues.yaml), added to what the neighbours say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import yaml

STRONG = 0.7  # a word-for-word example is worth about 1
WEAK = 0.15  # tips a decision between near neighbours
OVER: Mapping[str, tuple[str, ...]] = {
    "explain_term": ("traces", "layer", "onset", "cost", "evidence", "why", "slice", "blast_radius", "not_checked", "ruled_out"),
    "ruled_out": ("changes", "cause", "layer", "owner"),
    "not_checked": ("traces", "slice", "evidence"),
    "traces": ("slice", "onset", "evidence", "changes"),
    "cost": ("slice", "cause", "why", "compare", "blast_radius"),
    "compare": ("slice", "evidence", "traces", "changes"),
    "feedback": ("changes", "cause", "status", "layer"),
    "timeline": ("changes", "status", "evidence"),
    "verify": ("next_action", "status", "rollback", "evidence"),
    "rollback": ("next_action", "compare", "changes"),
    "why": ("confidence", "cause"),
    "readiness": ("drill", "owner", "not_checked"),
    "owner": ("next_action", "layer", "changes"),
    "next_action": ("cause", "changes"),
    "confidence": ("evidence", "status", "feedback", "layer"),
    "runbook": ("next_action", "timeline", "explain_term"),
    "handoff": ("summary", "owner", "readiness", "status"),
    "summary": ("status", "next_action", "timeline", "changes"),
    "similar": ("status", "onset", "changes", "blast_radius", "rollback"),
    "slice": ("blast_radius", "layer", "status"),
    "onset": ("status",),
    "out_of_scope": ("similar", "readiness", "drill", "timeline", "summary", "next_action", "status", "evidence", "traces"),
}
"""Where both have a strong cue, the first is what was meant: `traces of acme` asks for traces, not for how acme is doing."""
CUES = Path(__file__).parent / "cues.yaml"


def cued(text: str) -> Mapping[str, float]:
    """Intent -> what its cues add. Several strong cues of one intent are worth a quarter of one more."""
    found: dict[str, float] = {}
    strongly: set[str] = set()
    for intent, (strong, weak) in _patterns().items():
        hits = sum(1 for pattern in strong if pattern.search(text))
        worth = (STRONG + STRONG / 4 * (hits - 1) if hits else 0.0) + WEAK * any(pattern.search(text) for pattern in weak)
        if worth:
            found[intent] = worth
        if hits:
            strongly.add(intent)
    weaker = {below for intent in strongly for below in OVER.get(intent, ()) if intent not in OVER.get(below, ())}
    return {intent: min(worth, STRONG / 4) if intent in weaker else worth for intent, worth in found.items()}


@lru_cache(maxsize=1)
def _patterns() -> Mapping[str, tuple[tuple[re.Pattern[str], ...], tuple[re.Pattern[str], ...]]]:
    read = yaml.safe_load(CUES.read_text(encoding="utf-8"))
    return {
        intent: tuple(tuple(re.compile(row, re.IGNORECASE) for row in rows.get(kind, ())) for kind in ("strong", "weak"))  # type: ignore[misc]
        for intent, rows in sorted(read.items())
    }
