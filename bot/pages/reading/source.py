"""What one alerting system is: how its body is read, how it proves itself, what its delivery is called."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.model.change import Change
from bot.model.page import Page
from bot.pages.reading.part import Part

Headers = Mapping[str, str]  # names in lower case

Signature = Callable[[bytes, Headers, tuple[str, ...], float], str]
"""Body, headers, secrets (any of them may have signed), now in epoch seconds -> digest of what was signed. NotAllowed when none has."""


def _no_id(_body: Part, _headers: Headers) -> str | None:
    return None


@dataclass(frozen=True)
class Source:
    """`parse`: () for what is no page (a ping, a note, a handshake); BadPage for what cannot be read."""

    parse: Callable[[Part, Headers], tuple[Page, ...]]
    signature: Signature | None = None  # None: this system cannot sign, so a token is its only proof
    delivery: Callable[[Part, Headers], str | None] = _no_id  # the same when a delivery is repeated after a failure; None = not told
    token: Callable[[Part], str | None] | None = None  # where the body itself carries a token (PagerDuty's routing_key)
    delivery_is_signed: bool = True  # False: the id stands in a header that no signature covers, so a replay could bear another one


@dataclass(frozen=True)
class ChangeSource:
    """A system that tells of changes. `parse`: () for what altered nothing in production; BadInput for what cannot be read."""

    parse: Callable[[Part, Headers], tuple[Change, ...]]
    signature: Signature | None = None


def text_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
