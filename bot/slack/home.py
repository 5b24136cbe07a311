"""The home tab: made for the person who opens it, when they open it."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.drills.readiness.own import Own
from bot.errors import BadInput, MidwatchError
from bot.model.incident import Incident, MessageRef
from bot.model.value import moment
from bot.slack.blocks.home import INCIDENTS, Homepage, home_view, stranger_view
from bot.slack.blocks.kit import Json
from bot.slack.click import Person
from bot.slack.failures import translated
from bot.slack.incident import Desk
from bot.slack.limits import fit_view
from bot.slack.sight import Sight, still_open
from bot.slack.throttle import LONGEST_WAIT_S, Bucket

log = logging.getLogger(__name__)

EVENTS = ("app_home_opened",)  # what manifest.yaml subscribes to for it
PER_SECOND = 1.0  # of the hundred a minute that Slack grants views.publish
BURST = 20.0  # people who open it at once, when something broke
AGAIN_S = 3.0  # seconds in which the same person's page is not made again: Slack tells of every click between its tabs
KEPT = 1_000  # people, and links to messages, remembered


@dataclass(frozen=True)
class Home:
    """`own` gives a person's drills and readiness, None where there are no drills; `blind` says what cannot be seen now."""

    desk: Desk
    client: AsyncWebClient
    own: Callable[[str], Awaitable[tuple[Own, ...]]] | None
    blind: Callable[[Sequence[Incident]], Awaitable[tuple[str, ...]]]
    command: str


def register(bolt: AsyncApp, home: Home) -> None:
    bolt.event("app_home_opened", matchers=[_is_home])(_Flow(home).opened)


async def _is_home(event: Mapping[str, object]) -> bool:
    return event.get("tab") == "home"


class _Flow:
    def __init__(self, home: Home) -> None:
        self._home = home
        self._sight = Sight(home.desk.incidents, home.desk.gate)
        self._opened: OrderedDict[str, float] = OrderedDict()
        self._links: OrderedDict[MessageRef, str] = OrderedDict()
        self._bucket: Bucket | None = None

    async def opened(self, body: Mapping[str, object], event: Mapping[str, object]) -> None:
        person = who_opened(body, event)
        if not self._is_due(person.user) or not await self._turn():
            return
        try:
            view = fit_view(await self._view(person))
            with translated("views.publish"):
                await self._home.client.views_publish(user_id=person.user, view=view)
        except MidwatchError as error:
            self._opened.pop(person.user, None)  # opened again, it is tried again
            log.warning("the home tab could not be made: %s", error)

    async def _view(self, person: Person) -> Json:
        if await self._home.desk.gate.groups(person) is None:
            return stranger_view()
        seen = await self._sight.recent(person)
        incidents = still_open(seen)
        links = await asyncio.gather(*(self._link(row.message) for row in incidents[:INCIDENTS]))
        return home_view(
            Homepage(
                at=moment(self._home.desk.clock()),
                incidents=incidents,
                links={row.id: url for row, url in zip(incidents, links, strict=False) if url},
                own=await self._home.own(person.user) if self._home.own is not None else None,
                blind=await self._home.blind(seen),
                command=self._home.command,
            )
        )

    def _is_due(self, user: str) -> bool:
        now = asyncio.get_running_loop().time()
        if now - self._opened.get(user, now - AGAIN_S) < AGAIN_S:
            return False
        self._opened[user] = now
        self._opened.move_to_end(user)
        if len(self._opened) > KEPT:
            self._opened.popitem(last=False)
        return True

    async def _turn(self) -> bool:
        """Waits for it; False when that would be so long that the person has left the tab."""
        now = asyncio.get_running_loop().time()
        self._bucket = self._bucket or Bucket(PER_SECOND, BURST, now)
        wait = self._bucket.wait(now)
        if wait > LONGEST_WAIT_S:
            log.warning("the home tab is opened more often than Slack lets it be made")
            return False
        self._bucket.take(now)
        await asyncio.sleep(wait)
        return True

    async def _link(self, place: MessageRef | None) -> str:
        """Slack's own link to the message; "" when it has none, or gives none."""
        if place is None:
            return ""
        if place not in self._links:
            try:
                with translated("chat.getPermalink"):
                    answer = await self._home.client.chat_getPermalink(channel=place.channel, message_ts=place.ts)
            except MidwatchError as error:
                log.warning("no link to a message: %s", error)
                return ""
            self._links[place] = str(answer.get("permalink") or "")
            if len(self._links) > KEPT:
                self._links.popitem(last=False)
        return self._links[place]


def who_opened(body: Mapping[str, object], event: Mapping[str, object]) -> Person:
    """Of app_home_opened, which only the app's own workspace delivers; BadInput when it names nobody."""
    user, team = event.get("user"), body.get("team_id")
    if not isinstance(user, str) or not 0 < len(user) <= 64:
        raise BadInput("an opened home without a user")
    here = team[:64] if isinstance(team, str) else ""
    return Person(user, "", here)
