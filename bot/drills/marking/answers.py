"""A participant's answers: values, however they were written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.model.report import Verdict


@dataclass(frozen=True)
class Action:
    text: str
    verify: str = ""
    rollback: str = ""
    irreversible: bool = False


@dataclass(frozen=True)
class Answers:
    """None = not answered. `slice` {} = everybody. `fields`: the short answers of quizzes. `notes`: what was not understood, for people."""

    verdict: Verdict | None = None
    layer: str | None = None
    causes: tuple[str, ...] = ()
    group: bool = False  # the causes are named as a group that cannot be told apart
    slice: Mapping[str, str] | None = None
    slice_text: str = ""
    onset: str = ""
    evidence: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    confidence: float | None = None
    actions: tuple[Action, ...] = ()
    verify: str = ""
    status: str = ""
    escalation: str = ""
    runbook: str = ""
    missing: tuple[str, ...] = ()
    blamed: tuple[str, ...] = ()
    innocent: tuple[str, ...] = ()
    seconds: float | None = None
    hints: int = 0
    fields: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    notes: tuple[str, ...] = ()
