"""New Relic: issues from a workflow's webhook (its default template), and the incidents of the legacy notification channel."""

from bot.model.page import Page, Status
from bot.pages.reading import flat, keys
from bot.pages.reading.levels import severity
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import sheet
from bot.pages.reading.source import Headers, Source

_CLOSED = frozenset({"closed", "resolved"})


def parse(body: Part, headers: Headers) -> tuple[Page, ...]:
    if body.has("current_state") or body.has("condition_name"):
        return (_legacy(body),)
    if not (body.has("state") or body.has("issueUrl") or body.has("issueId")):
        return flat.pages("newrelic", body, headers)
    id_ = body.text("issueId", "id")
    title = _first(body, "title", "issueTitle", "alertConditionNames")
    if id_ is None and title is None:
        raise body.wrong("neither an id nor a title")
    entities = _entities(body)
    told = {
        "policy": _first(body, "alertPolicyNames", "policyName"),
        "condition": _first(body, "alertConditionNames", "conditionName"),
        "workflow": body.text("workflowName"),
        "entities": ", ".join(entities),
        "trigger": body.text("trigger", "triggerEvent"),
    }
    return (
        sheet(
            "newrelic",
            keys.key(id_) if id_ else keys.digest(keys.steady(title or "")),
            title,
            Status.RESOLVED if (body.text("state", "status") or "").casefold() in _CLOSED else Status.FIRING,
            description=_first(body, "description", "conditionDescription", "alertConditionDescriptions"),
            severity=severity(body.text("priority", "severity")),
            service=entities[0] if len(entities) == 1 else None,
            starts_at=body.time("activatedAt", "createdAt"),
            ends_at=body.time("closedAt", "updatedAt"),
            labels={name: value for name, value in told.items() if value},
            links=(("issue", body.text("issueUrl", "issuePageUrl")), ("runbook", _first(body, "runbookUrl"))),
        ),
    )


def _legacy(body: Part) -> Page:
    targets = body.parts("targets") if body.is_array("targets") else ()
    target = targets[0] if targets else Part({}, body.file, body.path)
    id_ = body.text("incident_id")
    title = body.text("condition_name", "details")
    told = {
        "policy": body.text("policy_name"),
        "condition": body.text("condition_name"),
        "entity": target.text("name"),
        "account": body.text("account_name"),
    }
    return sheet(
        "newrelic",
        keys.key(id_) if id_ else keys.digest(body.text("policy_name") or "", title or ""),
        title,
        Status.RESOLVED if (body.text("current_state") or "").casefold() in _CLOSED else Status.FIRING,
        description=body.prose("details"),
        severity=severity(body.text("severity")),
        service=target.text("name") if target.text("type") in ("Application", "APPLICATION") else None,
        starts_at=body.time("timestamp"),
        ends_at=body.time("timestamp"),
        labels={name: value for name, value in told.items() if value},
        links=(("incident", body.text("incident_url")), ("runbook", body.text("runbook_url"))),
    )


def _first(body: Part, *names: str) -> str | None:
    """Templates fill a name with a text or with an array of texts."""
    return next((text for name in names for text in (body.text(name), *body.words(name)[:1]) if text), None)


def _entities(body: Part) -> tuple[str, ...]:
    if body.is_object("entitiesData"):
        return body.part("entitiesData").words("names")
    return body.words("impactedEntities")


SOURCE = Source(parse)
