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


class Alert(Value):
    """One source's key in an incident. `why`: what tied it to the incident; "" for the key that opened it."""

    key: str  # source + dedup_key
    firing: bool = True
    why: str = ""


class Incident(Value):
    id: str  # INC-<n>, short enough to say aloud
    key: str  # source + dedup_key of the alert that opened it: one open incident per key
    state: IncidentState
    revision: int  # rises with every page that changes something; part of the triage workflow's id
    triage_revision: int = 1  # the newest revision that asked for a triage; a resolve raises only `revision`. 0 = never asked
    opened_at: Moment
    paged_at: Moment | None = None  # when the newest firing page was received
    asked_at: Moment | None = None  # when the newest triage was asked for: its "now", also when it runs again after a crash
    resolved_at: Moment | None = None
    alerts: int = 1  # how many pages it holds, duplicates counted
    title: str
    service: str | None = None
    severity: Severity = Severity.UNKNOWN
    page: Page  # the newest firing page of the alert that opened it
    grouped: tuple[Alert, ...] = ()  # the alerts it holds, the one that opened it first
    reopened: tuple[Moment, ...] = ()  # lately; see flapping
    flapping: bool = False  # it comes and goes: state changes are shown less often, and triaged no more
    quiet_until: Moment | None = None  # maintenance: neither shown nor triaged before; what still fires then is
    quiet_why: str = ""
    digest: int | None = None  # the storm's message that tells of it, while it has none of its own
    acknowledged_by: str | None = None
    message: MessageRef | None = None
    report: Report | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """Whose alerts it holds, sorted."""
        return tuple(sorted({alert.key.partition(":")[0] for alert in self.grouped} or {self.page.source}))


class Digest(Value):
    """A storm: one message that tells of all incidents opened while it lasts."""

    number: int
    opened_at: Moment
    message: MessageRef | None = None


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
