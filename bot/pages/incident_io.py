"""incident.io: incidents and alerts, signed as Standard Webhooks. Actions, follow-ups, members and private incidents are no pages."""

from collections.abc import Iterator

from bot.model.page import Page, Status
from bot.pages.reading import keys
from bot.pages.reading.levels import severity, status
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import sheet
from bot.pages.reading.signature import standard_webhooks
from bot.pages.reading.source import Headers, Source

_OVER = frozenset({"closed", "declined", "merged", "canceled", "cancelled", "learning"})  # learning: fixed, being written up
_INCIDENT = ("public_incident.incident_created", "public_incident.incident_updated", "public_incident.incident_status_updated")
_ALERT = "public_alert.alert_"


def parse(body: Part, _headers: Headers) -> tuple[Page, ...]:
    kind = body.text("event_type")
    if kind is None:
        raise body.wrong("not an incident.io event", "event_type")
    if kind.startswith(_ALERT):
        return (_alert(body.part(kind)),)
    if not kind.startswith(_INCIDENT):
        return ()
    told = body.part(kind)
    return (_incident(told.part("incident") if told.has("incident") else told, told),)


def _incident(incident: Part, told: Part) -> Page:
    state = told.part("new_status") if told.has("new_status") else incident.part("incident_status")
    level, id_ = incident.part("severity"), incident.text("id")
    if id_ is None:
        raise incident.wrong("without an id", "id")
    category = (state.text("category") or incident.text("status") or "").casefold()
    extras = {
        "reference": incident.text("reference"),
        "status": state.text("name"),
        "severity": level.text("name"),
        "type": incident.part("incident_type").text("name"),
        "mode": incident.text("mode"),
    }
    return sheet(
        "incident_io",
        keys.key(id_),
        incident.text("name") or incident.text("reference"),
        Status.RESOLVED if category in _OVER else Status.FIRING,
        description=incident.prose("summary"),
        severity=severity(level.text("name")),
        starts_at=incident.time("created_at"),
        ends_at=incident.time("updated_at"),
        labels={name: value for name, value in extras.items() if value},
        links=(("incident", incident.text("permalink")), ("call", incident.text("call_url"))),
    )


def _alert(told: Part) -> Page:
    alert = told.part("alert") if told.has("alert") else told
    id_ = alert.text("deduplication_key", "id")
    if id_ is None:
        raise alert.wrong("without an id", "id")
    labels = dict(_attributes(alert))
    lowered = {name.casefold(): value for name, value in labels.items()}
    return sheet(
        "incident_io",
        keys.key(id_),
        alert.text("title"),
        status(alert.text("status")) or Status.FIRING,
        description=alert.prose("description"),
        severity=severity(lowered.get("severity"), lowered.get("priority")),
        service=lowered.get("service"),
        starts_at=alert.time("created_at"),
        ends_at=alert.time("resolved_at", "updated_at"),
        labels=labels,
        links=(("alert", alert.text("source_url")),),
    )


def _attributes(alert: Part) -> Iterator[tuple[str, str]]:
    """[{attribute: {name}, value: {label | literal | catalog_entry: {name}}}]; what has several values gives the first."""
    yield from (alert.labels("metadata") if alert.is_object("metadata") else {}).items()
    for one in alert.parts("attributes") if alert.is_array("attributes") else ():
        value = (
            one.part("value")
            if one.is_object("value")
            else next(iter(one.parts("array_value") if one.is_array("array_value") else ()), None)
        )
        named = one.part("attribute").text("name") if one.is_object("attribute") else one.text("name")
        entry = value.part("catalog_entry") if value is not None and value.is_object("catalog_entry") else None
        said = (entry.text("name") if entry else None) or (value.text("label", "literal") if value is not None else None)
        if named and said:
            yield named, said


def delivery(_body: Part, headers: Headers) -> str | None:
    return headers.get("webhook-id") or headers.get("svix-id")


SOURCE = Source(parse, signature=standard_webhooks, delivery=delivery)
