"""How messages go out: nothing is unfurled, nothing in the text becomes a link or mention, refused blocks become plain ones."""

import logging
from collections.abc import Awaitable, Callable

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.model.incident import MessageRef
from bot.ports import Picture
from bot.slack.blocks.kit import Json, Message
from bot.slack.client import for_posting
from bot.slack.failures import BLOCKS, code_of, translated
from bot.wording.literal import one_line

TITLE = 150  # characters of a file's title
ALT = 1_000  # characters of its alternative text

log = logging.getLogger(__name__)


class Sender:
    """Each call raises SourceUnavailable (try again) or Refused (never). `simpler` is sent once when the blocks are refused."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._posting = for_posting(client)

    async def post(
        self, channel: str, message: Message, metadata: Json, *, thread_ts: str | None = None, simpler: Message | None = None
    ) -> MessageRef:
        async def once(version: Message) -> MessageRef:
            sent = await self._posting.chat_postMessage(
                channel=channel,
                thread_ts=thread_ts,
                text=version.text,
                blocks=list(version.blocks),
                metadata=metadata,
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            )
            return MessageRef(channel=str(sent["channel"]), ts=str(sent["ts"]))

        return await _with_fallback("chat.postMessage", once, message, simpler)

    async def edit(self, place: MessageRef, message: Message, metadata: Json, *, simpler: Message | None = None) -> MessageRef:
        async def once(version: Message) -> MessageRef:
            await self._client.chat_update(
                channel=place.channel,
                ts=place.ts,
                text=version.text,
                blocks=list(version.blocks),
                metadata=metadata,
                parse="none",
                link_names=False,
            )
            return place

        return await _with_fallback("chat.update", once, message, simpler)

    async def upload(self, place: MessageRef, name: str, picture: Picture) -> None:
        """A file in the thread, with words for those who cannot see it."""
        with translated("files.upload"):
            await self._posting.files_upload_v2(
                filename=name,
                content=picture.png,
                title=one_line(picture.title, TITLE) or name,
                alt_txt=one_line(picture.alt, ALT),
                channel=place.channel,
                thread_ts=place.ts,
            )


async def _with_fallback(
    method: str, once: Callable[[Message], Awaitable[MessageRef]], message: Message, simpler: Message | None
) -> MessageRef:
    with translated(method):
        try:
            return await once(message)
        except SlackApiError as error:
            if simpler is None or code_of(error) not in BLOCKS:
                raise
            log.error("Slack refused the blocks of %s (%s): sending plain ones", method, code_of(error))  # noqa: TRY400 - the code says it all
            return await once(simpler)
