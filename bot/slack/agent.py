"""The agent pane: questions in direct messages, about the incident that is named, looked at, or open; which one, the answer says first."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp

from bot.chat.answer import defanged
from bot.errors import MidwatchError
from bot.model.incident import Incident
from bot.slack.blocks.reply import plain_message
from bot.slack.chat import NAMED, Answers, Chat, Heard, by_person, heard
from bot.slack.failures import translated
from bot.slack.home import who_opened
from bot.slack.incident import NOT_YOURS
from bot.slack.sight import Sight, still_open
from bot.wording.literal import one_line

log = logging.getLogger(__name__)

EVENTS = ("app_context_changed", "app_home_opened", "message.im")  # what manifest.yaml subscribes to for it
KEPT = 1_000  # people and conversations remembered
LOOKED_S = 900.0  # seconds after which what somebody looked at says nothing of what they ask about
ENTITIES = 8  # of what somebody looks at, most relevant first
PROMPTS = ("What is broken?", "Since when, and for whom?", "What should I do first?", "What can't you see?")  # Slack shows four
NOTHING = "There is no incident that you can see. I answer about incidents: when one is open, ask me here or in its thread."
NO_SUCH = "I know of no incident {} that you can see."
CHANNEL, MESSAGE = "slack#/types/channel_id", "slack#/types/message_context"


@dataclass(frozen=True)
class Place:
    """What somebody looks at: a channel, or one message in it."""

    channel: str
    ts: str = ""


def register(bolt: AsyncApp, chat: Chat) -> None:
    flow = _Flow(chat)
    bolt.event("app_home_opened", matchers=[_is_messages])(flow.opened)
    bolt.event("app_context_changed")(flow.looked)
    bolt.event({"type": "message", "subtype": None}, matchers=[_is_direct])(flow.asked)


async def _is_messages(event: Mapping[str, object]) -> bool:
    return event.get("tab") == "messages"


async def _is_direct(event: Mapping[str, object]) -> bool:
    return event.get("channel_type") == "im" and by_person(event)


class _Flow:
    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._answers = Answers(chat)
        self._sight = Sight(chat.desk.incidents, chat.desk.gate)
        self._looks: OrderedDict[str, tuple[float, tuple[Place, ...]]] = OrderedDict()
        self._about: OrderedDict[str, str] = OrderedDict()  # conversation -> the incident it was last about

    async def opened(self, body: Mapping[str, object], event: Mapping[str, object]) -> None:
        """Suggests what to ask, with the name of the newest open incident where there is one."""
        person, channel = who_opened(body, event), event.get("channel")
        if not isinstance(channel, str):
            return
        self._looks_at(person.user, event)
        try:
            if await self._chat.desk.gate.groups(person) is None:
                return
            found = still_open(await self._sight.recent(person))
            about = f" ({found[0].id})" if found else ""
            prompts = [{"title": words, "message": f"{words}{about}"} for words in PROMPTS]
            with translated("assistant.threads.setSuggestedPrompts"):
                await self._chat.client.assistant_threads_setSuggestedPrompts(channel_id=channel, prompts=prompts)
        except MidwatchError as error:
            log.warning("no questions were suggested: %s", error)

    async def looked(self, event: Mapping[str, object]) -> None:
        user = event.get("user")
        if isinstance(user, str):
            self._looks_at(user[:64], event)

    async def asked(self, body: Mapping[str, object], event: Mapping[str, object]) -> None:
        one = heard(body, event)
        groups = await self._chat.desk.gate.groups(one.person)
        if groups is None:
            await self._answers.say(one, plain_message(NOT_YOURS))
            return
        self._looks_at(one.person.user, event)
        await self._status(one, "is looking at the incident…")
        try:
            incident, lead = await self._meant(one)
            if incident is None:
                await self._answers.say(one, plain_message(lead))
                return
            await self._answers.give(one, incident, groups, lead=lead)
        except BaseException:
            await self._status(one, "")  # Slack takes the status away when something is posted, and only then
            raise

    async def _meant(self, one: Heard) -> tuple[Incident | None, str]:
        """The incident and why that one; or why there is none."""
        named = NAMED.search(one.text)
        thread = f"{one.channel} {one.thread}"
        if named is not None:
            found = await self._sight.named(one.person, named.group().upper())
            return (None, NO_SUCH.format(named.group().upper())) if found is None else (self._keep(thread, found), _lead(found, ""))
        before = await self._sight.named(one.person, self._about[thread]) if thread in self._about else None
        if before is not None:
            return before, _lead(before, "as before")
        seen = await self._sight.recent(one.person)
        for chosen, why in (
            (self._looked_at(one.person.user, seen), "you are looking at it"),
            (next(iter(still_open(seen)), None), "the newest open one"),
        ):
            if chosen is not None:
                return self._keep(thread, chosen), _lead(chosen, why)
        if seen:
            return self._keep(thread, seen[0]), _lead(seen[0], "none is open; this was the newest")
        return None, NOTHING

    def _looked_at(self, user: str, seen: tuple[Incident, ...]) -> Incident | None:
        """The incident whose message is looked at; else the newest in the channel that is, an open one first."""
        at, places = self._looks.get(user, (0.0, ()))
        if asyncio.get_running_loop().time() - at > LOOKED_S:
            return None
        for place in places:
            here = tuple(row for row in seen if row.message is not None and row.message.channel == place.channel)
            exact = next((row for row in here if row.message is not None and row.message.ts == place.ts), None)
            found = exact or next(iter(still_open(here) or here), None)
            if found is not None:
                return found
        return None

    def _looks_at(self, user: str, event: Mapping[str, object]) -> None:
        places = places_in(event.get("context") or event.get("app_context"))
        if places is None:
            return
        self._looks[user] = (asyncio.get_running_loop().time(), places)
        self._looks.move_to_end(user)
        if len(self._looks) > KEPT:
            self._looks.popitem(last=False)

    def _keep(self, thread: str, incident: Incident) -> Incident:
        self._about[thread] = incident.id
        self._about.move_to_end(thread)
        if len(self._about) > KEPT:
            self._about.popitem(last=False)
        return incident

    async def _status(self, one: Heard, words: str) -> None:
        """A courtesy: a workspace without it, or a bad minute, costs nobody the answer."""
        try:
            with translated("assistant.threads.setStatus"):
                await self._chat.client.assistant_threads_setStatus(channel_id=one.channel, thread_ts=one.thread, status=words)
        except MidwatchError as error:
            log.info("no status is shown: %s", error)


def places_in(context: object) -> tuple[Place, ...] | None:
    """What Slack says somebody looks at; None when it does not say, which is not the same as looking at nothing."""
    if not isinstance(context, Mapping):
        return None
    found = []
    listed = context.get("entities")
    for entity in (listed if isinstance(listed, list) else [])[:ENTITIES]:
        value = entity.get("value") if isinstance(entity, Mapping) else None
        if isinstance(value, str) and entity.get("type") == CHANNEL:
            found.append(Place(value[:64]))
        elif isinstance(value, Mapping) and entity.get("type") == MESSAGE and isinstance(value.get("channel_id"), str):
            found.append(Place(value["channel_id"][:64], str(value.get("message_ts", ""))[:64]))
    return tuple(found)


def _lead(incident: Incident, why: str) -> str:
    title = one_line(defanged(incident.title), 80)
    return f"About {incident.id}{f' ({why})' if why else ''}: {title}" if title else f"About {incident.id}"
