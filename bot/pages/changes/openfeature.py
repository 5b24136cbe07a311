"""OpenFeature: a provider's PROVIDER_CONFIGURATION_CHANGED, as a hook or handler of the product forwards it, or flagd's event.

No sender of its own exists, so it is signed as Standard Webhooks, or carries a token. One change a flag that is named.
"""

from bot.model.change import Change, ChangeKind
from bot.pages.reading.altered import FILES, changed
from bot.pages.reading.part import Part
from bot.pages.reading.signature import standard_webhooks
from bot.pages.reading.source import ChangeSource, Headers

_CHANGED = frozenset({"provider_configuration_changed", "configuration_change", "configuration_changed"})


def parse(body: Part, _headers: Headers) -> tuple[Change, ...]:
    kind = (body.text("event", "type", "eventType") or "").casefold().rpartition(".")[2]
    if kind not in _CHANGED:
        return ()
    details = body.part("details") if body.is_object("details") else body.part("data") if body.is_object("data") else body
    flags = _flags(details)
    if not flags:
        raise details.wrong("names no flag that changed", "flagsChanged")
    at = body.time("time", "timestamp") or details.time("time", "timestamp")
    metadata = details.part("eventMetadata") if details.is_object("eventMetadata") else details.part("event_metadata")
    provider = body.text("provider", "providerName", "provider_name") or details.text("providerName", "provider_name")
    id_ = body.text("id")
    return tuple(
        changed(
            body,
            ChangeKind.FLAG,
            flag,
            at,
            told_by=f"openfeature:{id_}:{flag}" if id_ else None,
            after=metadata.text("version", "flagSetVersion"),
            service=body.text("service", "domain"),
            author=metadata.text("author") or provider,
            link=metadata.text("link", "url"),
        )
        for flag in flags[:FILES]
    )


def _flags(details: Part) -> tuple[str, ...]:
    """A list of keys, or flagd's map of key -> what was done to it."""
    listed = details.words("flagsChanged") or details.words("flags_changed")
    return tuple(sorted(listed or (details.part("flags").value if details.is_object("flags") else ())))


CHANGES = ChangeSource(parse, signature=standard_webhooks)
