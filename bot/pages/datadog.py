"""Datadog monitors through the Webhooks integration. The body is whatever the operator's template says; ours (docs/pages.md) is
read whole, and the names that other templates use are understood. A variable that Datadog did not fill in ($ALERT_ID) is no value.
"""

import re

from bot.model.page import Page, Severity, Status
from bot.pages.reading import keys
from bot.pages.reading.levels import severity, status
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import sheet
from bot.pages.reading.source import Headers, Source

_VARIABLE = re.compile(r"\$[A-Z_]{2,60}(?:\[[^\]]{0,80}\])?")
_HEAD = re.compile(r"^\s*(?:\[(?P<priority>P[1-5])\]\s*)?\[(?P<said>[^\]]{1,80})\]\s*(?P<rest>.*)$", re.DOTALL)
_TYPES = {"success": Status.RESOLVED, "recovery": Status.RESOLVED}


def parse(body: Part, _headers: Headers) -> tuple[Page, ...]:
    filled = Part({_plain(name): value for name, value in body.value.items() if not _unfilled(value)}, body.file, body.path)
    title = filled.text("title", "event_title", "alert_title", "monitor_name", "name", "event_msg")
    if title is None:
        raise body.wrong("no title: use the template in docs/pages.md")
    labels = filled.labels("tags") if filled.has("tags") else {}
    org = filled.part("org").text("name") if filled.is_object("org") else filled.text("org_name")
    told = {name: filled.text(name) for name in ("metric", "alert_metric", "query", "alert_query", "hostname", "scope", "alert_scope")}
    at = filled.time("last_updated", "date", "timestamp")
    return (
        sheet(
            "datadog",
            _key(filled, title),
            title,
            _status(filled, title),
            description=filled.prose("body", "event_msg", "text_only_msg", "message", "text", "description"),
            severity=_severity(filled, title),
            service=labels.get("service") or filled.text("service"),
            starts_at=filled.time("date_happened", "alert_start", "date") or at,
            ends_at=at,
            labels=labels | {name: value for name, value in told.items() if value} | ({"org": org} if org else {}),
            links=(("event", filled.text("link", "url", "event_url", "alert_url")), ("snapshot", filled.text("snapshot", "image"))),
        ),
    )


def _plain(name: str) -> str:
    """ALERT_TRANSITION, alertTransition, alert-transition -> alert_transition."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|-", "_", name[:100]).lower() if not name.isupper() else name.lower()


def _unfilled(value: object) -> bool:
    return isinstance(value, str) and _VARIABLE.fullmatch(value.strip()) is not None


def _key(filled: Part, title: str) -> str:
    """The cycle key links a trigger to its recovery; without it the monitor and the group of hosts it fired for do."""
    own = filled.text("cycle_key", "alert_cycle_key") or filled.text("aggreg_key", "aggregation_key", "incident_public_id")
    if own:
        return keys.key(own)
    monitor = filled.text("alert_id", "monitor_id") or ""
    return keys.digest(monitor, filled.text("scope", "alert_scope", "scopes") or "", keys.steady(title))


def _status(filled: Part, title: str) -> Status:
    head = _HEAD.match(title)
    for said in (filled.text("transition", "alert_transition"), head["said"] if head else None):
        if said:
            return Status.RESOLVED if "recover" in said.casefold() else Status.FIRING
    kind = (filled.text("alert_type", "type") or "").casefold()
    return _TYPES.get(kind) or status(filled.text("alert_status", "status", "state")) or Status.FIRING


def _severity(filled: Part, title: str) -> Severity:
    priority = filled.text("alert_priority", "priority") or ""
    head = _HEAD.match(title)
    said = f"P{priority}" if priority in ("1", "2", "3", "4", "5") else priority
    found = severity(said if said.upper().startswith("P") else None, head["priority"] if head else None)
    if found is not Severity.UNKNOWN:
        return found
    warned = "warn" in (filled.text("transition", "alert_transition") or "").casefold()
    return (
        severity(filled.text("severity")) if filled.has("severity") else Severity.WARNING if warned else severity(filled.text("alert_type"))
    )


def delivery(body: Part, _headers: Headers) -> str | None:
    id_ = body.text("id", "event_id")
    return id_ if id_ and not _unfilled(id_) else None


SOURCE = Source(parse, delivery=delivery)
