"""Port Surface on Slack: one message an incident, edited in place; evidence, ruled-out list and chart in its thread."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import Refused, SourceUnavailable
from bot.model.incident import Digest, Incident, IncidentState, MessageRef, Progress
from bot.model.report import Report
from bot.ports import Picture
from bot.slack.blocks.card import card, classic
from bot.slack.blocks.digest import digest_classic, digest_message
from bot.slack.blocks.kit import Message
from bot.slack.blocks.thread import evidence_reply, ruled_out_reply
from bot.slack.earlier import Earlier, card_metadata, picture_name, reply_metadata, storm_metadata
from bot.slack.failures import GONE, answered, code_of, is_rate_limit
from bot.slack.limits import fit
from bot.slack.pace import Pace
from bot.slack.send import Sender

log = logging.getLogger(__name__)

DEADLINE_S = 45.0  # one call of show, retries included: below the 60 s for which a card is held
WAITS_S = (0.5, 2.0)  # before posting again; a longer outage is the caller's to wait for
REMEMBERED = 1_000  # cards whose last content is kept, so that an edit that changes nothing is not sent


class SlackSurface:
    """`channel` is an id or `#name`. `strict` (tests) raises where a payload would have to be trimmed."""

    def __init__(self, client: AsyncWebClient, channel: str, *, strict: bool = False) -> None:
        self._send = Sender(client)
        self._channel = channel
        self._strict = strict
        self._earlier = Earlier(client, channel)
        self._pace = Pace()
        self._turns: dict[str, asyncio.Lock] = {}
        self._shown: OrderedDict[str, tuple[MessageRef, int, Message]] = OrderedDict()
        self._done: OrderedDict[tuple[str, int], None] = OrderedDict()  # triages whose end is on the card

    async def show(self, incident: Incident, progress: Progress | None) -> MessageRef:
        """The message's place. SourceUnavailable: try again. Refused: Slack never will."""
        async with self._turns.setdefault(incident.id, asyncio.Lock()):
            try:
                async with asyncio.timeout(DEADLINE_S):
                    return await self._show(incident, progress)
            except TimeoutError as error:
                raise SourceUnavailable("Slack did not answer in time", source="slack", asked="chat.update") from error
            finally:
                self._forget_old(incident)

    async def _show(self, incident: Incident, progress: Progress | None) -> MessageRef:
        now = asyncio.get_running_loop().time()
        known = self._shown.get(incident.id)
        place = incident.message or (known[0] if known else None)
        if place is None:
            place = await self._lost(incident, posted=False)
        if place is None:
            place = await self._post(incident, progress)
        elif not self._is_old(incident) and (progress is None or self._pace.allows(incident.id, now)):
            place = await self._edit(incident, progress, place)
        if progress is None:
            self._pace.edited(incident.id, now)
        return place

    def _is_old(self, incident: Incident) -> bool:
        """A late progress of a triage whose verdict is on the card already."""
        ended = (incident.id, incident.triage_revision)
        return incident.state is IncidentState.TRIAGING and ended in self._done

    async def _post(self, incident: Incident, progress: Progress | None) -> MessageRef:
        """Post; when the answer was lost, look whether the message is there before posting again."""
        message = fit(card(incident, progress), strict=self._strict)
        for wait_s in (*WAITS_S, None):
            try:
                channel = self._earlier.place or self._channel
                place = await self._send.post(channel, message, card_metadata(incident), simpler=fit(classic(incident, progress)))
                break
            except SourceUnavailable as error:
                if wait_s is None or is_rate_limit(error):
                    raise
            await asyncio.sleep(wait_s)
            found = await self._lost(incident, posted=True)
            if found is not None:
                place = found
                break
        self._earlier.learned(place.channel)
        self._remember(incident, place, message)
        return place

    async def _lost(self, incident: Incident, *, posted: bool) -> MessageRef | None:
        """A message that was posted but not stored. `posted` = it may well be there, so not being able to look is an error.

        Otherwise a page that is announced twice is better than one that waits for the right to look.
        """
        try:
            return await self._earlier.card(incident)
        except Refused as error:
            log.warning("cannot look for an earlier message of %s: %s", incident.id, error)
        except SourceUnavailable as error:
            if posted or not answered(error):
                raise
            log.warning("cannot look for an earlier message of %s now: %s", incident.id, error)
        return None

    async def _edit(self, incident: Incident, progress: Progress | None, place: MessageRef) -> MessageRef:
        message = fit(card(incident, progress), strict=self._strict)
        if self._shown.get(incident.id) == (place, incident.revision, message):
            return place
        try:
            await self._send.edit(place, message, card_metadata(incident), simpler=fit(classic(incident, progress)))
        except Refused as error:
            if not (isinstance(error.__cause__, SlackApiError) and code_of(error.__cause__) in GONE):
                raise
            log.warning("the message of %s is gone (%s): posting it anew", incident.id, code_of(error.__cause__))
            return await self._post(incident, progress)
        self._remember(incident, place, message)
        return place

    def _remember(self, incident: Incident, place: MessageRef, message: Message) -> None:
        self._shown[incident.id] = (place, incident.revision, message)
        self._shown.move_to_end(incident.id)
        if incident.state is not IncidentState.TRIAGING:
            self._done[incident.id, incident.triage_revision] = None

    def _forget_old(self, incident: Incident) -> None:
        while len(self._shown) > REMEMBERED:
            self._shown.popitem(last=False)
        while len(self._done) > REMEMBERED:
            self._done.popitem(last=False)
        if len(self._turns) > REMEMBERED:
            self._turns = {name: lock for name, lock in self._turns.items() if lock.locked() or name == incident.id}

    async def show_digest(self, digest: Digest, incidents: Sequence[Incident]) -> MessageRef:
        """As show, for the message of a storm."""
        message, simpler = fit(digest_message(digest, incidents), strict=self._strict), fit(digest_classic(digest, incidents))
        try:
            async with asyncio.timeout(DEADLINE_S):
                place = digest.message or await self._earlier.storm(digest)
                if place is None:
                    channel = self._earlier.place or self._channel
                    place = await self._send.post(channel, message, storm_metadata(digest), simpler=simpler)
                    self._earlier.learned(place.channel)
                    return place
                return await self._send.edit(place, message, storm_metadata(digest), simpler=simpler)
        except TimeoutError as error:
            raise SourceUnavailable("Slack did not answer in time", source="slack", asked="chat.update") from error

    async def attach(self, incident: Incident, picture: Picture | None) -> None:
        """Evidence, ruled-out list and chart, each once a triage: what is in the thread already is not sent again."""
        if incident.report is None or incident.message is None:
            return
        for wait_s in WAITS_S:
            try:
                await self._attach(incident, incident.report, incident.message, picture)
            except SourceUnavailable:
                await asyncio.sleep(wait_s)
            else:
                return
        await self._attach(incident, incident.report, incident.message, picture)

    async def _attach(self, incident: Incident, report: Report, place: MessageRef, picture: Picture | None) -> None:
        there = await self._earlier.replies(incident, place)
        for part, message in (("evidence", evidence_reply(incident, report)), ("ruled_out", ruled_out_reply(incident, report))):
            if part not in there:
                fitted = fit(message, strict=self._strict)
                await self._send.post(place.channel, fitted, reply_metadata(incident, part), thread_ts=place.ts)
        if picture is None or "chart" in there:
            return
        try:
            await self._send.upload(place, picture_name(incident), picture)
        except Refused as error:
            if not (isinstance(error.__cause__, SlackApiError) and code_of(error.__cause__) == "missing_scope"):
                raise
            log.warning("the chart of %s was not uploaded: the app lacks files:write", incident.id)
