"""What this app has posted before, found by its own metadata: a crash between posting and storing must not post twice."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Refused
from bot.model.incident import Digest, Incident, MessageRef
from bot.slack.blocks.kit import Json
from bot.slack.failures import translated

log = logging.getLogger(__name__)

CARD = "midwatch_incident"
STORM = "midwatch_storm"
REPLY = "midwatch_evidence"
PAGE = 200  # messages of one answer
PAGES = 5  # answers looked through; Slack grants fifty a minute
EARLIER_S = 60  # seconds before the incident was opened: clocks of two machines differ
CHANNELS = 1000  # channels of one answer; an app in more of them gives the id in MIDWATCH_SLACK_CHANNEL


def card_metadata(incident: Incident) -> Json:
    return {"event_type": CARD, "event_payload": {"incident": incident.id, "revision": incident.revision}}


def storm_metadata(digest: Digest) -> Json:
    return {"event_type": STORM, "event_payload": {"storm": digest.number}}


def reply_metadata(incident: Incident, part: str) -> Json:
    return {"event_type": REPLY, "event_payload": {"incident": incident.id, "revision": incident.triage_revision, "part": part}}


def picture_name(incident: Incident) -> str:
    """Files carry no metadata: the name says which incident and revision."""
    return f"{incident.id}-r{incident.triage_revision}.png"


class Earlier:
    """Reads the channel and the thread. A channel named `#like-this` is looked up once, among the app's own channels."""

    def __init__(self, client: AsyncWebClient, channel: str) -> None:
        self._client = client
        self._name = channel.removeprefix("#")
        self._id = channel if channel[:1] in "CGD" and channel.isupper() and channel.isalnum() else None

    @property
    def place(self) -> str | None:
        """The channel's id, once it is known."""
        return self._id

    def learned(self, channel_id: str) -> None:
        """A post told the channel's id."""
        self._id = channel_id

    async def card(self, incident: Incident) -> MessageRef | None:
        """The incident's message, when there is one that was not stored. Refused when the app may not look."""
        return await self._message(incident.opened_at, CARD, "incident", incident.id)

    async def storm(self, digest: Digest) -> MessageRef | None:
        """The storm's message, likewise."""
        return await self._message(digest.opened_at, STORM, "storm", digest.number)

    async def _message(self, since: datetime, event_type: str, name: str, value: object) -> MessageRef | None:
        with translated("conversations.history"):
            channel = self._id or await self._channel_id()
            if channel is None:
                return None
            oldest, cursor = f"{since.timestamp() - EARLIER_S:.6f}", None
            for _ in range(PAGES):  # newest first: a message of a storm's first minute may stand behind hundreds of others
                found = await self._client.conversations_history(
                    channel=channel, oldest=oldest, limit=PAGE, include_all_metadata=True, cursor=cursor
                )
                for message in _rows(found.get("messages")):
                    if _payload(message, event_type).get(name) == value:
                        return MessageRef(channel=channel, ts=str(message["ts"]))
                cursor = str((found.get("response_metadata") or {}).get("next_cursor") or "") or None
                if cursor is None:
                    break
        return None

    async def replies(self, incident: Incident, message: MessageRef) -> frozenset[str]:
        """The parts (`evidence`, `ruled_out`, `chart`) of this triage that are in the thread already; none when it may not look."""
        try:
            with translated("conversations.replies"):
                found = await self._client.conversations_replies(
                    channel=message.channel, ts=message.ts, limit=PAGE, include_all_metadata=True
                )
        except Refused as error:
            log.warning("cannot look for earlier replies: %s", error)
            return frozenset()
        parts = set()
        for reply in _rows(found.get("messages")):
            payload = _payload(reply, REPLY)
            if payload.get("incident") == incident.id and payload.get("revision") == incident.triage_revision:
                parts.add(str(payload.get("part")))
            if any(file.get("name") == picture_name(incident) for file in _rows(reply.get("files"))):
                parts.add("chart")
        return frozenset(parts)

    async def _channel_id(self) -> str | None:
        found = await self._client.users_conversations(types="public_channel,private_channel", exclude_archived=True, limit=CHANNELS)
        for channel in _rows(found.get("channels")):
            if channel.get("name") == self._name:
                self._id = str(channel["id"])
        return self._id


def _payload(message: Mapping[str, object], event_type: str) -> Mapping[str, object]:
    metadata = message.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != event_type:
        return {}
    payload = metadata.get("event_payload")
    return payload if isinstance(payload, Mapping) else {}


def _rows(value: object) -> Sequence[Mapping[str, object]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
