"""Better Stack Uptime: incidents, as JSON:API. Monitors that changed, and who is on call, are no pages."""

from bot.model.page import Page, Status
from bot.pages.reading import keys
from bot.pages.reading.levels import severity
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import sheet
from bot.pages.reading.source import Headers, Source


def parse(body: Part, _headers: Headers) -> tuple[Page, ...]:
    data = body.part("data")
    if not data:
        raise body.wrong("no data", "data")
    if (data.text("type") or "incident") not in ("incident", "incidents"):
        return ()
    told, id_ = data.part("attributes"), data.text("id")
    if id_ is None:
        raise data.wrong("without an id", "id")
    name, cause = told.text("name", "pronounceable_name", "url"), told.text("cause")
    ended = told.time("resolved_at")
    extras = {"cause": cause, "url": told.text("url"), "team": told.text("team_name"), "regions": ", ".join(told.words("regions"))}
    return (
        sheet(
            "betterstack",
            keys.key(id_),
            f"{name}: {cause}" if name and cause and cause not in name else name or cause,
            Status.RESOLVED if ended is not None or (told.text("status") or "").casefold() == "resolved" else Status.FIRING,
            description=told.prose("response_content", "cause"),
            severity=severity(told.text("severity"), told.part("metadata").text("severity") if told.is_object("metadata") else None),
            starts_at=told.time("started_at"),
            ends_at=ended,
            labels={key: value for key, value in extras.items() if value},
            links=(("incident", told.text("origin_url", "incident_url")), ("screenshot", told.text("screenshot_url"))),
        ),
    )


SOURCE = Source(parse)
