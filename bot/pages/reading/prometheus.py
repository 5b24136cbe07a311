"""Alert groups as Alertmanager, and Grafana after it, send them: one page a group, whatever the number of its alerts.

Grouping is what the operator asked the alerting system for, so a group is one incident and its key is the group's. Where nothing
was grouped by (`group_by` unset: one group for everything) the alerts are told apart by name and service instead.
A group fires while one of its alerts does; how many do, and which have ended, is told in labels and description.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model.page import Page, Severity, Status
from bot.pages.reading import keys
from bot.pages.reading.levels import severity, status
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import service_of, sheet

LISTED = 12  # alerts of a group that the description lists; more do not fit on a screen at 2am
_CHANGING = frozenset({"severity", "priority", "level"})  # labels that may change while the incident lasts
_WORST = (Severity.CRITICAL, Severity.ERROR, Severity.WARNING, Severity.INFO, Severity.UNKNOWN)
_SEVERITIES = ("severity", "priority", "level", "urgency")
_LINKS = (
    ("runbook", "runbook_url"),
    ("runbook", "runbook"),
    ("dashboard", "dashboard_url"),
    ("dashboard", "dashboard"),
    ("query", "generatorURL"),
    ("dashboard", "dashboardURL"),
    ("panel", "panelURL"),
    ("silence", "silenceURL"),
)


@dataclass(frozen=True)
class Alert:
    labels: dict[str, str]
    notes: dict[str, str]  # annotations
    status: Status | None
    starts_at: datetime | None
    ends_at: datetime | None
    fingerprint: str | None
    part: Part

    @property
    def name(self) -> str | None:
        return self.labels.get("alertname") or None

    @property
    def told(self) -> str | None:
        return self.notes.get("summary") or self.part.text("summary", "title", "message") or None

    @property
    def description(self) -> str | None:
        words = self.notes.get("description") or self.notes.get("message") or self.part.prose("description")
        return words or None

    @property
    def identity(self) -> str:
        """Without a group: its fingerprint, else what it is called and labelled."""
        return self.fingerprint or keys.digest(self.name or keys.steady(self.told or ""), keys.of_labels(self.labels, without=_CHANGING))


@dataclass(frozen=True)
class Group:
    key: str
    alerts: tuple[Alert, ...]
    labels: dict[str, str]
    notes: dict[str, str]
    split: bool = False  # the body's own status is not this group's: only its alerts tell


def looks_like(part: Part) -> bool:
    """Whether there is anything of a group, or of one bare alert, to read."""
    return any(part.has(key) for key in ("alerts", "commonLabels", "groupLabels", "commonAnnotations", "labels", "annotations"))


def pages(source: str, part: Part) -> tuple[Page, ...]:
    alerts = tuple(map(_alert, part.parts("alerts")))
    if not alerts and not any(part.has(key) for key in ("commonLabels", "groupLabels", "commonAnnotations", "groupKey")):
        bare = _alert(part)
        return (_page(source, part, Group(keys.key(bare.identity), (bare,), {}, {})),)
    return tuple(_page(source, part, group) for group in _groups(part, alerts))


def _alert(part: Part) -> Alert:
    said = part.part("status").text("state") if part.is_object("status") else part.text("status", "state")
    return Alert(
        labels=part.labels("labels"),
        notes=part.labels("annotations"),
        status=status(said),
        starts_at=part.time("startsAt"),
        ends_at=part.time("endsAt"),
        fingerprint=part.text("fingerprint"),
        part=part,
    )


def _groups(part: Part, alerts: tuple[Alert, ...]) -> Iterator[Group]:
    said, by = part.text("groupKey"), part.labels("groupLabels")
    common, notes = part.labels("commonLabels") | by, part.labels("commonAnnotations")
    if by or (said and not said.endswith(("{}", ":"))):
        yield Group(keys.key(said) if said else keys.of_labels(by), alerts, common, notes)
        return
    if not alerts:
        named = common.get("alertname") or keys.steady(part.text("title") or notes.get("summary", ""))
        yield Group(keys.digest(said or "", named, service_of(common) or ""), (), common, notes)
        return
    apart: dict[str, list[Alert]] = {}
    for alert in alerts:
        key = keys.digest(said, alert.name or "", service_of(alert.labels) or "") if said else keys.key(alert.identity)
        apart.setdefault(key, []).append(alert)
    whole = len(apart) == 1
    for key, some in apart.items():
        yield Group(key, tuple(some), common if whole else _shared(some), notes if whole else {}, split=True)


def _shared(alerts: Sequence[Alert]) -> dict[str, str]:
    first = alerts[0].labels
    return {name: value for name, value in first.items() if all(alert.labels.get(name) == value for alert in alerts)}


def _page(source: str, part: Part, group: Group) -> Page:
    now = _status(part, group)
    live = [alert for alert in group.alerts if alert.status is not Status.RESOLVED] or list(group.alerts)
    lead = live[0] if live else None
    labels = group.labels | (lead.labels if lead is not None and len(group.alerts) == 1 else {})
    title = group.notes.get("summary") or (lead.told if lead else None) or labels.get("alertname") or (lead.name if lead else None)
    starts = [alert.starts_at for alert in live if alert.starts_at is not None]
    ends = [alert.ends_at for alert in group.alerts if alert.ends_at is not None]
    return sheet(
        source,
        group.key,
        part.text("title") or title or ", ".join(f"{name}={value}" for name, value in sorted(labels.items())),
        now,
        description=_description(part, group, lead),
        severity=_severity(labels, live),
        service=service_of(labels) or service_of(group.notes),
        starts_at=min(starts, default=None),
        ends_at=max(ends, default=None),
        labels=labels | _counts(group.alerts) | _handed_on(source, part, group),
        links=_links(part, group, live),
        says=(title, group.notes.get("description"), lead.description if lead else None),
    )


def _status(part: Part, group: Group) -> Status:
    """Firing while an alert is. Where all listed ones ended but the group fires, those that were cut off fire; what tells nothing is
    taken as firing, because a missed page costs more."""
    told = {alert.status for alert in group.alerts if alert.status is not None}
    if Status.FIRING in told:
        return Status.FIRING
    whole = None if part.is_object("status") or (group.split and told) else status(part.text("status"), part.text("state"))
    return whole or next(iter(told), Status.FIRING)


def _severity(labels: dict[str, str], alerts: Sequence[Alert]) -> Severity:
    found = severity(*(labels.get(name) for name in _SEVERITIES))
    if found is not Severity.UNKNOWN:
        return found
    return min((severity(*(alert.labels.get(name) for name in _SEVERITIES)) for alert in alerts), key=_WORST.index, default=found)


def _counts(alerts: Sequence[Alert]) -> dict[str, str]:
    if len(alerts) < 2:
        return {}
    ended = sum(alert.status is Status.RESOLVED for alert in alerts)
    return {"alerts_firing": str(len(alerts) - ended), "alerts_resolved": str(ended)}


def _handed_on(source: str, part: Part, group: Group) -> dict[str, str]:
    """What Alertmanager calls the group towards PagerDuty (`incident_key`) and Opsgenie (`alias`): they can be told to be one by it."""
    said = part.text("groupKey")
    if source != "alertmanager" or not said or group.split:
        return {}
    return {"group_key_sha256": hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()}


def _description(part: Part, group: Group, lead: Alert | None) -> str:
    words = group.notes.get("description") or group.notes.get("message") or (lead.description if lead else None)
    told = [words or part.prose("message") or group.notes.get("summary") or ""]
    if len(group.alerts) > 1:
        told += [_listed(alert, group.labels) for alert in group.alerts[:LISTED]]
        cut = part.number("truncatedAlerts") or 0.0
        more = max(0, len(group.alerts) - LISTED) + int(min(max(cut, 0.0), 1e6))
        told += [f"and {more} more"] if more > 0 else []
    return "\n".join(one for one in told if one)


def _listed(alert: Alert, common: dict[str, str]) -> str:
    own = ", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()) if name not in common)
    words = own or alert.told or alert.name or alert.identity
    return f"- {(alert.status or Status.FIRING).value}: {words[:200]}"


def _links(part: Part, group: Group, alerts: Sequence[Alert]) -> Iterator[tuple[str, str | None]]:
    for label, key in _LINKS:
        yield label, group.notes.get(key)
    for alert in alerts[:LISTED]:
        for label, key in _LINKS:
            yield label, alert.notes.get(key) or alert.part.text(key)
    yield "alerting system", part.text("externalURL")
