"""Rootly: incidents and alerts. Signed `X-Rootly-Signature: t=<unix>,v1=<hex>` over `<unix><body>`."""

from bot.model.page import Page, Status
from bot.pages.reading import keys
from bot.pages.reading.levels import severity, status
from bot.pages.reading.part import Part
from bot.pages.reading.sheet import sheet
from bot.pages.reading.signature import listed_hmac
from bot.pages.reading.source import Headers, Source

_KINDS = ("incident.", "alert.")
_OVER = frozenset({"resolved", "mitigated", "closed", "cancelled", "canceled"})  # mitigated: users no longer feel it


def parse(body: Part, _headers: Headers) -> tuple[Page, ...]:
    kind = body.part("event").text("type") or ""
    if not kind.startswith(_KINDS):
        if not body.has("event"):
            raise body.wrong("no event", "event")
        return ()
    if kind.endswith(".deleted"):
        return ()
    data = body.part("data")
    id_ = data.text("id", "slug")
    if id_ is None:
        raise data.wrong("without an id", "id")
    level = data.part("severity").text("severity", "name") if data.is_object("severity") else data.text("severity")
    services = tuple(one.text("name", "slug") for one in data.parts("services")) if data.is_array("services") else ()
    said = (data.text("status") or kind.rpartition(".")[2]).casefold()
    return (
        sheet(
            "rootly",
            keys.key(id_),
            data.text("title", "summary", "slug"),
            Status.RESOLVED if said in _OVER else status(said) or Status.FIRING,
            description=data.prose("summary", "description"),
            severity=severity(level),
            service=services[0] if len(services) == 1 else None,
            starts_at=data.time("started_at", "detected_at", "created_at"),
            ends_at=data.time("resolved_at", "mitigated_at", "updated_at"),
            labels={name: value for name, value in (("status", said), ("severity", level), ("event", kind)) if value},
            links=(("incident", data.text("url", "short_url")),),
        ),
    )


def delivery(body: Part, _headers: Headers) -> str | None:
    return body.part("event").text("id") if body.is_object("event") else None


SOURCE = Source(parse, signature=listed_hmac("x-rootly-signature", separator=""), delivery=delivery)
