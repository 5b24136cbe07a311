"""Where people read, press buttons and ask: Slack, or whatever shows incidents in its place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from rich.console import Console
from slack_bolt.async_app import AsyncApp
from starlette.requests import Request
from starlette.responses import Response

from bot import checks
from bot.backends.card import CardKeeper
from bot.backends.cases import Cases
from bot.backends.decided import Decided
from bot.backends.embed_cache import CachedEmbedder
from bot.backends.embed_choice import chosen_embedder
from bot.backends.playbooks import Services
from bot.backends.records import Records
from bot.backends.shelf_live import LiveShelf
from bot.backends.work_dbos import DbosWork
from bot.chat.talk import Talk
from bot.chat.understand import Understanding
from bot.model.incident import Incident
from bot.ports import Narrate, Picture, SeenEvents, Surface
from bot.settings import Settings, names
from bot.slack import Chat, Flows, Home, Play, Shortcut, Watch, bolt, chart, client, people, register, surface
from bot.slack import incident as buttons
from bot.terminal.surface import TerminalSurface
from bot.triage import Triage
from bot.web import Meters

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Door:
    """Where people read and press buttons. `bolt` and `handler` only with Slack."""

    surface: Surface
    note: str
    draw: Callable[[Incident], Picture | None] | None = None
    bolt: AsyncApp | None = None
    handler: Callable[[Request], Awaitable[Response]] | None = None


@dataclass(frozen=True)
class Parts:
    """What listens besides the card's buttons; each None where it is not configured."""

    watch: Watch | None
    play: Play | None
    talking: Callable[[buttons.Desk], Chat] | None
    home: Callable[[buttons.Desk], Home] | None
    shortcut: Callable[[buttons.Desk], Shortcut] | None

    def at(self, desk: buttons.Desk, seen: SeenEvents) -> Flows:
        return Flows(
            desk=desk,
            seen=seen,
            lost=lambda why: log.error("Slack is lost: %s", why),
            watch=self.watch,
            play=self.play,
            chat=self.talking(desk) if self.talking is not None else None,
            home=self.home(desk) if self.home is not None else None,
            shortcut=self.shortcut(desk) if self.shortcut is not None else None,
        )


def door_of(settings: Settings, surface_factory: Callable[[], Surface] | None) -> Door:
    if surface_factory is not None:
        return Door(surface_factory(), "incidents: where this program shows them")
    if settings.slack_bot_token is None:
        return Door(TerminalSurface(Console()), "incidents: here; Slack is not configured (MIDWATCH_SLACK_BOT_TOKEN)")
    web_client = client.web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    shown = surface.SlackSurface(web_client, settings.slack_channel)
    where = f"incidents: Slack {settings.slack_channel}"
    signing = settings.slack_signing_secret.get_secret_value() if settings.slack_signing_secret else None
    listening = bolt.bolt_app(web_client, signing)
    if settings.slack_app_token is not None:
        return Door(shown, f"{where}, Socket Mode", chart.draw, listening)
    if signing is not None:
        return Door(shown, f"{where}, events at /slack/events", chart.draw, listening, bolt.http_handler(listening, signing))
    missing = "buttons do nothing without MIDWATCH_SLACK_SIGNING_SECRET or MIDWATCH_SLACK_APP_TOKEN"
    return Door(shown, f"{where}; {missing}", chart.draw)


async def listen(
    stack: AsyncExitStack,
    settings: Settings,
    door: Door,
    kept: Records,
    decided: Decided,
    keeper: CardKeeper,
    shelf: LiveShelf | None,
    clock: Callable[[], float],
    parts: Parts,
) -> None:
    """Slack's buttons and events; last to open, because all they lead to must stand."""
    if door.bolt is None:
        return
    desk = buttons.Desk(
        incidents=kept.incidents,
        decisions=decided,
        gate=people.Members(door.bolt.client, user_groups=people.UserGroups(door.bolt.client) if settings.slack_user_groups else None),
        show=keeper.show,
        runbook=shelf.runbook if shelf is not None else lambda _id: None,
        kept_to_groups=shelf.kept_to_groups if shelf is not None else lambda _cause, _service, _groups: None,
        audit=kept.audit,
        causes=[check.slug for check in checks.load()],
        clock=clock,
    )
    register(door.bolt, parts.at(desk, kept.intake))
    if settings.slack_app_token is not None:
        await stack.enter_async_context(bolt.socket_mode(door.bolt, settings.slack_app_token.get_secret_value()))


async def talker(
    stack: AsyncExitStack,
    settings: Settings,
    door: Door,
    triage: Triage,
    known: Services,
    shelf: LiveShelf | None,
    narrate: Narrate | None,
) -> Callable[[buttons.Desk], Chat] | None:
    """Questions in Slack, understood by the embedder that searches runbooks; without one by letters and words."""
    if door.bolt is None:
        return None
    client = door.bolt.client
    key = settings.embedder_key.get_secret_value() if settings.embedder_key else None
    embedder, _ = await stack.enter_async_context(chosen_embedder(settings.embedder, settings.embedder_model, key))
    cached = CachedEmbedder(embedder, settings.home / "chat" / "embeddings.db") if embedder is not None else None
    talk = Talk(await asyncio.to_thread(Understanding, embedder, cached), narrate)
    starting = asyncio.create_task(talk.start())  # beside the work: the first question of a night finds the model loaded
    stack.callback(starting.cancel)
    cases = Cases(triage, known, shelf.runbook if shelf is not None else lambda _id: None)
    return lambda desk: Chat(desk, talk, cases.of, client, settings.slack_streaming)


def watch_of(settings: Settings, kept: Records, work: DbosWork, clock: Callable[[], float], meters: Meters) -> Watch | None:
    apps, channels = names(settings.slack_page_apps), names(settings.slack_page_channels)
    return Watch(frozenset(apps), frozenset(channels), kept.intake, work, clock, meters.paged) if apps else None
