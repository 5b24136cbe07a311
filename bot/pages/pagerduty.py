"""PagerDuty webhooks: version 3 (signed), and the older `messages` of versions 1 and 2.

Only events whose data is an incident are pages; notes, responders, workflows, service changes and pings are not.
The key is the incident's id in all versions. X-PagerDuty-Signature carries no time: replays are found by the event's id, which is
remembered for longer than the event's own time is accepted.
"""

from bot.errors import BadPage, NotAllowed
from bot.model.page import Page, Severity, Status
from bot.pages.reading import keys
from bot.pages.reading.levels import severity
from bot.pages.reading.part import Part, read
from bot.pages.reading.sheet import sheet
from bot.pages.reading.signature import hex_hmac
from bot.pages.reading.source import Headers, Source

OLDEST_S = 50 * 3600.0  # PagerDuty tries for two days; ids are remembered for three
AHEAD_S = 300.0

_hmac = hex_hmac("x-pagerduty-signature", "v1=")
_NOTES = frozenset({"incident.annotated", "incident.annotate", "incident.status_update_published", "incident.deleted"})
_URGENCY = {"high": Severity.ERROR, "low": Severity.WARNING}  # severity-based urgency: critical and error are high, the rest low


def parse(body: Part, _headers: Headers) -> tuple[Page, ...]:
    if body.has("event"):
        return _v3(body.part("event"))
    if body.has("messages"):
        return tuple(page for message in body.parts("messages") for page in _older(message))
    raise body.wrong("neither `event` (version 3) nor `messages` (versions 1 and 2)")


def _v3(event: Part) -> tuple[Page, ...]:
    kind, data = event.text("event_type") or "", event.part("data")
    told = data.text("type") or event.text("resource_type")
    if told != "incident" or kind in _NOTES or not kind.startswith("incident."):
        return ()
    return (_page(event, kind, data),)


def _older(message: Part) -> tuple[Page, ...]:
    """Version 2 has `event` and `incident`; version 1 has `type` and `data.incident`."""
    kind = message.text("event", "type") or ""
    incident = message.part("incident") or message.part("data", "incident")
    if not kind.startswith("incident.") or kind in _NOTES or not incident:
        return ()
    return (_page(message, kind, incident),)


def _page(event: Part, kind: str, incident: Part) -> Page:
    ended = kind in ("incident.resolved", "incident.resolve") or incident.text("status") == "resolved"
    service = incident.part("service")
    priority = incident.part("priority")
    id_ = incident.text("id", "incident_key", "number", "incident_number")
    if id_ is None:
        raise incident.wrong("an incident without an id")
    body = incident.part("body") if incident.is_object("body") else Part({}, incident.file, incident.path)
    trigger = incident.part("trigger_summary_data") if incident.is_object("trigger_summary_data") else body
    return sheet(
        "pagerduty",
        keys.key(id_),
        incident.text("title", "description", "summary") or trigger.text("subject", "description"),
        Status.RESOLVED if ended and kind != "incident.reopened" else Status.FIRING,
        description=body.prose("details") or incident.prose("description"),
        severity=_severity(priority, incident.text("urgency")),
        service=service.text("summary", "name"),
        starts_at=incident.time("created_at", "created_on") or event.time("occurred_at", "created_on"),
        ends_at=incident.time("resolved_at", "last_status_change_at", "last_status_change_on") or event.time("occurred_at", "created_on"),
        labels=_labels(event, kind, incident),
        links=(("incident", incident.text("html_url")), ("service", service.text("html_url"))),
    )


def _severity(priority: Part, urgency: str | None) -> Severity:
    found = severity(priority.text("summary", "name"))
    return found if found is not Severity.UNKNOWN else _URGENCY.get((urgency or "").casefold(), Severity.UNKNOWN)


def _labels(event: Part, kind: str, incident: Part) -> dict[str, str]:
    told = {
        "event_type": kind,
        "incident_key": incident.text("incident_key"),
        "incident_number": incident.text("number", "incident_number"),
        "urgency": incident.text("urgency"),
        "priority": incident.part("priority").text("summary", "name"),
        "team": next((team.text("summary", "name") for team in incident.parts("teams")), None),
        "resolve_reason": incident.part("resolve_reason").text("type") if incident.is_object("resolve_reason") else None,
        "client": event.part("client").text("name") if event.is_object("client") else None,
    }
    return {name: value for name, value in told.items() if value}


def delivery(body: Part, _headers: Headers) -> str | None:
    """The event's own id: it is signed, X-Webhook-Id is not."""
    messages = body.parts("messages") if body.is_array("messages") else ()
    return body.part("event").text("id") if body.is_object("event") else messages[0].text("id") if messages else None


def signed(body: bytes, headers: Headers, secrets: tuple[str, ...], now: float) -> str:
    """The signature has no time of its own, but the event it covers has: one older than PagerDuty would still send is a replay."""
    proof = _hmac(body, headers, secrets, now)
    try:
        told = read(body, "body")
        at = told.part("event").time("occurred_at") if told.is_object("event") else None
    except BadPage:
        return proof
    if at is not None and not -AHEAD_S <= now - at.timestamp() <= OLDEST_S:
        raise NotAllowed(f"the signed event is more than {OLDEST_S / 3600:.0f} h old, or of the future")
    return proof


SOURCE = Source(parse, signature=signed, delivery=delivery)
