"""Splunk Observability (SignalFx): a detector's webhook. `anomalous` fires; `ok`, `manually resolved` and `stopped` end it."""

from bot.model.page import Page, Status
from bot.pages.reading import keys
from bot.pages.reading.levels import severity
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import sheet
from bot.pages.reading.source import Headers, Source

_OVER = frozenset({"ok", "manually resolved", "stopped", "auto resolved"})


def parse(body: Part, _headers: Headers) -> tuple[Page, ...]:
    id_ = body.text("incidentId", "detectorId")
    title = body.text("messageTitle", "rule", "detector", "description")
    if id_ is None and title is None:
        raise body.wrong("neither incidentId nor messageTitle")
    said = (body.text("statusExtended", "status") or "").casefold()
    told = {
        "detector": body.text("detector"),
        "rule": body.text("rule"),
        "metric": body.text("originatingMetric"),
        "event": body.text("eventType"),
    }
    at = body.time("timestamp", "timestampISO8601")
    return (
        sheet(
            "signalfx",
            keys.key(id_) if id_ else keys.digest(keys.steady(title or "")),
            title or body.text("messageBody"),
            Status.RESOLVED if said in _OVER else Status.FIRING,
            description=body.prose("messageBody", "description"),
            severity=severity(body.text("severity")),
            starts_at=at,
            ends_at=at,
            labels=body.labels("dimensions") | {name: value for name, value in told.items() if value},
            links=(("detector", body.text("detectorUrl")), ("runbook", body.text("runbookUrl")), ("image", body.text("imageUrl"))),
        ),
    )


SOURCE = Source(parse)
