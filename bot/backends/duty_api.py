"""One bounded GET of a rotation's API: size, time and shape are ours, the words are a stranger's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from bot.backends.guarded import guarded
from bot.errors import BadSettings, SourceUnavailable
from bot.model.readiness import Role, Shift

TIMEOUT_S = 10.0
ANSWER_LIMIT = 4 * 1024 * 1024  # bytes; a year of hourly shifts has one
NAME_CHARS = 200  # of what a source calls a person

T = TypeVar("T", bound=BaseModel)


class Api:
    """A client of one vendor. SourceUnavailable when it does not answer, refuses, or answers with something else."""

    def __init__(self, client: httpx.AsyncClient, url: str, vendor: str, headers: Mapping[str, str]) -> None:
        self._client = client
        self._url = url.rstrip("/")
        self._vendor = vendor
        self._headers = dict(headers)

    async def get(self, path: str, query: Mapping[str, str], shape: type[T]) -> T:
        asked = f"GET {self._url}/{path} " + " ".join(f"{key}={value}" for key, value in query.items())
        raw = bytearray()
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                self._client.stream("GET", f"{self._url}/{path}", params=query, headers=self._headers) as response,
            ):
                async for part in response.aiter_bytes():
                    raw += part
                    if len(raw) > ANSWER_LIMIT:
                        raise self._failed(f"the answer is larger than {ANSWER_LIMIT} bytes", asked)
        except TimeoutError:
            raise self._failed(f"no answer within {TIMEOUT_S:g} s", asked) from None
        except httpx.HTTPError as error:
            raise self._failed(f"no answer: {type(error).__name__}", asked) from error
        if response.status_code != httpx.codes.OK:
            raise self._failed(f"HTTP {response.status_code}", asked)
        try:
            return shape.model_validate_json(bytes(raw))
        except ValidationError as error:
            raise self._failed("the answer is not of its API", asked) from error

    def _failed(self, why: str, asked: str) -> SourceUnavailable:
        return SourceUnavailable(f"{self._vendor}: {why}", source=self._vendor.lower(), asked=asked)


def shift(person: str, role: Role, start: datetime, end: datetime, since: float, until: float) -> Shift | None:
    """None when it lies outside the interval, ends before it begins, or names nobody."""
    begins, ends = start.astimezone(UTC), end.astimezone(UTC)
    if not person or begins >= ends or ends.timestamp() <= since or begins.timestamp() >= until:
        return None
    return Shift(person=person[:NAME_CHARS], role=role, start=begins, end=ends)


def in_order(found: list[Shift | None]) -> tuple[Shift, ...]:
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.start, one.person)))


def rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@asynccontextmanager
async def api(url: str, vendor: str, headers: Mapping[str, str], place: str) -> AsyncIterator[Api]:
    """`url`: where the API begins; `place` names the setting it comes from, should it be no URL."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise BadSettings(f"is no URL: {error}", place=place) from None
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo or parsed.query or parsed.fragment:
        raise BadSettings("must be http(s)://host[:port][/path], with the token in its own setting", place=place)
    async with httpx.AsyncClient(transport=guarded(), timeout=TIMEOUT_S, follow_redirects=False) as client:
        yield Api(client, url, vendor, headers)
