"""Pages that arrive as messages of other apps. Only apps and channels that are configured are listened to; nobody else's word pages.

A page is stored before Slack is answered: when it cannot be stored Slack is told so, and delivers it again.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse

from bot import pages
from bot.errors import BadInput, SourceUnavailable
from bot.model.page import Page
from bot.ports import Intake, Work
from bot.redact import redact_page

log = logging.getLogger(__name__)

EVENTS = ("message.channels", "message.groups")  # what manifest.yaml subscribes to for it
SOURCE = "slack"

Counted = Callable[[str, str], None]
"""Source and outcome, for the metrics."""


@dataclass(frozen=True)
class Watch:
    """`apps`: ids of apps or bots (A..., B...) whose messages are pages. `channels`: ids; empty = wherever the app is a member."""

    apps: frozenset[str]
    channels: frozenset[str]
    intake: Intake
    work: Work
    clock: Callable[[], float]
    counted: Counted


def register(bolt: AsyncApp, watch: Watch) -> None:
    """Before the other flows: what is a page is taken here and goes no further."""

    async def first(body: Mapping[str, object], next_: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse | None:
        if not _is_watched(body, watch):
            return await next_()
        try:
            await _take(body, watch)
        except SourceUnavailable as error:
            log.warning("a page from Slack could not be stored; Slack sends it again: %s", error)
            return BoltResponse(status=503)
        return BoltResponse(status=200)

    bolt.use(first)


def leave_the_rest(bolt: AsyncApp) -> None:
    """After all other flows: what people write and open is answered with 200, or Slack would stop delivering."""

    async def nothing() -> None: ...

    for name in ("message", "app_home_opened", "app_context_changed"):
        bolt.event(name)(nothing)


def _is_watched(body: Mapping[str, object], watch: Watch) -> bool:
    event = _map(body.get("event"))
    if event.get("type") != "message" or (watch.channels and event.get("channel") not in watch.channels):
        return False
    message = _map(event.get("message")) if event.get("subtype") == "message_changed" else event
    return bool({message.get("app_id"), message.get("bot_id")} & watch.apps)


async def _take(body: Mapping[str, object], watch: Watch) -> None:
    raw = orjson.dumps(body)
    try:
        found: Sequence[Page] = pages.parse(SOURCE, raw, {}, place="a message in Slack")
    except BadInput as error:
        watch.counted(SOURCE, "unreadable")
        log.warning("a message of a watched app is no page: %s", error)
        return
    delivery_id = pages.delivery_id(SOURCE, raw, {})
    for page in map(redact_page, found):
        incident = await watch.intake.receive(page, delivery_id=delivery_id, raw=raw, received_at=watch.clock())
        watch.counted(SOURCE, "duplicate" if incident is None else page.status.value)
        if incident is None:
            continue
        log.info("page of %s is in %s", SOURCE, incident.id, extra={"incident": incident.id, "alerts": incident.alerts})
        try:
            await watch.work.triage(incident)
        except SourceUnavailable as error:  # the page is safe; the sweep starts what could not be started now
            log.warning("%s waits for the sweep: %s", incident.id, error, extra={"incident": incident.id})


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
