"""Where an outgoing request may go. Every HTTP client of Midwatch sends through this transport; none follows a redirect.

A name is resolved here, once, and the connection goes to the address that was judged: a name that answers otherwise the second time
gains nothing. No proxy of the environment is used, because behind a proxy the address would not be ours to judge.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum

import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

TRIED = 3  # addresses of one name; a dead one must not cost the others
METADATA = frozenset(map(ipaddress.ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # an IPv4 address in its last 32 bits


class Reach(Enum):
    """CONFIGURED: what an operator named, also on this machine or in the own network, never a cloud's metadata service or a
    link-local address. PUBLIC: what a delivery named: https to port 443 on the public internet, nothing else."""

    CONFIGURED = "configured"
    PUBLIC = "public"

    def allows(self, address: Address) -> bool:
        real = _unwrapped(address)
        if real in METADATA or real.is_link_local or real.is_multicast or real.is_unspecified:
            return False
        return self is Reach.CONFIGURED or (real.is_global and not real.is_reserved)


class AddressNotAllowed(httpx.ConnectError):
    """The host stands for an address that Midwatch does not call."""


class GuardedTransport(httpx.AsyncBaseTransport):
    """`resolve` and `inner` are other only where a test has no network."""

    def __init__(self, reach: Reach, *, resolve: Resolve | None = None, inner: httpx.AsyncBaseTransport | None = None) -> None:
        self._reach = reach
        self._resolve = resolve or _resolve
        self._inner = inner or httpx.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        port = url.port or (443 if url.scheme == "https" else 80)
        if self._reach is Reach.PUBLIC and (url.scheme != "https" or port != 443 or url.userinfo):
            raise AddressNotAllowed(f"only https on port 443 is called there, not {url.scheme}:{port}", request=request)
        found = await self._resolve(url.host, port)
        if not found:
            raise httpx.ConnectError(f"{url.host} has no address", request=request)
        if any(not self._reach.allows(address) for address in found):
            raise AddressNotAllowed(f"{url.host} stands for an address that is not called", request=request)
        return await self._first_that_answers(request, found[:TRIED])

    async def _first_that_answers(self, request: httpx.Request, addresses: Sequence[Address]) -> httpx.Response:
        failed: httpx.ConnectError | None = None
        for address in addresses:
            try:
                return await self._inner.handle_async_request(_to(request, address))
            except httpx.ConnectError as error:  # nothing was sent yet, so the next address may be tried
                failed = error
        assert failed is not None
        raise failed

    async def aclose(self) -> None:
        await self._inner.aclose()


def guarded(reach: Reach = Reach.CONFIGURED) -> GuardedTransport:
    """The transport of a client."""
    return GuardedTransport(reach)


def _to(request: httpx.Request, address: Address) -> httpx.Request:
    """The same request to this address; Host header and certificate stay the name's."""
    extensions = {**request.extensions, "sni_hostname": request.url.host}
    return httpx.Request(
        request.method, request.url.copy_with(host=str(address)), headers=request.headers, stream=request.stream, extensions=extensions
    )


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)


async def _resolve(host: str, port: int) -> Sequence[Address]:
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
