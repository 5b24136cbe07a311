"""Bolt, on both of Slack's transports: signed HTTP where there is a public URL, Socket Mode where there is none."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.errors import BadSettings
from bot.slack.failures import translated

log = logging.getLogger(__name__)

PING_S = 10.0  # seconds between pings of a socket: a dead one is noticed within four of them
CONNECT_S = 30.0  # seconds for the first connection; once connected, the client comes back by itself
SECONDS_DIGITS = 12  # digits of a timestamp; more is no time, and int() of thousands of digits is work


def bolt_app(client: AsyncWebClient, signing_secret: str | None) -> AsyncApp:
    """Without a signing secret the app serves Socket Mode only: over HTTP nothing could be believed."""
    bolt = AsyncApp(name="midwatch", client=client, signing_secret=signing_secret or "", request_verification_enabled=bool(signing_secret))
    if bolt.oauth_flow is not None:
        # Bolt reads these two by itself and then ignores the bot token.
        raise BadSettings("must not be set: Midwatch is installed with a bot token", place="SLACK_CLIENT_ID and SLACK_CLIENT_SECRET")
    return bolt


def http_handler(bolt: AsyncApp, signing_secret: str) -> Callable[[Request], Awaitable[Response]]:
    """For POST /slack/events. The signature is checked before anything is parsed: Bolt parses first, and fails on nonsense."""
    verifier, handler = SignatureVerifier(signing_secret), AsyncSlackRequestHandler(bolt)

    async def handle(request: Request) -> Response:
        if not _signed(verifier, await request.body(), request):
            return JSONResponse({"error": "the signature is missing or wrong"}, status_code=401)
        return await handler.handle(request)

    return handle


def _signed(verifier: SignatureVerifier, raw: bytes, request: Request) -> bool:
    stamp, signature = request.headers.get("x-slack-request-timestamp", ""), request.headers.get("x-slack-signature", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= SECONDS_DIGITS and signature.isascii()):
        return False
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return False
    return verifier.is_valid(text, stamp, signature)


@asynccontextmanager
async def socket_mode(bolt: AsyncApp, app_token: str) -> AsyncIterator[None]:
    """Connected while inside. SourceUnavailable or Refused when Slack does not let us in."""
    handler = AsyncSocketModeHandler(bolt, app_token, ping_interval=PING_S)
    try:
        with translated("apps.connections.open"):
            # The client's own connect() tries for ever, also with a token that will never do.
            await bolt.client.apps_connections_open(app_token=app_token)
            async with asyncio.timeout(CONNECT_S):
                await handler.client.connect()  # type: ignore[no-untyped-call]
        yield
    finally:
        await handler.client.close()  # type: ignore[no-untyped-call]
