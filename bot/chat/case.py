"""What a question is asked about: an incident's report, and the evidence it was made from where that is at hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from bot.chat.values import Values, known_values
from bot.model.evidence import Evidence
from bot.model.page import Page
from bot.model.report import Outcome, Report, ReportedFinding, Verdict
from bot.model.runbook import Runbook

NEXT_UPDATE = timedelta(minutes=30)  # after the page: a promise that can be kept at night


@dataclass(frozen=True)
class Case:
    """`now`: when the page came, the only clock an answer knows. `evidence` None: only what the report says can be said.

    `runbook`: the first one of the report, when whoever asks may read it; `withheld`: there is one, and they may not.
    """

    report: Report
    page: Page
    now: datetime
    service: str | None = None
    evidence: Evidence | None = None
    runbook: Runbook | None = None
    withheld: bool = False
    incident_id: str = ""
    acknowledged_by: str | None = None
    owner: str | None = None

    @property
    def paged_at(self) -> datetime:
        return self.page.starts_at or self.now

    @cached_property
    def values(self) -> Values:
        return known_values(self.report, self.evidence)

    @cached_property
    def by_id(self) -> dict[str, ReportedFinding]:
        return {finding.id: finding for finding in self.report.findings}

    def findings_of(self, check: str) -> tuple[ReportedFinding, ...]:
        """What was found out about one cause, in the report's order."""
        return tuple(finding for finding in self.report.findings if finding.check == check)

    @cached_property
    def leading(self) -> tuple[ReportedFinding, ...]:
        """What the verdict rests on: findings of the named causes, else what was found, else what is clean, else what is missing."""
        named = {self.report.cause, *(self.report.group or ()), *(fault.cause for fault in self.report.faults)}
        steps = (
            [finding for finding in self.report.findings if finding.check in named and finding.outcome is not Outcome.SKIPPED],
            [finding for finding in self.report.findings if finding.outcome is Outcome.FOUND],
            [finding for finding in self.report.findings if finding.outcome is Outcome.CLEAN],
            list(self.report.findings),
        )
        if self.report.verdict is Verdict.INSUFFICIENT:  # what is missing is the reason, before what happens to be clean
            skipped = [finding for finding in self.report.findings if finding.outcome is Outcome.SKIPPED]
            steps = (steps[0], steps[1], skipped, steps[3])
        return tuple(next((found for found in steps if found), []))
