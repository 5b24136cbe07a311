"""Who may knock: a bearer token where tokens are configured, else only programs on this very machine."""

import hmac
import ipaddress
from base64 import b64decode
from collections.abc import Sequence

from starlette.requests import Request

from bot.errors import NotAllowed

_PROXIED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")  # a proxy on this machine makes strangers look local
_BROWSER = ("origin", "sec-fetch-site")  # a web page in a local browser is a stranger; alerting systems send neither


class NotHere(NotAllowed):
    """Without a token only programs on this machine are let in."""


def bearer_or_local(request: Request, tokens: Sequence[str], what: str) -> None:
    """NotAllowed (401) for a missing or wrong token; NotHere (403) when no token is configured and the caller is not local."""
    if tokens:
        if not _known(_bearer(request), tokens):
            raise NotAllowed(f"{what}: the bearer token is missing or wrong")
    elif not _local(request):
        raise NotHere(f"{what}: no token is configured, so only programs on this machine are let in")


def reader(request: Request, tokens: Sequence[str]) -> None:
    """For people with a browser: a local one, or HTTP Basic with a token as the password."""
    if tokens:
        if not _known(_bearer(request) or _password(request), tokens):
            raise NotAllowed("the console asks for a password: one of the configured console tokens")
    elif not (_from_here(request) and _host_is_local(request)):
        raise NotHere("no console token is configured, so the console is for this machine only")


def caller(request: Request) -> str:
    """The address that knocked. Behind a proxy it is the proxy's: what a header says of others is the sender's word."""
    return request.client.host if request.client is not None else "unknown"


def _known(offered: str, tokens: Sequence[str]) -> bool:
    """Compare with every token in constant time; which one matched does not show either."""
    found = False
    for token in tokens:
        found |= hmac.compare_digest(offered.encode("utf-8", "replace"), token.encode())
    return found and bool(offered)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _password(request: Request) -> str:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(encoded, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _local(request: Request) -> bool:
    return _from_here(request) and not any(name in request.headers for name in _BROWSER)


def _from_here(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _PROXIED):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _host_is_local(request: Request) -> bool:
    """A name that a stranger's DNS points at this machine must not open the console to the stranger's page."""
    host = request.headers.get("host", "")
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    return name in ("localhost", "127.0.0.1", "::1")
