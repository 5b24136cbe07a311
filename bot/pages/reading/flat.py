"""Bodies without a format of their own: one JSON object with a title somewhere, under the names that tools and people use.

The title decides whether it is a page at all. Containers that senders wrap around their alert are opened; what nobody says
(severity, service, times) stays unknown.
"""

import re
from collections.abc import Iterator

from bot.model.page import Claimed, Page, Status
from bot.pages.reading import claims, keys
from bot.pages.reading.levels import severity, status
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import service_of, sheet
from bot.pages.reading.source import Headers

_WRAPPERS = ("alert_payload", "alert", "incident", "issue", "payload", "data", "event", "detail", "body", "attributes")
_TITLES = (
    "title", "summary", "alert_title", "alert_name", "alertname", "alertName", "name", "subject", "message", "event_title", "issueTitle",
    "monitor_name", "alert_rule_name", "rule_name", "ruleName", "check_name", "msg", "text", "headline", "description", "reason",
)  # fmt: skip
_PROSE = ("description", "details", "message", "body", "text", "content", "long_description", "msg", "output", "error", "summary")
_STATUSES = (
    "status", "state", "event_action", "alert_status", "alert_state", "alert_transition", "transition", "current_state", "action",
    "event_type", "eventType", "event", "type", "trigger",
)  # fmt: skip
_SEVERITIES = ("severity", "priority", "level", "urgency", "criticality", "alert_priority", "impact", "alert_type", "importance")
_KEYS = (
    "dedup_key", "dedupKey", "dedupe_key", "deduplication_key", "dedup", "fingerprint", "alias", "incident_key", "alert_key", "entity_id",
    "correlation_id", "incident_id", "incidentId", "issue_id", "issueId", "alert_rule_id", "alert_id", "alertId", "monitor_id", "group_id",
    "external_id",
    "aggregation_key", "uid", "id", "_id", "key", "uuid",
)  # fmt: skip
_STARTS = (
    "starts_at", "startsAt", "started_at", "startedAt", "start_time", "startTime", "triggered_at", "triggeredAt", "fired_at", "opened_at",
    "created_at", "createdAt", "occurred_at", "timestamp", "time", "datetime", "date", "start",
)  # fmt: skip
_ENDS = ("ends_at", "endsAt", "ended_at", "endedAt", "end_time", "resolved_at", "resolvedAt", "closed_at", "recovered_at", "end")
_LABELS = ("labels", "commonLabels", "tags", "custom_details", "details", "dimensions", "metadata", "attributes", "fields", "extra")
_NOTES = ("annotations", "commonAnnotations")
_URLS = (
    ("alert", "url"), ("alert", "link"), ("alert", "html_url"), ("alert", "web_url"), ("alert", "alert_url"), ("alert", "permalink"),
    ("incident", "incident_url"), ("incident", "issue_url"), ("dashboard", "dashboard_url"), ("dashboard", "dashboard"),
    ("runbook", "runbook_url"), ("runbook", "runbook"), ("source", "client_url"), ("source", "source_url"), ("query", "generatorURL"),
)  # fmt: skip
_VALUES = ("value", "triggered_metric_value", "current_value", "metric_value", "observed_value", "currentValue")
_METRICS = ("metric", "alert_rule_attribute", "metric_name", "metricName", "class", "sli")
_NO_PAGE = frozenset({  # handshakes, pings and button presses
    "ping", "pong", "heartbeat", "test_connection", "url_verification", "block_actions", "interactive_message", "view_submission",
    "view_closed", "shortcut", "message_action", "verification", "subscriptionconfirmation", "unsubscribeconfirmation", "validation",
    "endpoint.url_validation",
})  # fmt: skip


_EVENTS = ("type", "Type", "event_type", "event", "action", "eventType", "category", "log_type", "kind")
_AUDIT = re.compile(r"(?:^|[^a-z])audit(?:[_-]?(?:log|trail|event|record)s?)?(?:[^a-z]|$)")


def pages(source: str, body: Part, _headers: Headers, *, key: str | None = None) -> tuple[Page, ...]:
    """`key`: what the sender's envelope says identifies the incident, where the body itself names nothing."""
    if not_a_page(body):
        return ()
    layers = tuple(_layers(body))
    title = _first_text(layers, _TITLES)
    notes = {name: value for layer in layers for found in _NOTES for name, value in _labels(layer, found).items() if value}
    labels = _gathered(layers)
    title = title or notes.get("summary") or notes.get("title") or labels.get("alertname")
    own = _first_text(layers, _KEYS)
    if title is None and (own is None or status(*_all(layers, _STATUSES)) is None):
        raise body.wrong("no title, summary, name or message, and no key with a status: nothing to page about")
    service = _service(layers) or service_of(labels) or notes.get("service_name")
    named = own or key
    return (
        sheet(
            source,
            keys.key(named) if named else keys.digest(keys.steady(title or ""), service or "", keys.of_labels(_steady_labels(labels))),
            title or f"Alert {own}",
            status(*_all(layers, _STATUSES)) or Status.FIRING,
            description=_description(layers, title) or notes.get("description") or notes.get("summary"),
            severity=severity(*_all(layers, _SEVERITIES), *(labels.get(name) for name in _SEVERITIES)),
            service=service,
            starts_at=next((at for at in (layer.time(*_STARTS) for layer in layers) if at), None),
            ends_at=next((at for at in (layer.time(*_ENDS) for layer in layers) if at), None),
            labels=labels,
            links=_links(layers, notes),
            claimed=_claimed(layers, labels),
            says=(notes.get("summary"), notes.get("description"), labels.get("value")),
        ),
    )


def not_a_page(body: Part) -> bool:
    said = [text.casefold() for name in _EVENTS if (text := body.text(name))]
    return bool(said and said[0] in _NO_PAGE) or any(map(is_audit, said)) or (body.has("challenge") and not body.has("title"))


def is_audit(kind: str) -> bool:
    """`audit_log`, `com.example.audit.login`: what somebody did in another system is no page, whatever its text says."""
    return _AUDIT.search(kind[:300].casefold()) is not None


def _layers(body: Part) -> Iterator[Part]:
    """The body and what it wraps, outermost first; two levels, so that {data: {attributes: {...}}} is reached."""
    yield body
    for key in _WRAPPERS:
        if body.is_object(key):
            inner = body.part(key)
            yield inner
            for deeper in _WRAPPERS:
                if inner.is_object(deeper):
                    yield inner.part(deeper)


def _first_text(layers: tuple[Part, ...], names: tuple[str, ...]) -> str | None:
    return next((text for text in (layer.text(*names) for layer in layers) if text), None)


def _description(layers: tuple[Part, ...], title: str | None) -> str | None:
    return next((text for layer in layers for text in map(layer.prose, _PROSE) if text and text != title), None)


def _all(layers: tuple[Part, ...], names: tuple[str, ...]) -> Iterator[str | None]:
    return (layer.text(name) for layer in layers for name in names)


def _labels(layer: Part, key: str) -> dict[str, str]:
    return layer.labels(key) if layer.is_object(key) or layer.is_array(key) or (key == "tags" and layer.text(key)) else {}


def _gathered(layers: tuple[Part, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for layer in layers:
        for key in _LABELS:
            found |= {name: value for name, value in _labels(layer, key).items() if name not in found and len(value) <= 500}
    return found


def _steady_labels(labels: dict[str, str]) -> dict[str, str]:
    """Those that name the thing, not the reading of it."""
    return {
        name: value
        for name, value in labels.items()
        if name in ("env", "environment", "cluster", "namespace", "region", "host", "instance")
    }


def _service(layers: tuple[Part, ...]) -> str | None:
    for layer in layers:
        if layer.is_object("service"):
            named = layer.part("service").text("name", "summary", "id")
            if named:
                return named
        told = layer.text("service", "service_name", "serviceName", "app", "application", "component")
        if told:
            return told
    return None


def _links(layers: tuple[Part, ...], notes: dict[str, str]) -> Iterator[tuple[str, str | None]]:
    for layer in layers:
        for label, key in _URLS:
            yield label, layer.text(key)
        if layer.is_array("links"):
            for item in layer.value["links"] if isinstance(layer.value["links"], list) else []:
                if isinstance(item, dict):
                    link = Part(item, layer.file, layer.path)
                    yield link.text("text", "label", "title", "rel") or "link", link.text("href", "url")
                elif isinstance(item, str):
                    yield "link", item
        elif layer.is_object("links"):
            yield from layer.part("links").labels_here().items()
    for label, key in _URLS:
        yield label, notes.get(key)


def _claimed(layers: tuple[Part, ...], labels: dict[str, str]) -> Claimed:
    for layer in layers:
        value = next((found for found in map(layer.number, _VALUES) if found is not None), None)
        if value is not None:
            return claims.measured(layer.text(*_METRICS), value, layer.text("unit", "units"))
    return claims.claim(f"{labels.get('metric', '')} {labels['value']}") if labels.get("value") else Claimed()
