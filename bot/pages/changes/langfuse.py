"""Langfuse's prompt registry: a version that was created, deleted, or given a label that products load by.

Signed as `x-langfuse-signature: t=<unix>,v1=<hex>`. When a label moves Langfuse tells of both versions; the one that lost it and is
left with `latest` alone is no change of its own.
"""

from bot.model.change import Change, ChangeKind
from bot.pages.reading.altered import changed
from bot.pages.reading.part import Part
from bot.pages.reading.signature import listed_hmac
from bot.pages.reading.source import ChangeSource, Headers


def parse(body: Part, _headers: Headers) -> tuple[Change, ...]:
    if body.text("type") != "prompt-version":
        return ()
    prompt, action = body.part("prompt"), (body.text("action") or "").casefold()
    labels = [label for label in prompt.words("labels") if label != "latest"]
    if action == "updated" and not labels:
        return ()
    version = prompt.text("version")
    told = f"{version} ({', '.join(labels)})" if version and labels else version
    id_ = body.text("id")
    return (
        changed(
            prompt,
            ChangeKind.PROMPT,
            prompt.text("name"),
            body.time("timestamp") or prompt.time("updatedAt", "createdAt"),
            told_by=f"langfuse:{id_}" if id_ else None,
            before=told if action == "deleted" else None,
            after="" if action == "deleted" else told,
            author=body.part("user").text("name") or prompt.text("createdBy"),
        ),
    )


CHANGES = ChangeSource(parse, signature=listed_hmac("x-langfuse-signature"))
