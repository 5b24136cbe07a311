"""Events: each is taken once, however often Slack delivers it; and losing the app's token is said loudly.

A question that was taken by a process which died before it answered is the exception: Slack asks again after a minute, and where no
answer stands by then it is answered.
"""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.ports import SeenEvents

log = logging.getLogger(__name__)

EVENTS = ("app_uninstalled", "tokens_revoked")  # what manifest.yaml subscribes to
LATE = 2  # Slack delivers again at once, after a minute and after five; by the second time whoever was at it has answered
OWN = 1_000  # events remembered that this very process took: they are never answered twice, whatever stands in the thread

Unanswered = Callable[[Mapping[str, object]], Awaitable[bool]]


def register(
    bolt: AsyncApp, seen: SeenEvents, clock: Callable[[], float], lost: Callable[[str], None], unanswered: Unanswered | None = None
) -> None:
    """`lost` is told why the app can no longer speak. `unanswered`: whether an event is a question whose thread lacks the answer."""
    own: OrderedDict[str, None] = OrderedDict()

    async def is_new(event_id: str, body: Mapping[str, object], request: AsyncBoltRequest) -> bool:
        first = await seen.first_time(event_id, clock())
        if event_id in own or not (first or _retry(request) >= LATE):
            return False
        own[event_id] = None  # before anything is waited for: two deliveries may be on their way
        if len(own) > OWN:
            own.popitem(last=False)
        if first:
            return True
        if unanswered is None or not await unanswered(body):
            return False
        log.warning("%s was taken by somebody who never answered: answered now", event_id)
        return True

    async def once(
        body: Mapping[str, object], request: AsyncBoltRequest, next_: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse | None:
        event_id = body.get("event_id")
        if isinstance(event_id, str) and not await is_new(event_id[:200], body, request):
            return BoltResponse(status=200)
        return await next_()

    async def gone(event: Mapping[str, object]) -> None:
        kind = str(event.get("type", ""))
        log.error("Slack says %s: incidents are not shown until the app is installed again", kind)
        lost(kind)

    bolt.use(once)
    for name in EVENTS:
        bolt.event(name)(gone)


def _retry(request: AsyncBoltRequest) -> int:
    """How often Slack has sent it again; both transports tell it by the same header."""
    told = next(iter(request.headers.get("x-slack-retry-num") or ()), "0")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 4 else 0
