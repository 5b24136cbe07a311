"""Just enough of Slack's Web API for a service in another process: messages kept, edits applied, calls held on request."""

import asyncio
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aiohttp import web

CHANNEL = "C0MIDWATCH"


class Trouble(StrEnum):
    """What every call meets. The lost ones have done what was asked."""

    LIMITED = "429"
    BROKEN = "500"
    LOST_BROKEN = "500 after the effect"
    TIMEOUT = "no answer"
    LOST_TIMEOUT = "no answer after the effect"
    INVALID_BLOCKS = "invalid_blocks"


@dataclass
class SlackStub:
    """`hold`: names of methods whose answer is withheld once (the effect has happened); `held` is set when that happens.

    `trouble`: what the next calls meet, in turn; `met` counts them.
    """

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    replies: list[dict[str, Any]] = field(default_factory=list)
    edits: int = 0
    hold: set[str] = field(default_factory=set)
    held: threading.Event = field(default_factory=threading.Event)
    posted: threading.Event = field(default_factory=threading.Event)
    trouble: list[Trouble] = field(default_factory=list)
    met: Counter[Trouble] = field(default_factory=Counter)
    scopes: frozenset[str] = frozenset()  # what auth.test says the token may do
    port: int = 0
    date: str | None = None  # its clock, where that is not the real time
    url: str = ""

    async def call(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        said = {**request.query, **await _fields(request)}
        if self.trouble:
            trouble = self.trouble[self.met.total() % len(self.trouble)]
            self.met[trouble] += 1
            return await self._troubled(trouble, method, said)
        answer = self._answer(method, said)
        if method in self.hold:
            self.hold.discard(method)
            self.held.set()
            await asyncio.sleep(60)
        told = {"X-OAuth-Scopes": ",".join(sorted(self.scopes))} | ({"Date": self.date} if self.date else {})
        return web.json_response({"ok": True, **answer}, headers=told)

    async def _troubled(self, trouble: Trouble, method: str, said: dict[str, Any]) -> web.Response:
        if trouble in (Trouble.LOST_BROKEN, Trouble.LOST_TIMEOUT):
            self._answer(method, said)
        if trouble in (Trouble.TIMEOUT, Trouble.LOST_TIMEOUT):
            await asyncio.sleep(15)  # the client gives up after ten
        if trouble is Trouble.LIMITED:
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "3"})
        if trouble is Trouble.INVALID_BLOCKS:
            return web.json_response({"ok": False, "error": "invalid_blocks"})
        return web.Response(status=500, text="<html>broken</html>")

    def _answer(self, method: str, said: dict[str, Any]) -> dict[str, Any]:
        if method == "chat.postMessage":
            return self._post(said)
        if method == "chat.update":
            self.edits += 1
            self.messages[said["ts"]] |= {name: said[name] for name in ("text", "metadata", "blocks") if name in said}
            return {"channel": CHANNEL, "ts": said["ts"]}
        if method == "conversations.history":
            return {"messages": list(reversed(self.messages.values()))}
        if method == "conversations.replies":
            return {"messages": [reply for reply in self.replies if reply["thread_ts"] == said["ts"]]}
        if method == "auth.test":
            return {"team": "Acme", "user": "midwatch", "bot_id": "B1"}
        if method == "users.conversations":
            return {"channels": [{"id": CHANNEL, "name": "incidents"}]}
        if method == "files.getUploadURLExternal":
            return {"upload_url": f"{self.url}upload", "file_id": "F1"}
        return {"files": [{"id": "F1", "title": "t"}]}

    def _post(self, said: dict[str, Any]) -> dict[str, Any]:
        ts = f"{1_772_417_220 + len(self.messages) + len(self.replies)}.000100"
        message = {"ts": ts, "text": said.get("text", ""), "metadata": said.get("metadata", {}), "blocks": said.get("blocks", "")}
        if said.get("thread_ts"):
            self.replies.append(message | {"thread_ts": said["thread_ts"]})
        else:
            self.messages[ts] = message
            self.posted.set()
        return {"channel": CHANNEL, "ts": ts, "message": message}


async def _fields(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        body: dict[str, Any] = await request.json()
        return body
    fields = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return {name: json.loads(value) if name == "metadata" else value for name, value in fields.items()}


class Running:
    """The stub on a free port, in a thread of its own: the test kills and starts processes meanwhile."""

    def __init__(self) -> None:
        self.slack = SlackStub()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> SlackStub:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self.slack

    async def _start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/api/upload", self._uploaded)
        app.router.add_route("*", "/api/{method}", self.slack.call)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        self.slack.url = f"http://127.0.0.1:{port}/api/"
        self.slack.port = port

    @staticmethod
    async def _uploaded(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(text="OK")

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
