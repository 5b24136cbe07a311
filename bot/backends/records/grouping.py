"""Which incident a page belongs to, and what it changes there. Pure: the SQL records and their in-memory twin share it.

A source's own key is its word: pages of one key are one incident, pages of two keys of one source are two. Across sources see likeness.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.backends.records import likeness
from bot.model.incident import Alert, Incident, IncidentState
from bot.model.page import Page, Severity, Status

REOPEN_WINDOW_S = 30 * 60  # an alert that comes back within half an hour is the same trouble; later, people want a fresh card
FLAP_WINDOW_S = 30 * 60  # what has come back this often within this time comes and goes by itself
FLAPS = 3
TRIAGE_AGAIN_S = 300.0  # a new critical alert of another source asks for a triage; ten of them in a minute ask for one
MOST_ALERTS = 200  # of one incident; a group that is larger than this is no help to anybody

RANK = {Severity.UNKNOWN: 0, Severity.INFO: 1, Severity.WARNING: 2, Severity.ERROR: 3, Severity.CRITICAL: 4}


@dataclass(frozen=True)
class Quiet:
    """Maintenance that a page falls into: nobody is told before `until`."""

    until: datetime
    why: str


@dataclass(frozen=True)
class Policy:
    """`across`: whether alerts of different sources become one incident, are only logged when they would, or are never compared."""

    across: Literal["on", "shadow", "off"] = "on"
    reopen_s: float = REOPEN_WINDOW_S
    storm_at: int = 10  # incidents opened in a minute, above which the next ones share one message; 0 = never
    service_of: Callable[[Page], str | None] = lambda page: page.service
    quiet: Callable[[Page, datetime], Quiet | None] = lambda _page, _at: None


@dataclass(frozen=True)
class Placed:
    """`incident` without an id is new. `would`: another source's incident it looks like, with the reason; in shadow mode only."""

    incident: Incident
    would: tuple[str, str] | None = None


def key_of(page: Page) -> str:
    return f"{page.source}:{page.dedup_key}"


def alerts_of(incident: Incident) -> tuple[Alert, ...]:
    """Also of an incident stored before alerts were kept."""
    return incident.grouped or (Alert(key=incident.key, firing=incident.resolved_at is None),)


def place(page: Page, at: datetime, newest: Incident | None, others: Sequence[Incident], policy: Policy) -> Placed:
    """`newest`: the newest incident with the page's key. `others`: the open incidents that it may be part of, newest first."""
    quiet = policy.quiet(page, at)
    joined = _joined(newest, page, at, policy) if newest is not None else None
    if joined is not None:
        return Placed(_hushed(joined, quiet) if page.status is Status.FIRING else joined)
    alike = likeness.most_alike(page, at, others, policy.service_of) if policy.across != "off" and page.status is Status.FIRING else None
    if alike is not None and policy.across == "on" and len(alerts_of(alike.incident)) < MOST_ALERTS:
        return Placed(_hushed(_tied(alike.incident, page, at, alike.why), quiet))
    opened = _opened(page, at)
    if quiet is not None and page.status is Status.FIRING:
        opened = opened.model_copy(update={"quiet_until": quiet.until, "quiet_why": quiet.why})
    return Placed(opened, (alike.incident.id, alike.why) if alike is not None else None)


def asked_again(incident: Incident, at: datetime) -> Incident:
    """A person says that the verdict is wrong: look again, with what has come in since. What is over is not looked at again."""
    if incident.state is not IncidentState.TRIAGED:
        return incident
    return incident.model_copy(update=_triage_anew(incident, at))


def _opened(page: Page, at: datetime) -> Incident:
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
        asked_at=at if firing else None,
        resolved_at=None if firing else at,
        alerts=1 if firing else 0,
        title=page.title,
        service=page.service,
        severity=page.severity,
        page=page,
        grouped=(Alert(key=key_of(page), firing=firing),),
    )


def _joined(incident: Incident, page: Page, at: datetime, policy: Policy) -> Incident | None:
    """The page's own incident with the page taken in; None when the page opens a new incident instead."""
    if page.status is Status.RESOLVED:
        return incident if incident.resolved_at else _resolved(incident, key_of(page), at)
    if incident.resolved_at is None:
        return _fired_again(incident, page, at)
    if incident.alerts == 0 or (at - incident.resolved_at).total_seconds() > policy.reopen_s:
        return None
    return _reopened(incident, page, at)


def _resolved(incident: Incident, key: str, at: datetime) -> Incident:
    """Over when the last of its alerts is."""
    alerts = _with(incident, key, firing=False)
    if any(alert.firing for alert in alerts):
        return incident.model_copy(update={"grouped": alerts})
    changed = {"state": IncidentState.RESOLVED, "resolved_at": at, "revision": incident.revision + 1, "grouped": alerts}
    return incident.model_copy(update=changed)


def _fired_again(incident: Incident, page: Page, at: datetime) -> Incident:
    """One alert more. Only a severity never reached before changes what people should do, so only that asks for a new triage."""
    changed = _counted(incident, page, at)
    if RANK[page.severity] > RANK[incident.severity]:
        changed |= _triage_anew(incident, at) | {"severity": page.severity}
    return incident.model_copy(update=changed)


def _tied(incident: Incident, page: Page, at: datetime, why: str) -> Incident:
    """Another source's alert about the same trouble. A critical one is news, unless the last triage is minutes old."""
    alerts = (*alerts_of(incident), Alert(key=key_of(page), why=why))
    changed: dict[str, object] = {"alerts": incident.alerts + 1, "paged_at": at, "grouped": alerts}
    raised = RANK[page.severity] > RANK[incident.severity]
    asked = incident.asked_at or incident.opened_at
    if raised or (page.severity is Severity.CRITICAL and at - asked >= timedelta(seconds=TRIAGE_AGAIN_S)):
        changed |= _triage_anew(incident, at) | {"severity": page.severity}
    return incident.model_copy(update=changed)


def _reopened(incident: Incident, page: Page, at: datetime) -> Incident:
    lately = tuple(moment for moment in incident.reopened if (at - moment).total_seconds() <= FLAP_WINDOW_S)[-FLAPS:]
    flapping = len(lately) + 1 >= FLAPS
    changed = _counted(incident, page, at) | {
        "resolved_at": None,
        "reopened": (*lately, at),
        "flapping": flapping,
        "severity": max(incident.severity, page.severity, key=RANK.__getitem__),
    }
    known = flapping and incident.report is not None and RANK[page.severity] <= RANK[incident.severity]
    if known:  # it was triaged twice on the way here, and whoever took it still has it
        return incident.model_copy(update=changed | {"state": IncidentState.TRIAGED, "revision": incident.revision + 1})
    changed |= {"acknowledged_by": None}  # who took it before may be asleep by now
    return incident.model_copy(update=changed | _triage_anew(incident, at))


def _counted(incident: Incident, page: Page, at: datetime) -> dict[str, object]:
    """What people read of an incident is told by the alert that opened it, in its newest words."""
    key = key_of(page)
    newer = {"page": page} if key == incident.key else {}
    return {"alerts": incident.alerts + 1, "paged_at": at, "grouped": _with(incident, key, firing=True), **newer}


def _with(incident: Incident, key: str, *, firing: bool) -> tuple[Alert, ...]:
    return tuple(alert.model_copy(update={"firing": firing}) if alert.key == key else alert for alert in alerts_of(incident))


def _triage_anew(incident: Incident, at: datetime) -> dict[str, object]:
    revision = incident.revision + 1
    return {"state": IncidentState.TRIAGING, "revision": revision, "triage_revision": revision, "asked_at": at}


def _hushed(incident: Incident, quiet: Quiet | None) -> Incident:
    """What maintenance keeps quiet stays so while its pages fall into a window; a page outside of one makes it loud."""
    if incident.quiet_until is None:
        return incident
    if quiet is None:
        return incident.model_copy(update={"quiet_until": None, "quiet_why": ""})
    return incident.model_copy(update={"quiet_until": max(quiet.until, incident.quiet_until), "quiet_why": quiet.why})
