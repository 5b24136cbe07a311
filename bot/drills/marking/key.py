"""The key of a drill: what is right, from the truth, the engine's report on the same telemetry, the change log and the runbooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.drills.marking.words import actions, words
from bot.evaluation.truth import Truth, layer_of
from bot.model.change import Change
from bot.model.drill import DrillType
from bot.model.page import Page
from bot.model.report import Outcome, Report, ReportedFinding, Verdict
from bot.model.runbook import Runbook

COMMON = 0.3  # share of causes beyond which a word tells none of them apart
SECTIONS = ("Confirm in one minute", "First safe action")  # of a runbook: what the cause looks like


@dataclass(frozen=True)
class Step:
    """One thing the runbook of a right cause says to do, with how to see that it worked. `kinds`: of action."""

    cause: str
    text: str
    verify: str
    kinds: frozenset[str]
    words: frozenset[str]


@dataclass(frozen=True)
class Vocabulary:
    """What each cause sounds like: words of its runbook that most other runbooks do not use."""

    by_cause: Mapping[str, frozenset[str]]
    steps: Mapping[str, tuple[Step, ...]]
    bodies: Mapping[str, str]


def vocabulary(runbooks: Sequence[Runbook]) -> Vocabulary:
    """From the runbooks as they are now; a cause without one is known by its own name only."""
    raw = {cause: words(f"{cause} {book.title} {_looks(book.body)}") for book in runbooks for cause in book.causes}
    holding = Counter(word for found in raw.values() for word in found)
    most = max(2.0, COMMON * len(raw))
    telling = {cause: frozenset(word for word in found if holding[word] <= most) | words(cause) for cause, found in raw.items()}
    steps = {cause: _steps(cause, book) for book in runbooks for cause in book.causes}
    return Vocabulary(telling, steps, {cause: book.body for book in runbooks for cause in book.causes})


def _looks(body: str) -> str:
    """The introduction and the sections that describe the cause; queries are left out."""
    kept, section, fenced = [], "", False
    for line in body.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif line.startswith("## "):
            section = line[3:].strip()
        elif not fenced and section in ("", *SECTIONS):
            kept.append(line)
    return "\n".join(kept)


def _steps(cause: str, book: Runbook) -> tuple[Step, ...]:
    found = [(one.action, one.verify) for one in book.next]
    inside = False
    for line in book.body.splitlines():
        if line.startswith("## "):
            inside = line[3:].strip() == "Mitigate"
        elif inside and line[:1].isdigit():
            found.append((line.partition(". ")[2], ""))
    return tuple(Step(cause, text, verify, actions(text), words(text)) for text, verify in found)


@dataclass(frozen=True)
class Key:
    """`group`: causes that this telemetry cannot tell apart. `needs`: what is missing where the answer is to abstain."""

    scenario: str
    type: DrillType
    truth: Truth
    report: Report
    page: Page
    received_at: float
    changes: tuple[Change, ...]
    words: Vocabulary
    seed: int = 0
    group: frozenset[str] = frozenset()
    needs: tuple[str, ...] = ()
    happened: str = ""

    @cached_property
    def layers(self) -> frozenset[str]:
        """Right layers; empty where nothing is broken or nothing can be told."""
        if self.truth.verdict is not Verdict.FAULT:
            return frozenset()
        return self.truth.right_layers | {layer_of(one) for one in self.group}

    @cached_property
    def right(self) -> frozenset[str]:
        return self.truth.right or frozenset(self.truth.causes)

    @cached_property
    def engine_right(self) -> bool:
        """Whether the report's own answer is right: only then do its slice and onset count besides the truth's."""
        named = frozenset(self.report.group or ()) | {self.report.cause or ""}
        return self.report.verdict is self.truth.verdict and (bool(named & self.right) or not self.right)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        own = tuple(step for cause in sorted(self.right | self.group) for step in self.words.steps.get(cause, ()))
        from_report = tuple(
            Step(self.report.cause or "", one.action, one.verify, actions(one.action), words(one.action)) for one in self.report.next
        )
        return own + (from_report if self.engine_right else ())

    @cached_property
    def herrings(self) -> tuple[Change, ...]:
        """Innocent changes: those the truth lists; else those that a right report rules out."""
        listed = tuple(change for change in self.changes if any(_same(change, one) for one in self.truth.red_herrings))
        if listed or not self.engine_right or self.truth.red_herrings:
            return listed
        innocent = {(one.kind, one.object) for one in self.report.changes if not one.suspect}
        return tuple(change for change in self.changes if (change.kind.value, change.object) in innocent)

    @cached_property
    def found(self) -> tuple[ReportedFinding, ...]:
        """Findings that speak for a right cause."""
        wanted = self.right | self.group
        return tuple(one for one in self.report.findings if one.check in wanted and one.outcome in (Outcome.FOUND, Outcome.CLEAN))

    @cached_property
    def against(self) -> tuple[ReportedFinding, ...]:
        """Findings that a rival would need and that are not there."""
        wanted = self.right | self.group
        return tuple(one for one in self.report.findings if one.outcome is Outcome.CLEAN and one.check not in wanted)

    @cached_property
    def runner_up(self) -> str | None:
        """What an honest doubter would say it is."""
        rivals = [one.cause for one in self.report.ranked if one.cause not in self.right and one.cause not in self.group]
        faults = [one for one in rivals if not one.startswith("none.")] if self.truth.verdict is Verdict.FAULT else []
        return next(iter([*faults, *rivals]), None)

    @cached_property
    def telling(self) -> frozenset[str]:
        """Words by which a fact speaks of a right cause."""
        known = frozenset(word for cause in self.right | self.group for word in self.words.by_cause.get(cause, words(cause)))
        claims = frozenset(word for one in self.found for word in words(one.claim))
        return known | claims

    @cached_property
    def entities(self) -> frozenset[str]:
        """Names of what is affected: the source, tenant, prompt, model, route."""
        told = dict(self.truth.slice or {})
        if self.engine_right and self.report.slice is not None:
            told |= self.report.slice.where
        return frozenset(part.casefold() for value in told.values() for part in value.split("|") if part)


def _same(change: Change, herring: Mapping[str, str]) -> bool:
    if herring.get("id") in (change.id, change.object):
        return True
    return "object" in herring and herring["object"] == change.object and herring.get("kind", change.kind.value) == change.kind.value
