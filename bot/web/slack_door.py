"""Slack over HTTP: the body is capped and the timestamp looked at before Bolt sees the request."""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message

from bot.web.body import body

Handler = Callable[[Request], Awaitable[Response]]


def routes(handler: Handler, limit_bytes: int) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.post("/slack/events")
    async def events(request: Request) -> Response:
        stamp = request.headers.get("x-slack-request-timestamp", "")
        if not (stamp.isascii() and stamp.isdecimal()):  # Bolt would fail on it instead of refusing it
            return JSONResponse({"error": "the signature is missing or wrong"}, status_code=401)
        raw = await body(request, limit_bytes)

        async def again() -> Message:
            return {"type": "http.request", "body": raw, "more_body": False}

        return await handler(Request(request.scope, again))

    return router
