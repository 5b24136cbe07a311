"""Questions in Slack: a mention, or a reply in the incident's thread. The answer stands in the same thread."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.case import Case
from bot.chat.talk import Talk
from bot.errors import BadInput, MidwatchError, SourceUnavailable
from bot.model.incident import Incident, IncidentState, MessageRef, Vote
from bot.model.reply import Reply
from bot.model.value import moment
from bot.slack.blocks.kit import Json, Message, escaped
from bot.slack.blocks.reply import HELPFUL, plain_message, reply_message
from bot.slack.click import Person, pressed
from bot.slack.failures import translated
from bot.slack.incident import NOT_YOURS, Desk
from bot.slack.limits import fit
from bot.slack.plots import picture_of
from bot.slack.send import Sender
from bot.slack.stream import Streamer

log = logging.getLogger(__name__)

EVENTS = ("app_mention", "message.channels", "message.groups")  # what manifest.yaml subscribes to for it
RECENT = 100  # incidents looked through for the thread a question stands in
OVERHEARD = 0.9  # how clearly a reply without a mention must be a question to be answered: people also talk to each other
NOT_OVERHEARD = frozenset({"out_of_scope", "feedback", "action_request"})
ANSWERED = "midwatch_answer"  # the mark of an answer: type of its metadata
REPLIES = 200  # after a question, looked through for its answer
COURSES = frozenset({"onset", "compare", "blast_radius"})  # answers about how something went
DRAWN = re.compile(r"\b(?:chart|graph|plot|draw|picture|curve|visuali[sz]e|over time)", re.IGNORECASE)
NAMED = re.compile(r"\bINC-\d{1,9}\b", re.IGNORECASE)
NONE_HERE = "I know of no incident in this channel. Mention me in the thread of one."
WHICH = "Several incidents are open here: {}. Ask me in the thread of the one you mean, or name it."
NO_REPORT = "There is no triage of {} yet; ask again in some seconds."
LATER = "I cannot read questions just now. Please ask again in a minute."
THANKS = "Thank you, that is stored."


@dataclass(frozen=True)
class Chat:
    """`case` gives what an incident is asked about, by the groups of who asks; None while it has no report.

    `streaming`: answers appear part by part where the workspace can show that.
    """

    desk: Desk
    talk: Talk
    case: Callable[[Incident, frozenset[str]], Awaitable[Case | None]]
    client: AsyncWebClient
    streaming: bool = False


@dataclass(frozen=True)
class Heard:
    """One message of a person. `thread` is the message its thread hangs on; `root`: it was written outside any thread."""

    person: Person
    channel: str
    ts: str
    thread: str
    root: bool
    text: str


def register(bolt: AsyncApp, chat: Chat) -> None:
    flow = _Flow(chat)
    bolt.event("app_mention")(flow.mentioned)
    bolt.event({"type": "message", "subtype": None}, matchers=[_is_reply])(flow.overheard)
    bolt.action(HELPFUL)(flow.helpful)


async def _is_reply(event: Mapping[str, object]) -> bool:
    """A person's reply that names nobody: what is addressed to somebody else, or to us as a mention, is not for here."""
    return (
        by_person(event) and event.get("channel_type") != "im" and bool(event.get("thread_ts")) and "<@" not in str(event.get("text", ""))
    )


def by_person(event: Mapping[str, object]) -> bool:
    return isinstance(event.get("user"), str) and not event.get("bot_id") and not event.get("app_id")


class Answers:
    """What is said back, wherever it was asked."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._send = Sender(chat.client)
        self._stream = Streamer(chat.client) if chat.streaming else None

    async def give(self, one: Heard, incident: Incident, groups: frozenset[str], *, overhearing: bool = False, lead: str = "") -> None:
        """`lead` says which incident it is about, where the place does not."""
        case = await self._chat.case(incident, groups)
        if case is None:
            if not overhearing:
                await self.say(one, plain_message(NO_REPORT.format(incident.id)))
            return
        try:
            asked = await self._chat.talk.read(one.text, case, f"{one.channel} {one.thread} {one.person.user}")
        except SourceUnavailable as error:
            log.warning("a question could not be read: %s", error)
            if not overhearing:
                await self.say(one, plain_message(LATER))
            return
        if overhearing and (asked[0].intent in NOT_OVERHEARD or asked[0].score < OVERHEARD):
            return
        reply = await self._chat.talk.answer(case, asked)
        await self._answer(one, fit(reply_message(incident, reply, lead)))
        if self._is_drawn(one, incident, reply):
            await self._draw(one, incident, case, reply)

    @staticmethod
    def _is_drawn(one: Heard, incident: Incident, reply: Reply) -> bool:
        """Whether people would rather look: asked for in so many words, or counted parts, or a course they have not before their eyes."""
        if reply.picture is None or DRAWN.search(one.text):
            return reply.picture is not None
        has_it = incident.message is not None and incident.message.ts == one.thread  # triage put the signal into that thread
        return reply.picture != "signal" or (reply.intent in COURSES and not has_it)

    async def _draw(self, one: Heard, incident: Incident, case: Case, reply: Reply) -> None:
        """The answer stands already: a chart that cannot be made or sent takes nothing from it."""
        try:
            picture = await asyncio.to_thread(picture_of, reply, incident, case)
            if picture is not None:
                place = MessageRef(channel=one.channel, ts=one.thread)
                await self._send.upload(place, f"{incident.id}-{reply.picture}-{one.ts}.png".lower(), picture)
        except Exception:
            log.exception("the chart beside an answer about %s was left out", incident.id, extra={"incident": incident.id})

    async def _answer(self, one: Heard, message: Message) -> None:
        if self._stream is None or await self._stream.say(one.channel, one.thread, one.person, message, _mark(one)) is None:
            await self.say(one, message)

    async def say(self, one: Heard, message: Message) -> MessageRef:
        return await self._send.post(one.channel, fit(message), _mark(one), thread_ts=one.thread)

    async def missing(self, body: Mapping[str, object]) -> bool:
        """Whether the event is a question to us whose thread lacks our answer. When Slack does not tell, none is missing."""
        event = body.get("event")
        if not (
            isinstance(event, Mapping) and by_person(event) and (event.get("type") == "app_mention" or event.get("channel_type") == "im")
        ):
            return False
        one = heard(body, event)
        try:
            with translated("conversations.replies"):
                found = await self._chat.client.conversations_replies(
                    channel=one.channel, ts=one.thread, oldest=one.ts, limit=REPLIES, include_all_metadata=True
                )
        except MidwatchError as error:
            log.warning("whether a question was answered is not known: %s", error)
            return False
        return not any(_answers(row, one) for row in found.get("messages") or ())


def _answers(row: object, one: Heard) -> bool:
    """Whether a message of the thread is marked as our answer to this question."""
    metadata = row.get("metadata") if isinstance(row, Mapping) else None
    payload = metadata.get("event_payload") if isinstance(metadata, Mapping) else None
    marked = isinstance(metadata, Mapping) and metadata.get("event_type") == ANSWERED
    return marked and isinstance(payload, Mapping) and payload.get("asked") == one.ts


def _mark(one: Heard) -> Json:
    return {"event_type": ANSWERED, "event_payload": {"asked": one.ts}}


class _Flow:
    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._answers = Answers(chat)

    async def mentioned(self, body: Mapping[str, object], event: Mapping[str, object]) -> None:
        await self._hear(heard(body, event), overhearing=False)

    async def overheard(self, body: Mapping[str, object], event: Mapping[str, object]) -> None:
        await self._hear(heard(body, event), overhearing=True)

    async def _hear(self, one: Heard, *, overhearing: bool) -> None:
        found = await self._incidents(one)
        if overhearing and len(found) != 1:
            return
        groups = await self._chat.desk.gate.groups(one.person)
        if groups is None:
            if not overhearing:
                await self._answers.say(one, plain_message(NOT_YOURS))
            return
        if len(found) != 1:
            named = ", ".join(incident.id for incident in found[:5])
            await self._answers.say(one, plain_message(WHICH.format(named) if found else NONE_HERE))
            return
        await self._answers.give(one, found[0], groups, overhearing=overhearing)

    async def _incidents(self, one: Heard) -> tuple[Incident, ...]:
        """The incident whose thread it is; outside a thread the one that is named, else those that are open here, newest first."""
        recent = [
            row for row in await self._chat.desk.incidents.recent(RECENT) if row.message is not None and row.message.channel == one.channel
        ]
        here = tuple(row for row in recent if row.message is not None and row.message.ts == one.thread)
        named = {name.upper() for name in NAMED.findall(one.text)}
        here = here or tuple(row for row in recent if one.root and row.id in named)
        if here or not one.root:
            return here
        return tuple(row for row in recent if row.state is not IncidentState.RESOLVED) or tuple(recent[:1])

    async def helpful(self, ack: AsyncAck, body: Mapping[str, object], respond: AsyncRespond) -> None:
        await ack()
        click = pressed(body)
        if await self._chat.desk.gate.groups(click.person) is None:
            await respond(text=escaped(NOT_YOURS), response_type="ephemeral", replace_original=False)
            return
        at = moment(self._chat.desk.clock())
        await self._chat.desk.decisions.vote(Vote(incident_id=click.incident_id, user=click.person.user, right=True, note="answer", at=at))
        await respond(text=escaped(THANKS), response_type="ephemeral", replace_original=False)


def heard(body: Mapping[str, object], event: Mapping[str, object]) -> Heard:
    """BadInput when the event lacks who, where or when."""
    user, channel, ts = event.get("user"), event.get("channel"), event.get("ts")
    if not (isinstance(user, str) and isinstance(channel, str) and isinstance(ts, str)):
        raise BadInput("an event without user, channel or time")
    thread = event.get("thread_ts")
    team, here = event.get("user_team") or event.get("team"), body.get("team_id")
    person = Person(user[:64], team[:64] if isinstance(team, str) else "", here[:64] if isinstance(here, str) else "")
    root = not isinstance(thread, str)
    return Heard(person, channel[:64], ts[:64], ts[:64] if root else str(thread)[:64], root, str(event.get("text", ""))[:20_000])
