"""Pages in: one file per alerting system, found by being there. The file's name is the source's name.

A source file ends with `SOURCE = Source(...)`; files without one (change events) are not sources. Bodies are hostile: whatever
comes, `parse` gives pages or raises BadPage with the place.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from bot.errors import BadInput, BadPage
from bot.model.page import Page
from bot.pages.reading.part import Part, read
from bot.pages.reading.signature import token
from bot.pages.reading.source import Source, text_headers

DELIVERY_ID = 200  # characters of a delivery id; UUIDs and ULIDs have at most 36
_OWN_IDS = ("idempotency-key", "x-delivery-id", "x-webhook-id")  # where nothing is signed and the body names no id


@cache
def _sources() -> Mapping[str, Source]:
    found: dict[str, Source] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        if not module.ispkg:
            source = getattr(importlib.import_module(f"{__name__}.{module.name}"), "SOURCE", None)
            if isinstance(source, Source):
                found[module.name] = source
    return found


def sources() -> tuple[str, ...]:
    """The names, sorted."""
    return tuple(_sources())


def parse(source: str, body: bytes, headers: Mapping[str, str], *, place: str = "body") -> tuple[Page, ...]:
    """One webhook body -> its pages; () for pings, notes and handshakes.

    BadPage names `place` and where in it. BadInput: there is no such source.
    """
    known = _known(source)
    part = read(body, place)
    try:
        return known.parse(part, text_headers(headers))
    except RecursionError:
        raise BadPage("nested too deeply", place=place) from None


def verify(
    source: str, body: bytes, headers: Mapping[str, str], secrets: tuple[str, ...], tokens: tuple[str, ...], now: float
) -> str | None:
    """NotAllowed unless the delivery proves itself. `secrets` are this source's, `tokens` are for sources that cannot sign.

    A source with secrets must be signed: a token does not stand in for the signature. With neither secrets nor tokens there is
    nothing to prove, and the door lets in only this machine. `now`: epoch seconds. Gives the digest of what was signed, None
    where nothing was.
    """
    known, lowered = _known(source), text_headers(headers)
    if known.signature is not None and secrets:
        return known.signature(body, lowered, secrets, now)
    if tokens:
        token(lowered, _token_inside(known, body), tokens)
    return None


def signed(source: str) -> bool:
    """Whether this system can sign what it sends."""
    return _known(source).signature is not None


def told_by_headers(source: str) -> bool:
    """Whether a token of this source always stands in a header, so that a wrong one is refused with the body unread."""
    return _known(source).token is None


def delivery_id(source: str, body: bytes, headers: Mapping[str, str], proof: str | None = None) -> str | None:
    """The same for a delivery that is sent again after a failure; None when the system names none. Hashless, at most 200 characters.

    `proof`: the digest that `verify` gave. Of a signed delivery only signed things name it, or a replay would pass under a new name.
    """
    known, lowered = _known(source), text_headers(headers)
    if proof is not None and not known.delivery_is_signed:
        return proof
    try:
        told = known.delivery(read(body, "body"), lowered)
    except BadPage:
        told = None
    told = told or proof or next((lowered[name] for name in _OWN_IDS if lowered.get(name)), None)
    return told.strip()[:DELIVERY_ID] if told and told.strip() else None


def _token_inside(known: Source, body: bytes) -> str | None:
    if known.token is None:
        return None
    try:
        return known.token(read(body, "body"))
    except BadPage:
        return None


def _known(source: str) -> Source:
    try:
        return _sources()[source]
    except KeyError:
        raise BadInput(f"unknown source {source[:80]!r}; there are {', '.join(_sources())}", place="source") from None


__all__ = ["Part", "Source", "delivery_id", "parse", "signed", "sources", "told_by_headers", "verify"]
