"""Questions to ClickHouse over its HTTP interface: SQL in, Arrow out. It asks, and never writes.

What is answered is data of strangers: its size is bounded, and an answer that is not Arrow is no answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import httpx
import pyarrow as pa

from bot.backends.guarded import guarded
from bot.errors import BadSettings, SourceUnavailable

TIMEOUT_S = 50.0  # of one question; triage waits 60 s for all traces together
ANSWER_LIMIT = 1024**3  # bytes; a part of the traces, with the texts of their prompts, is a tenth of that
WORDS = 300  # characters of the server's own error shown to people


class Questions(Protocol):
    """A place that answers SELECTs of ClickHouse's SQL."""

    async def ask(self, sql: str) -> pa.Table: ...


class ClickHouse:
    """Questions over HTTP. SourceUnavailable when the server does not answer, refuses, or breaks off."""

    def __init__(self, client: httpx.AsyncClient, url: str, database: str) -> None:
        self._client, self._url, self._database = client, url, database

    async def ask(self, sql: str) -> pa.Table:
        asked = f"POST {self._url} database={self._database}: {sql}"
        body = f"{sql}\nFORMAT ArrowStream"
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                self._client.stream("POST", self._url, params={"database": self._database}, content=body) as response,
            ):
                raw = await _read(response, asked)
        except TimeoutError:
            raise _failed(f"no answer within {TIMEOUT_S:g} s", asked) from None
        except httpx.HTTPError as error:
            raise _failed(f"no answer: {type(error).__name__}", asked) from error
        if response.status_code != httpx.codes.OK:
            said = " ".join(raw[:WORDS].decode("utf-8", "replace").split())
            raise _failed(f"HTTP {response.status_code}: {said}", asked)
        try:
            return await asyncio.to_thread(lambda: pa.ipc.open_stream(raw).read_all())
        except (pa.ArrowException, OSError) as error:  # an error in the middle of an answer is written into it
            raise _failed("the answer is not Arrow, or breaks off", asked) from error


async def _read(response: httpx.Response, asked: str) -> bytes:
    raw = bytearray()
    async for part in response.aiter_bytes():
        raw += part
        if len(raw) > ANSWER_LIMIT:
            raise _failed(f"the answer is larger than {ANSWER_LIMIT} bytes", asked)
    return bytes(raw)


def _failed(why: str, asked: str) -> SourceUnavailable:
    return SourceUnavailable(f"ClickHouse: {why}", source="spans", asked=asked)


@asynccontextmanager
async def clickhouse_http(url: httpx.URL, database: str) -> AsyncIterator[ClickHouse]:
    """`url`: http(s)://user:password@host:8123; the user needs SELECT on one table. BadSettings for another scheme."""
    if url.scheme not in ("http", "https") or not url.host:
        raise BadSettings("not an http(s) URL of ClickHouse", place="MIDWATCH_SPANS_URL")
    headers = {"X-ClickHouse-User": url.username, "X-ClickHouse-Key": url.password} if url.username else {}
    bare = str(url.copy_with(username=None, password=None, path="/", query=None, fragment=None))
    async with httpx.AsyncClient(transport=guarded(), headers=headers, timeout=TIMEOUT_S, trust_env=False) as client:
        yield ClickHouse(client, bare, database)
