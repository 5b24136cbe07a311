"""For everything without a file of its own: PagerDuty's Events v2 shape (anything that can page PagerDuty can page Midwatch), its
older version 1, CloudEvents around an alert, an Alertmanager-like group, or one flat JSON object with a title.

Signed as Standard Webhooks when this source has secrets; else a token, which the Events shape carries as `routing_key`.
"""

from bot.model.page import Page, Status
from bot.pages.reading import claims, flat, keys, prometheus
from bot.pages.reading.levels import severity, status
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import sheet
from bot.pages.reading.signature import standard_webhooks
from bot.pages.reading.source import Headers, Source

_CHANGES = ("dev.cdevents.", "dev.midwatch.change.")
_EVENTS = frozenset({"trigger", "acknowledge", "resolve"})


def parse(body: Part, headers: Headers) -> tuple[Page, ...]:
    if body.text("specversion") or "ce-specversion" in headers:
        return _cloud_event(body, headers)
    return _unwrapped(body, headers)


def _unwrapped(body: Part, headers: Headers, key: str | None = None) -> tuple[Page, ...]:
    if (body.text("event_action", "event_type") or "").casefold() in _EVENTS and (body.is_object("payload") or _keyed(body)):
        return _events(body)
    wrapped = body.part("alert_payload") if body.is_object("alert_payload") else body
    if wrapped.is_array("alerts") and wrapped.value["alerts"] and _all_objects(wrapped):
        return prometheus.pages("generic", wrapped)
    return flat.pages("generic", body, headers, key=key)


def _events(body: Part) -> tuple[Page, ...]:
    """Events v2 puts the alert into `payload`, version 1 beside it. An acknowledgement is a person's act, not a page."""
    action = (body.text("event_action", "event_type") or "").casefold()
    if action == "acknowledge":
        return ()
    payload = body.part("payload")
    details = (
        payload.part("custom_details")
        if payload.is_object("custom_details")
        else body.part("details")
        if body.is_object("details")
        else None
    )
    title = payload.text("summary") or body.text("description", "summary", "title")
    key = body.text("dedup_key", "incident_key")
    if title is None and key is None:
        raise payload.wrong("neither a summary nor a dedup_key")
    service = payload.text("component", "service") or payload.text("source") or body.text("client")
    return (
        sheet(
            "generic",
            keys.key(key) if key else keys.digest(keys.steady(title or ""), payload.text("source") or ""),
            title or key,
            status(action) or Status.FIRING,
            description=(details.prose("description", "message", "details") if details else None) or payload.prose("custom_details"),
            severity=severity(payload.text("severity")),
            service=(details.text("service", "service_name") if details else None) or service,
            starts_at=payload.time("timestamp"),
            ends_at=payload.time("timestamp"),
            labels=_labels(payload, details),
            links=_links(body),
            claimed=claims.claim(f"{payload.text('class') or title or ''} {details.text('value')}")
            if details and details.text("value")
            else None,
        ),
    )


def _keyed(body: Part) -> bool:
    return body.has("dedup_key") or body.has("incident_key") or body.has("routing_key") or body.has("service_key")


def _labels(payload: Part, details: Part | None) -> dict[str, str]:
    own = {name: payload.text(name) for name in ("source", "component", "group", "class")}
    told = {name: value for name, value in (dict(details.labels_here()) if details else {}).items() if len(value) <= 500}
    return told | {name: value for name, value in own.items() if value}


def _links(body: Part) -> tuple[tuple[str, str | None], ...]:
    listed = body.parts("links") if body.is_array("links") else ()
    contexts = body.parts("contexts") if body.is_array("contexts") else ()
    return (
        *((link.text("text") or "link", link.text("href")) for link in (*listed, *contexts)),
        (body.text("client") or "source", body.text("client_url")),
    )


def _cloud_event(body: Part, headers: Headers) -> tuple[Page, ...]:
    """Structured or binary. Its `source` and `subject` identify the incident where the data names nothing; `id` is this event's alone."""
    structured = body.text("specversion") is not None
    kind = (body.text("type") if structured else headers.get("ce-type")) or ""
    if kind.startswith(_CHANGES) or kind.rpartition(".")[2].casefold() in ("ping", "heartbeat") or flat.is_audit(kind):
        return ()
    if not structured:
        return _unwrapped(body, headers, _subject(headers.get("ce-source"), headers.get("ce-subject")))
    data = body.part("data") if body.is_object("data") else Part({}, body.file, body.path)
    extras = {
        "title": body.text("subject", "type"),
        "time": body.text("time"),
        "status": kind.rpartition(".")[2],
        "description": body.prose("data"),
    }
    filled = {name: value for name, value in extras.items() if value and not data.has(name)}
    whole = Part({**filled, **data.value}, body.file, data.path)
    return _unwrapped(whole, headers, _subject(body.text("source"), body.text("subject")))


def _subject(source: str | None, subject: str | None) -> str | None:
    return keys.digest(source or "", subject) if subject else None


def _all_objects(body: Part) -> bool:
    return bool(body.parts("alerts"))


def delivery(body: Part, headers: Headers) -> str | None:
    """A CloudEvent's id, or Standard Webhooks' header."""
    event = body.text("id") if body.text("specversion") else headers.get("ce-id")
    return headers.get("webhook-id") or event


SOURCE = Source(parse, signature=standard_webhooks, delivery=delivery, token=lambda body: body.text("routing_key", "service_key"))
