"""GET of a JSON object from a trace store's API: bounded in time and size, and every way to fail is a gap."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from bot.errors import SourceUnavailable

TIMEOUT_S = 20.0  # of one page
ANSWER_LIMIT = 256 * 1024 * 1024  # bytes; a page of 1,000 spans with long conversations is some tens of MB
WORDS = 200  # characters of the server's own error shown to people
MOST_SPANS = 300_000  # of one scope: such an API gives some 10,000 a second, and triage waits a minute for all traces

Json = dict[str, Any]


class StoreApi:
    """`name`: of the product, for people. SourceUnavailable when it does not answer, refuses, or answers something else."""

    def __init__(self, client: httpx.AsyncClient, name: str) -> None:
        self._client, self._name = client, name

    async def get(self, path: str, query: Mapping[str, str]) -> Json:
        asked = f"GET {self._client.base_url}{path} " + " ".join(f"{key}={value}" for key, value in query.items())
        try:
            async with asyncio.timeout(TIMEOUT_S), self._client.stream("GET", path, params=query) as response:
                raw = bytearray()
                async for part in response.aiter_bytes():
                    raw += part
                    if len(raw) > ANSWER_LIMIT:
                        raise self.failed(f"the answer is larger than {ANSWER_LIMIT} bytes", asked)
        except TimeoutError:
            raise self.failed(f"no answer within {TIMEOUT_S:g} s", asked) from None
        except httpx.HTTPError as error:
            raise self.failed(f"no answer: {type(error).__name__}", asked) from error
        if response.status_code != httpx.codes.OK:
            said = " ".join(bytes(raw[:WORDS]).decode("utf-8", "replace").split())
            raise self.failed(f"HTTP {response.status_code}: {said}", asked)
        try:
            read = await asyncio.to_thread(orjson.loads, bytes(raw))
        except orjson.JSONDecodeError:
            raise self.failed("the answer is not JSON", asked) from None
        if not isinstance(read, dict) or not isinstance(read.get("data"), list):
            raise self.failed("the answer is not of this API", asked)
        return read

    def failed(self, why: str, asked: str) -> SourceUnavailable:
        return SourceUnavailable(f"{self._name}: {why}", source="spans", asked=asked)

    def too_many(self, asked: str) -> SourceUnavailable:
        """A part of the traces would look like all of them."""
        return self.failed(f"more than {MOST_SPANS:,} spans in the look-back; connect a store that can sample", asked)


def iso(seconds: float) -> str:
    """Epoch seconds -> RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
