"""Which incident a page belongs to, and what it changes there. Pure: the SQL records and their in-memory twin share it."""

from datetime import datetime

from bot.model.incident import Incident, IncidentState
from bot.model.page import Page, Severity, Status

REOPEN_WINDOW_S = 30 * 60  # an alert that comes back within half an hour is the same trouble; later, people want a fresh card

_RANK = {Severity.UNKNOWN: 0, Severity.INFO: 1, Severity.WARNING: 2, Severity.ERROR: 3, Severity.CRITICAL: 4}


def key_of(page: Page) -> str:
    return f"{page.source}:{page.dedup_key}"


def opened(page: Page, at: datetime) -> Incident:
    """A new incident, not numbered yet. A resolve of something never seen is kept, but asks for no triage and no message."""
    firing = page.status is Status.FIRING
    return Incident(
        id="",
        key=key_of(page),
        state=IncidentState.TRIAGING if firing else IncidentState.RESOLVED,
        revision=1,
        triage_revision=1 if firing else 0,
        opened_at=at,
        paged_at=at,
        resolved_at=None if firing else at,
        alerts=1 if firing else 0,
        title=page.title,
        service=page.service,
        severity=page.severity,
        page=page,
    )


def joined(incident: Incident, page: Page, at: datetime) -> Incident | None:
    """The newest incident of the page's key with the page taken in; None when the page opens a new incident instead."""
    if page.status is Status.RESOLVED:
        return incident if incident.resolved_at else _resolved(incident, at)
    if incident.resolved_at is None:
        return _fired_again(incident, page, at)
    if incident.alerts == 0 or (at - incident.resolved_at).total_seconds() > REOPEN_WINDOW_S:
        return None
    return _reopened(incident, page, at)


def _resolved(incident: Incident, at: datetime) -> Incident:
    return incident.model_copy(update={"state": IncidentState.RESOLVED, "resolved_at": at, "revision": incident.revision + 1})


def _fired_again(incident: Incident, page: Page, at: datetime) -> Incident:
    """One alert more. Only a severity never reached before changes what people should do, so only that asks for a new triage."""
    changed: dict[str, object] = {"alerts": incident.alerts + 1, "page": page, "paged_at": at}
    if _RANK[page.severity] > _RANK[incident.severity]:
        changed |= _triage_anew(incident) | {"severity": page.severity}
    return incident.model_copy(update=changed)


def _reopened(incident: Incident, page: Page, at: datetime) -> Incident:
    changed = {
        "alerts": incident.alerts + 1,
        "page": page,
        "paged_at": at,
        "resolved_at": None,
        "acknowledged_by": None,  # who took it before may be asleep by now
        "severity": max(incident.severity, page.severity, key=_RANK.__getitem__),
    }
    return incident.model_copy(update=changed | _triage_anew(incident))


def _triage_anew(incident: Incident) -> dict[str, object]:
    revision = incident.revision + 1
    return {"state": IncidentState.TRIAGING, "revision": revision, "triage_revision": revision}
