"""Langfuse: alerts on a project's traces and scores. A new prompt version is a change event (pages.changes), not a page.

Signed like Stripe's webhooks: `x-langfuse-signature: t=<unix>,v1=<hex>` over `<unix>.<body>`.
"""

from bot.model.page import Page
from bot.pages.reading import flat
from bot.pages.reading.part import Part
from bot.pages.reading.signature import listed_hmac
from bot.pages.reading.source import Headers, Source


def parse(body: Part, headers: Headers) -> tuple[Page, ...]:
    kind = (body.text("type") or "alert").casefold()
    if body.has("prompt") or not any(word in kind for word in ("alert", "monitor", "incident", "threshold", "budget")):
        return ()
    return flat.pages("langfuse", body, headers)


SOURCE = Source(parse, signature=listed_hmac("x-langfuse-signature"), delivery=lambda body, _headers: body.text("id"))
