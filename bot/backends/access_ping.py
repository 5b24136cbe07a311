"""Whether a person's own token opens a system: one GET, and nothing of the token or the answer is kept."""

from __future__ import annotations

import httpx

from bot.backends.guarded import guarded
from bot.errors import BadSettings, NotAllowed, SourceUnavailable

TIMEOUT_S = 10.0


async def ping(system: str, url: str, token: str) -> None:
    """NotAllowed: the system refuses this token. SourceUnavailable: it does not answer. BadSettings: the URL is none."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise BadSettings(f"is no URL: {error}", place=f"systems.{system}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
        raise BadSettings("must be http(s)://host[:port][/path], without a password", place=f"systems.{system}")
    try:
        async with (
            httpx.AsyncClient(transport=guarded(), timeout=TIMEOUT_S, follow_redirects=False) as client,
            client.stream("GET", parsed, headers={"Authorization": f"Bearer {token}"}) as answer,
        ):
            status = answer.status_code
    except (httpx.HTTPError, ValueError) as error:  # a token with a line break is refused as a header
        raise SourceUnavailable(f"{system} did not answer: {type(error).__name__}", source=system, asked=f"GET {url}") from None
    if not 200 <= status < 300:
        raise NotAllowed(f"{system} answered HTTP {status}: access is not proven")
