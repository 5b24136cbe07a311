"""Google Cloud Monitoring: the webhook notification of an incident. Cannot sign; HTTP Basic carries the token."""

from bot.model.page import Page, Status
from bot.pages.reading import claims, keys
from bot.pages.reading.levels import severity
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import sheet
from bot.pages.reading.source import Headers, Source


def parse(body: Part, _headers: Headers) -> tuple[Page, ...]:
    incident = body.part("incident")
    if not incident and (body.text("version") or "").casefold() == "test":
        return ()
    if not incident:
        raise body.wrong("no incident", "incident")
    id_ = incident.text("incident_id", "condition_name")
    if id_ is None:
        raise incident.wrong("without an id", "incident_id")
    resource, metric = incident.part("resource"), incident.part("metric")
    documentation = incident.part("documentation") if incident.is_object("documentation") else Part({}, incident.file, incident.path)
    system = incident.part("metadata").labels("system_labels") if incident.is_object("metadata") else {}
    user = incident.labels("policy_user_labels")
    told = {
        "project": incident.text("scoping_project_id"),
        "resource": incident.text("resource_display_name", "resource_id", "resource_name"),
        "resource_type": resource.text("type"),
        "metric": metric.text("displayName", "type"),
        "condition": incident.text("condition_name"),
        "policy": incident.text("policy_name"),
    }
    return (
        sheet(
            "gcp_monitoring",
            keys.key(id_),
            documentation.text("subject") or incident.text("summary", "condition_name", "policy_name"),
            Status.RESOLVED if (incident.text("state") or "").casefold() == "closed" else Status.FIRING,
            description="\n".join(text for text in (incident.prose("summary"), documentation.prose("content")) if text),
            severity=severity(incident.text("severity"), user.get("severity"), system.get("severity")),
            service=user.get("service") or resource.labels("labels").get("service_name"),
            starts_at=incident.time("started_at"),
            ends_at=incident.time("ended_at"),
            labels=resource.labels("labels") | metric.labels("labels") | user | {name: value for name, value in told.items() if value},
            links=(("incident", incident.text("url")),),
            claimed=claims.measured(told["metric"], incident.number("observed_value")),
        ),
    )


SOURCE = Source(parse)
