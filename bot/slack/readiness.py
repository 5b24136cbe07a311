"""Readiness in Slack: to a person in their direct messages, to a channel what everybody may read."""

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.blocks.kit import Json, Message, escaped, run, section
from bot.slack.send import Sender
from bot.wording.literal import one_line

LONGEST = 2_900  # characters; a section takes three thousand


class SlackHerald:
    """Port Herald."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._send = Sender(client)

    async def privately(self, person: str, text: str, key: str) -> None:
        await self._say(person, text, key)

    async def publicly(self, channel: str, text: str, key: str) -> None:
        await self._say(channel, text, key)

    async def _say(self, channel: str, text: str, key: str) -> None:
        said = one_line(text, LONGEST)
        body: Json = {"type": "rich_text", "elements": [section(run(said))]}
        await self._send.post(channel, Message(escaped(said), (body,)), {"event_type": "midwatch_readiness", "event_payload": {"key": key}})
