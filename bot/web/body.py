"""A request's body, read as a stream with a cap: what is too much is refused before it is held in memory."""

import asyncio
import zlib

from starlette.requests import ClientDisconnect, Request

from bot.errors import BadInput

READ_S = 15.0  # a sender of ours is done in well under a second; a slower one holds a connection for nothing
GZIP = 16 + zlib.MAX_WBITS  # zlib's way to say: gzip header and checksum


class TooLarge(BadInput):
    """The body is larger than this door takes."""


class TooSlow(BadInput):
    """The body did not arrive in time."""


class NotReadable(BadInput):
    """The body's encoding cannot be read."""


async def body(request: Request, limit: int, *, gzip: bool = False, read_s: float = READ_S) -> bytes:
    """The whole body, decompressed when `gzip` is allowed and declared; at most `limit` bytes before and after.

    TooLarge, TooSlow, NotReadable; a sender that goes away in the middle is NotReadable too.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower() or "identity"
    if encoding not in ("identity", "gzip") or (encoding == "gzip" and not gzip):
        raise NotReadable(f"content encoding {encoding[:20]!r} is not taken here")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limit:
        raise TooLarge(f"the body has {declared[:20]} bytes, the limit is {limit}")
    try:
        async with asyncio.timeout(read_s):
            raw = await _capped(request, limit)
    except TimeoutError:
        raise TooSlow(f"the body did not arrive within {read_s:g} s") from None
    except ClientDisconnect:
        raise NotReadable("the sender went away in the middle of the body") from None
    return _unzipped(raw, limit) if encoding == "gzip" else raw


async def _capped(request: Request, limit: int) -> bytes:
    parts = bytearray()
    async for part in request.stream():
        if len(parts) + len(part) > limit:
            raise TooLarge(f"the body is larger than {limit} bytes")
        parts += part
    return bytes(parts)


def _unzipped(raw: bytes, limit: int) -> bytes:
    """Decompress no further than the limit, however small the bomb looks."""
    out = bytearray()
    rest = raw
    try:
        while rest:  # a gzip file may have several members
            member = zlib.decompressobj(GZIP)
            out += member.decompress(rest, limit + 1 - len(out))
            if len(out) > limit:
                raise TooLarge(f"the decompressed body is larger than {limit} bytes")
            if not member.eof:
                raise NotReadable("the gzip body is cut off")
            rest = member.unused_data
    except zlib.error:
        raise NotReadable("the body is not gzip") from None
    return bytes(out)
