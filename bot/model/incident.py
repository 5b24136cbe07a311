"""An incident: one or more pages about the same thing, one message, one latest report."""

from enum import StrEnum

from bot.model.page import Page, Severity
from bot.model.report import Report
from bot.model.value import Moment, Value


class IncidentState(StrEnum):
    TRIAGING = "triaging"
    TRIAGED = "triaged"
    FAILED = "failed"  # triage itself broke; the page is kept and people are told
    RESOLVED = "resolved"


class MessageRef(Value):
    """Where the incident's message stands on a surface (Slack: channel and ts)."""

    channel: str
    ts: str


class Incident(Value):
    id: str  # INC-<n>, short enough to say aloud
    key: str  # source + dedup_key: one open incident per key
    state: IncidentState
    revision: int  # rises with every page that changes something; part of the triage workflow's id
    triage_revision: int = 1  # the newest revision that asked for a triage; a resolve raises only `revision`. 0 = never asked
    opened_at: Moment
    paged_at: Moment | None = None  # when the newest firing page was received: the triage's "now"
    resolved_at: Moment | None = None
    alerts: int = 1  # how many pages it holds, duplicates counted
    title: str
    service: str | None = None
    severity: Severity = Severity.UNKNOWN
    page: Page  # the newest firing page
    acknowledged_by: str | None = None
    message: MessageRef | None = None
    report: Report | None = None


class Progress(Value):
    """One step of a running triage, for people who watch: `done` of `total` checks, and what is looked at now."""

    step: str
    detail: str = ""
    done: int = 0
    total: int = 0


class Vote(Value):
    """A person's word on a report: right, or wrong and what it was."""

    incident_id: str
    user: str
    right: bool
    cause: str | None = None
    note: str = ""
    at: Moment
