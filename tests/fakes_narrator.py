"""Port Narrator in memory, and an endpoint on a real socket that says whatever a test wants, however badly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

from bot.errors import SourceUnavailable
from bot.model.narration import Brief, Draft

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


class MemoryNarrator:
    """Says the same of everything; an error in place of a draft is raised."""

    name = "twin"

    def __init__(self, said: Draft | SourceUnavailable) -> None:
        self.said = said
        self.asked: list[Brief] = []

    async def draft(self, brief: Brief) -> Draft:
        self.asked.append(brief)
        if isinstance(self.said, SourceUnavailable):
            raise self.said
        return self.said


class Endpoint:
    """`say` is the content of the next completions; `handle` takes a request over altogether. `asked` holds every body, as sent."""

    def __init__(self) -> None:
        self.url = ""
        self.say = "{}"
        self.tokens: object = 321
        self.handle: Handle | None = None
        self.asked: list[bytes] = []
        self.headers: list[dict[str, str]] = []

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.read())
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if self.handle is not None:
            return await self.handle(request)
        return web.json_response(completion(self.say, self.tokens))

    def facts(self) -> list[dict[str, Any]]:
        """Of the newest request."""
        found: list[dict[str, Any]] = orjson.loads(orjson.loads(self.asked[-1])["messages"][1]["content"])["facts"]
        return found


def completion(content: str, tokens: object = 321) -> dict[str, object]:
    return {
        "id": "c1",
        "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}],
        "usage": {"prompt_tokens": 300, "completion_tokens": 21, "total_tokens": tokens},
    }


def claims(*told: tuple[str, list[str]]) -> str:
    return orjson.dumps({"claims": [{"text": text, "evidence": evidence} for text, evidence in told]}).decode()


async def drip(request: web.Request) -> web.StreamResponse:
    """A byte now and then: every read is in time, the whole never is."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for letter in orjson.dumps(completion(claims(("late", ["F1"])))):
        await response.write(bytes([letter]))
        await asyncio.sleep(0.05)
    return response


@asynccontextmanager
async def narrator_endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", endpoint.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    endpoint.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield endpoint
    finally:
        await runner.cleanup()
