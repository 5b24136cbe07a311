"""Sentry: issue, issue-alert, metric-alert and error webhooks of an internal integration, and the older plugin's body.

An issue's id is the key, so that `issue.resolved` closes what `event_alert` opened. Signed with HMAC-SHA256 of the body.
"""

from bot.model.page import Page, Status
from bot.pages.reading import keys
from bot.pages.reading.levels import severity
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import sheet
from bot.pages.reading.signature import hex_hmac
from bot.pages.reading.source import Headers, Source

_NOT_PAGES = ("comment", "installation", "seer", "preprod_artifact")
_CLOSED = frozenset({"resolved", "archived", "ignored"})  # archived: somebody decided that it needs nobody
_OPEN = frozenset({"created", "unresolved", "triggered", "regressed", "escalated", ""})


def parse(body: Part, headers: Headers) -> tuple[Page, ...]:
    if body.text("action") is None and body.has("event") and not body.has("data"):
        return (_plugin(body),)
    resource, data = headers.get("sentry-hook-resource", "").casefold(), body.part("data")
    if resource in _NOT_PAGES or any(data.has(name) for name in _NOT_PAGES):
        return ()
    action = (body.text("action") or "").casefold()
    if data.is_object("metric_alert"):
        return (_metric(data, action),)
    if data.is_object("issue"):
        return _issue(data.part("issue"), action)
    event = data.part("event") or data.part("error")
    if not event:
        if resource or body.has("installation"):
            return ()
        raise body.wrong("neither an issue, an event, an error nor a metric alert", "data")
    return (_event(event, data),)


def _issue(issue: Part, action: str) -> tuple[Page, ...]:
    if action not in _CLOSED | _OPEN:
        return ()  # assigned, and whatever else people do to an issue
    project = issue.part("project")
    return (
        sheet(
            "sentry",
            _key(issue.text("id"), issue),
            issue.text("title") or issue.text("culprit"),
            Status.RESOLVED if action in _CLOSED else Status.FIRING,
            description=issue.prose("culprit"),
            severity=severity(issue.text("level")),
            service=project.text("slug", "name"),
            starts_at=issue.time("firstSeen", "lastSeen"),
            ends_at=issue.time("lastSeen"),
            labels=_labels(
                issue, {"project": project.text("slug", "name"), "short_id": issue.text("shortId"), "platform": issue.text("platform")}
            ),
            links=(("issue", issue.text("web_url", "permalink")),),
        ),
    )


def _event(event: Part, data: Part) -> Page:
    told = event.part("metadata") if event.is_object("metadata") else Part({}, event.file, event.path)
    tags = event.labels("tags")
    return sheet(
        "sentry",
        _key(event.text("issue_id", "groupID"), event),
        event.text("title") or event.text("message") or told.text("title", "type"),
        Status.FIRING,
        description=event.prose("message", "culprit") or told.prose("value"),
        severity=severity(event.text("level"), tags.get("level")),
        service=tags.get("service") or event.text("project_slug", "project_name"),
        starts_at=event.time("datetime", "timestamp", "received"),
        labels=tags
        | _labels(event, {"rule": data.text("triggered_rule"), "culprit": event.text("culprit"), "project": event.text("project")}),
        links=(("event", event.text("web_url")), ("issue", event.text("issue_url"))),
    )


def _metric(data: Part, action: str) -> Page:
    alert = data.part("metric_alert")
    rule = alert.part("alert_rule") if alert.is_object("alert_rule") else Part({}, alert.file, alert.path)
    projects = alert.words("projects")
    return sheet(
        "sentry",
        keys.digest("metric", _required(alert.text("id", "identifier"), alert)),
        data.text("description_title") or alert.text("title") or rule.text("name"),
        Status.RESOLVED if action == "resolved" else Status.FIRING,
        description=data.prose("description_text"),
        severity=severity(action if action != "resolved" else None),
        service=projects[0] if len(projects) == 1 else None,
        starts_at=alert.time("date_started", "date_detected", "date_created"),
        ends_at=alert.time("date_closed"),
        labels=_labels(alert, {"rule": rule.text("name"), "aggregate": rule.text("aggregate"), "query": rule.text("query")}),
        links=(("alert", data.text("web_url")),),
    )


def _plugin(body: Part) -> Page:
    """The legacy WebHooks plugin: issue on top, its event below."""
    event = body.part("event")
    return sheet(
        "sentry",
        _key(body.text("id") or event.text("issue_id"), body),
        event.text("title") or body.text("message"),
        Status.FIRING,
        description=body.prose("message", "culprit"),
        severity=severity(body.text("level"), event.text("level")),
        service=body.text("project_slug", "project_name", "project"),
        starts_at=event.time("timestamp", "datetime", "received"),
        labels=event.labels("tags") | _labels(body, {"project": body.text("project_slug", "project"), "culprit": body.text("culprit")}),
        links=(("issue", body.text("url")),),
    )


def _labels(part: Part, told: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in (told | {"environment": part.text("environment")}).items() if value}


def _key(id_: str | None, part: Part) -> str:
    return keys.key(_required(id_, part))


def _required(id_: str | None, part: Part) -> str:
    if id_ is None:
        raise part.wrong("without the id of its issue", "id")
    return id_


SOURCE = Source(
    parse,
    signature=hex_hmac("sentry-hook-signature"),
    delivery=lambda _body, headers: headers.get("request-id"),
    delivery_is_signed=False,
)
