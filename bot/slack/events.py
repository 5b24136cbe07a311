"""Events: each is taken once, however often Slack delivers it; and losing the app's token is said loudly."""

import logging
from collections.abc import Awaitable, Callable, Mapping

from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from bot.ports import SeenEvents

log = logging.getLogger(__name__)

EVENTS = ("app_uninstalled", "tokens_revoked")  # what manifest.yaml subscribes to


def register(bolt: AsyncApp, seen: SeenEvents, clock: Callable[[], float], lost: Callable[[str], None]) -> None:
    """`lost` is told why the app can no longer speak."""

    async def once(body: Mapping[str, object], next_: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse | None:
        event_id = body.get("event_id")
        if isinstance(event_id, str) and not await seen.first_time(event_id[:200], clock()):
            return BoltResponse(status=200)
        return await next_()

    async def gone(event: Mapping[str, object]) -> None:
        kind = str(event.get("type", ""))
        log.error("Slack says %s: incidents are not shown until the app is installed again", kind)
        lost(kind)

    bolt.use(once)
    for name in EVENTS:
        bolt.event(name)(gone)
