"""Langfuse: alerts on a project's traces and scores. A new prompt version is a change event (pages.changes), not a page.

Signed like Stripe's webhooks: `x-langfuse-signature: t=<unix>,v1=<hex>` over `<unix>.<body>`. Its severities are ALERT, WARNING, OK and
NO_DATA: OK is the end; not knowing is not recovery. `id` is the delivery's; the alert (or monitor) has its own.
"""

from bot.model.page import Page
from bot.pages.reading import flat
from bot.pages.reading.part import Part
from bot.pages.reading.signature import listed_hmac
from bot.pages.reading.source import Headers, Source

_WORDS = ("alert", "monitor", "incident", "threshold", "budget")
_SEVERITIES = {"alert": "critical", "no_data": "unknown", "ok": "unknown"}


def parse(body: Part, headers: Headers) -> tuple[Page, ...]:
    kind = (body.text("type") or "alert").casefold()
    if body.has("prompt") or not any(word in kind for word in _WORDS):
        return ()
    return flat.pages("langfuse", _told(body), headers)


def _told(body: Part) -> Part:
    """The body with the alert's own name, key, severity and status where flat reading looks for them."""
    about = next((body.part(name) for name in ("alert", "monitor", "data") if body.is_object(name)), Part({}, body.file, body.path))
    said = (body.text("severity") or about.text("severity") or "").casefold()
    filled = {
        "title": body.text("title", "name") or about.text("title", "name"),
        "dedup_key": body.text("alert_id", "alertId", "monitor_id", "monitorId") or about.text("id", "name"),
        "severity": _SEVERITIES.get(said, said),
        "status": body.text("status", "state") or about.text("status", "state") or ("ok" if said == "ok" else None),
    }
    return Part({**body.value, **{name: value for name, value in filled.items() if value}}, body.file, body.path)


SOURCE = Source(parse, signature=listed_hmac("x-langfuse-signature"), delivery=lambda body, _headers: body.text("id"))
