"""GET of something small that a verified delivery named: on the public internet only, capped in time and size, no redirect."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx

from bot.backends.guarded import GuardedTransport, Reach
from bot.errors import SourceUnavailable

Fetch = Callable[[str], Awaitable[bytes]]

TIMEOUT_S = 5.0  # SNS itself waits 15 s for our answer
ANSWER_LIMIT = 64 * 1024  # bytes; a certificate has 2 KB


@asynccontextmanager
async def public_fetch(transport: GuardedTransport | None = None) -> AsyncIterator[Fetch]:
    """SourceUnavailable when there is no answer, or one that is no plain 200 of at most ANSWER_LIMIT bytes."""
    through = transport or GuardedTransport(Reach.PUBLIC)
    async with httpx.AsyncClient(transport=through, timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as client:

        async def fetch(url: str) -> bytes:
            try:
                async with asyncio.timeout(TIMEOUT_S), client.stream("GET", url) as response:
                    return await _read(response, url)
            except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
                raise SourceUnavailable(f"no answer: {type(error).__name__}", source="fetch", asked=f"GET {url}") from error

        yield fetch


async def _read(response: httpx.Response, url: str) -> bytes:
    if response.status_code != httpx.codes.OK:
        raise SourceUnavailable(f"HTTP {response.status_code}", source="fetch", asked=f"GET {url}")
    raw = bytearray()
    async for part in response.aiter_bytes():
        raw += part
        if len(raw) > ANSWER_LIMIT:
            raise SourceUnavailable(f"the answer is larger than {ANSWER_LIMIT} bytes", source="fetch", asked=f"GET {url}")
    return bytes(raw)
