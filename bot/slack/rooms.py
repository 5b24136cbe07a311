"""Who can read a channel: what was said in a private one is told, elsewhere in Slack, to its members alone."""

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Refused
from bot.slack.failures import translated

log = logging.getLogger(__name__)

FRESH_S = 60.0  # seconds that an answer counts: as long as that of who is a member of the workspace
KEPT = 200  # channels remembered; incidents stand in one, and people look at a few
PAGE = 1_000  # members asked for at once
PAGES = 20  # of a private channel: who stands on no page of these may not read it


@dataclass(frozen=True)
class _Room:
    """`members` None = every full member of the workspace."""

    at: float
    members: frozenset[str] | None


class Rooms:
    """From conversations.info and conversations.members. What Slack does not let us look at is open to nobody."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._known: OrderedDict[str, _Room] = OrderedDict()

    async def readable(self, user: str, channel: str) -> bool:
        """For a full member of the workspace. SourceUnavailable when Slack does not answer."""
        now = asyncio.get_running_loop().time()
        room = self._known.get(channel)
        if room is None or now - room.at >= FRESH_S:
            room = _Room(now, await self._asked(channel))
            self._known[channel] = room
            self._known.move_to_end(channel)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return room.members is None or user in room.members

    async def _asked(self, channel: str) -> frozenset[str] | None:
        try:
            with translated("conversations.info"):
                found = (await self._client.conversations_info(channel=channel)).get("channel")
            told = found if isinstance(found, dict) else {}
            if told.get("is_channel") and not told.get("is_private"):
                return None
            return await self._members(channel)
        except Refused as error:
            log.warning("who can read %s is not told, so nobody is told of it: %s", channel, error)
            return frozenset()

    async def _members(self, channel: str) -> frozenset[str]:
        found: set[str] = set()
        cursor = ""
        for _ in range(PAGES):
            with translated("conversations.members"):
                answer = await self._client.conversations_members(channel=channel, limit=PAGE, cursor=cursor or None)
            found |= {str(one) for one in answer.get("members") or ()}
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return frozenset(found)
