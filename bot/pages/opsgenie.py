"""Opsgenie and Jira Service Management: the outgoing webhook of an alert's life. Notes, tags and owners are no pages.

Cannot sign: a custom header carries the token. The alias is the key, because whoever created the alert chose it to deduplicate.
"""

from bot.model.page import Page, Status
from bot.pages.reading import flat, keys
from bot.pages.reading.levels import severity
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import sheet
from bot.pages.reading.source import Headers, Source

_CLOSED = frozenset({"close", "delete", "resolve", "closed", "resolved"})
_OPEN = frozenset(
    {"create", "created", "open", "acknowledge", "acknowledged", "unacknowledge", "escalate", "escalatenext", "escalatetonext", "reopen",
     "updatepriority", "updatemessage", "updatedescription", "snooze", "snoozed", "snoozeended", "unsnooze"}
)  # fmt: skip


def parse(body: Part, headers: Headers) -> tuple[Page, ...]:
    action = (body.text("action") or "").casefold()
    if not body.is_object("alert"):
        return flat.pages("opsgenie", body, headers)
    if action not in _OPEN | _CLOSED:
        return ()
    alert = body.part("alert")
    details = alert.labels("details") if alert.is_object("details") else {}
    id_, title = alert.text("alias", "alertId", "id"), alert.text("message")
    if id_ is None:
        raise alert.wrong("neither alias nor alertId")
    told = {
        "entity": alert.text("entity"),
        "source": alert.text("source"),
        "tags": ", ".join(alert.words("tags")),
        "tiny_id": alert.text("tinyId"),
    }
    return (
        sheet(
            "opsgenie",
            keys.key(id_),
            title or id_,
            Status.RESOLVED if action in _CLOSED else Status.FIRING,
            description=alert.prose("description"),
            severity=severity(alert.text("priority"), alert.text("oldPriority")),
            service=details.get("service") or details.get("service_name"),
            starts_at=alert.time("createdAt", "insertedAt"),
            ends_at=alert.time("closedAt", "updatedAt"),
            labels=details | {name: value for name, value in told.items() if value},
            links=(("alert", alert.text("url")),),
        ),
    )


SOURCE = Source(parse)
