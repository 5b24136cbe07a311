"""An answer that appears part by part, for workspaces that like it so (MIDWATCH_SLACK_STREAMING).

The answer is complete and checked before its first part goes out, and parts are literal blocks, never Markdown: what is streamed as text
Slack interprets. Only a person's question is answered so. Where a workspace has no streams the answer is posted.
"""

import logging
from collections.abc import Sequence

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import MidwatchError, Refused
from bot.model.incident import MessageRef
from bot.slack.blocks.kit import Json, Message
from bot.slack.click import Person
from bot.slack.client import for_posting
from bot.slack.failures import code_of, translated
from bot.slack.send import Sender

log = logging.getLogger(__name__)

NEVER = frozenset({"unknown_method", "method_deprecated", "missing_scope", "not_allowed_token_type", "feature_not_enabled"})
"""A workspace that says this has no streams: it is not asked again before the next start."""


class Streamer:
    def __init__(self, client: AsyncWebClient) -> None:
        self._client = for_posting(client)
        self._send = Sender(client)
        self._never = False

    async def say(self, channel: str, thread: str, person: Person, message: Message, metadata: Json) -> MessageRef | None:
        """Where it stands; None when nothing was streamed, and it is for the caller to post."""
        *parts, last = message.blocks
        if self._never or not parts:
            return None
        try:
            place = await self._start(channel, thread, person, parts[0])
        except MidwatchError as error:
            self._never = isinstance(error, Refused) and _code(error) in NEVER
            log.info("the answer is posted, not streamed: %s", error)
            return None
        try:
            for part in parts[1:]:
                with translated("chat.appendStream"):
                    await self._client.chat_appendStream(channel=place.channel, ts=place.ts, chunks=[_chunk([part])])
            with translated("chat.stopStream"):
                await self._client.chat_stopStream(channel=place.channel, ts=place.ts, blocks=[last], metadata=metadata)
        except MidwatchError as error:  # a stream may die half-way: what stands there becomes the whole answer
            log.warning("a stream broke off, its message is edited: %s", error)
            await self._send.edit(place, message, metadata)
        return place

    async def _start(self, channel: str, thread: str, person: Person, first: Json) -> MessageRef:
        with translated("chat.startStream"):
            started = await self._client.chat_startStream(
                channel=channel,
                thread_ts=thread,
                recipient_user_id=person.user,
                recipient_team_id=person.team or person.here or None,
                chunks=[_chunk([first])],
            )
        if not started.get("ts"):
            raise Refused("Slack started no stream")
        return MessageRef(channel=str(started.get("channel") or channel), ts=str(started["ts"]))


def _chunk(blocks: Sequence[Json]) -> Json:
    return {"type": "blocks", "blocks": list(blocks)}


def _code(error: MidwatchError) -> str:
    return code_of(error.__cause__) if isinstance(error.__cause__, SlackApiError) else ""
