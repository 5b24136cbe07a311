"""Splunk On-Call (VictorOps): its outgoing webhook with REST-endpoint names (message_type, entity_id...), flat or in ALERT and STATE."""

from bot.model.page import Page, Status
from bot.pages.reading import keys
from bot.pages.reading.levels import severity
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import sheet
from bot.pages.reading.source import Headers, Source

_OVER = frozenset({"recovery", "resolved", "ok"})
_LOWERED = {"message_type", "entity_id", "entity_display_name", "state_message", "state_start_time", "monitoring_tool", "incident_number",
            "current_alert_phase", "incident_name", "alert_url", "service", "timestamp", "host_name", "entity_state",
            "alert_phase", "current_phase", "current_state", "display_name", "incident_id"}  # fmt: skip


def parse(body: Part, _headers: Headers) -> tuple[Page, ...]:
    told = _flattened(body)
    kind = (told.text("message_type", "entity_state", "current_alert_phase") or "").casefold()
    phase = (told.text("current_alert_phase", "alert_phase", "current_phase", "current_state") or "").casefold()
    id_ = told.text("entity_id", "incident_number", "incident_name", "incident_id")
    if id_ is None:
        if any(name.rpartition(".")[0].upper() in ("EVENT", "USER", "PAGE", "ONCALL") for name in body.value):  # who goes on call
            return ()
        raise body.wrong("no entity_id: not a Splunk On-Call message")
    title = told.text("entity_display_name", "display_name", "incident_name", "entity_id")
    extras = {"tool": told.text("monitoring_tool"), "host": told.text("host_name"), "incident": told.text("incident_number"), "state": kind}
    at = told.time("state_start_time", "timestamp")
    return (
        sheet(
            "splunk_oncall",
            keys.key(id_),
            title,
            Status.RESOLVED if kind in _OVER or phase in _OVER else Status.FIRING,
            description=told.prose("state_message"),
            severity=severity(told.text("severity"), kind),
            service=told.text("service"),
            starts_at=at,
            ends_at=told.time("timestamp") or at,
            labels={name: value for name, value in extras.items() if value},
            links=(("alert", told.text("alert_url")),),
        ),
    )


def _flattened(body: Part) -> Part:
    """`ALERT.entity_id`, {ALERT: {entity_id}} and ENTITY_ID are the same name."""
    found: dict[str, object] = {}
    layers = [body, *(body.part(name) for name in ("ALERT", "STATE", "alert", "state") if body.is_object(name))]
    for layer in layers:
        for name, value in layer.value.items():
            plain = name.rpartition(".")[2].lower()
            if plain in _LOWERED:
                found.setdefault(plain, value)
    return Part(found, body.file, body.path)


SOURCE = Source(parse)
