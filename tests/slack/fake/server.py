"""The fake's HTTP side: Web API, uploads, response_urls, Socket Mode; with 429s, 500s and lost answers on demand."""

import asyncio
import contextlib
import itertools
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from tests.slack.fake.rules import Broken
from tests.slack.fake.workspace import Workspace


@dataclass(frozen=True)
class Fault:
    """`lost`: Slack does what it was asked, but the answer never arrives."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    error: str = ""
    lost: bool = False
    wait_s: float = 0.0


class FakeSlack:
    def __init__(self) -> None:
        self.workspace = Workspace()
        self.url = ""
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.sockets: list[web.WebSocketResponse] = []
        self.acks: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.connected = asyncio.Event()
        self._number = itertools.count(1)

    def fail(self, method: str, *faults: Fault) -> None:
        """The next calls of the method meet these, one each."""
        self.faults[method].extend(faults)

    def limit(self, method: str, times: int, retry_after: int = 1) -> None:
        body = json.dumps({"ok": False, "error": "ratelimited"})
        self.fail(method, *[Fault(429, (("Retry-After", str(retry_after)),), body)] * times)

    def count(self, method: str) -> int:
        return sum(name == method for name, _ in self.calls)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/upload/{file}", self._upload)
        app.router.add_post("/response/{number}", self._respond)
        app.router.add_get("/socket", self._socket)
        return app

    async def send_socket(self, kind: str, payload: dict[str, Any], *, attempt: int = 0, reason: str = "") -> dict[str, Any]:
        """One envelope; its ack's payload. TimeoutError when the app does not acknowledge within three seconds."""
        envelope_id = f"E{next(self._number)}"
        self.acks[envelope_id] = asyncio.get_running_loop().create_future()
        envelope: dict[str, Any] = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind == "interactive",
        }
        if attempt:
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        await self.sockets[-1].send_str(json.dumps(envelope))
        async with asyncio.timeout(3):
            return await self.acks[envelope_id]

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method, args = request.match_info["method"], await _arguments(request)
        self.calls.append((method, args))
        fault = self.faults[method].popleft() if self.faults[method] else Fault()
        await asyncio.sleep(fault.wait_s)
        if fault.error:
            return web.json_response({"ok": False, "error": fault.error})
        if fault.status != 200:
            return web.Response(status=fault.status, headers=dict(fault.headers), text=fault.body, content_type=_kind(fault.body))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or args.get("token", "")
        try:
            answer = self._open_connection(token) if method == "apps.connections.open" else self.workspace.call(method, args, token)
        except Broken as broken:
            details = {"response_metadata": {"messages": list(broken.messages)}} if broken.messages else {}
            return web.json_response({"ok": False, "error": broken.code, **details})
        if fault.lost:
            request.transport.abort()
        if "upload_url" in answer:
            answer["upload_url"] = self.url + answer["upload_url"].replace("UPLOAD", "/upload")
        return web.json_response({"ok": True, **answer})

    def _open_connection(self, token: str) -> dict[str, Any]:
        if not token.startswith("xapp-"):
            raise Broken("not_allowed_token_type")
        return {"url": self.url.replace("http", "ws") + "/socket?ticket=1"}

    async def _upload(self, request: web.Request) -> web.Response:
        self.workspace.uploads[request.match_info["file"]]["bytes"] = await request.read()
        return web.Response(text="OK - 1")

    async def _respond(self, request: web.Request) -> web.Response:
        said = await request.json()
        assert said.get("response_type") == "ephemeral"
        assert said.get("replace_original") is False
        self.workspace.whispers.append(said["text"])
        return web.Response(text="ok")

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(json.dumps({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}}))
        self.sockets.append(socket)
        self.connected.set()
        async for frame in socket:
            if frame.type != WSMsgType.TEXT:
                break
            said = json.loads(frame.data)
            future = self.acks.get(said.get("envelope_id", ""))
            if future is not None and not future.done():
                future.set_result(said.get("payload") or {})
        return socket


def _kind(body: str) -> str:
    return "application/json" if body.startswith("{") else "text/html"


async def _arguments(request: web.Request) -> dict[str, Any]:
    """GET parameters, a form or JSON: the SDK uses all three."""
    if request.content_type == "application/json":
        return await request.json()
    args: dict[str, Any] = {**request.query, **(await request.post())}
    for name in ("blocks", "metadata", "view", "files", "prompts"):
        if isinstance(args.get(name), str):
            args[name] = json.loads(args[name])
    return args


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[FakeSlack]:
    fake = FakeSlack()
    runner = web.AppRunner(fake.app(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield fake
    finally:
        for socket in fake.sockets:
            await socket.close()
        await runner.cleanup()
