"""What a check is, and how it is run: found, clean, skipped or broken. A check is one function, found by being there.

The slug of a check is its place: `bot/checks/retrieval/timeout.py` is `retrieval.timeout`. It is never typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.engine.exam import Exam
from bot.engine.needs import Need, absent_kinds, missing
from bot.model.evidence import Evidence
from bot.model.finding import Examination
from bot.model.report import Outcome
from bot.model.value import Limits

Body = Callable[[Exam, Limits], Examination]


@dataclass(frozen=True)
class Check:
    """One check of the catalogue, with what it needs and how likely its cause is before any evidence."""

    slug: str
    layer: str
    prior: float  # relative weight, catalogue 1 (`Pr`)
    needs: tuple[Need, ...]
    limits: Limits
    body: Body
    doc: str

    def examine(self, evidence: Evidence, limits: Limits | None = None) -> Examination:
        """Run on evidence. A missing need skips, an exception breaks this check only."""
        lacking = missing(self.needs, evidence)
        if lacking:
            return Examination(cause=self.slug, outcome=Outcome.SKIPPED, claim=_skipped(lacking), missing=lacking)
        exam = Exam(evidence, self.slug)
        try:
            return self.body(exam, limits or self.limits)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            return Examination(cause=self.slug, outcome=Outcome.BROKEN, claim=f"the check itself failed ({said[:160]})", error=said)

    def applicable(self, evidence: Evidence) -> bool:
        """False when the product shows no span of a kind the check reads, in any window: perhaps it has none."""
        return not absent_kinds(self.needs, evidence)


def _skipped(lacking: tuple[str, ...]) -> str:
    return "skipped: " + ", ".join(f"no {name}" for name in lacking)


@dataclass(frozen=True)
class Declared:
    """What the decorator leaves behind for the loader, which knows the slug."""

    prior: float
    needs: tuple[Need, ...]
    limits: Limits
    body: Body


def check(*needs: Need, prior: float, limits: type[Limits] = Limits) -> Callable[[Callable[..., Examination]], Declared]:
    """Declare a check: what it needs, its prior weight and its limits."""

    def declare(body: Callable[..., Examination]) -> Declared:
        return Declared(prior, needs, limits(), body)

    return declare
