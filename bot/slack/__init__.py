"""The Slack door: incidents are shown there, and what people press comes in."""

from collections.abc import Callable
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp

from bot.ports import SeenEvents
from bot.slack import agent, chat, drill, events, home, incident, pages, shortcut, storm, trouble
from bot.slack.bolt import bolt_app, http_handler, socket_mode
from bot.slack.chart import draw
from bot.slack.chat import Chat
from bot.slack.client import web_client
from bot.slack.drill import Lesson, Play
from bot.slack.home import Home
from bot.slack.incident import Desk
from bot.slack.pages import Watch
from bot.slack.people import Gate, Members, UserGroups
from bot.slack.shortcut import Shortcut
from bot.slack.surface import SlackSurface

__all__ = [
    "Chat", "Desk", "Flows", "Gate", "Home", "Lesson", "Members", "Play", "Shortcut", "SlackSurface", "UserGroups", "Watch", "bolt_app",
    "draw", "http_handler", "register", "socket_mode", "web_client",
]  # fmt: skip


@dataclass(frozen=True)
class Flows:
    """What the root gives to the listeners; `lost` is told when the app loses its token."""

    desk: Desk
    seen: SeenEvents
    lost: Callable[[str], None]
    watch: Watch | None = None  # None: no app's messages are pages
    play: Play | None = None  # None: no drills
    chat: Chat | None = None  # None: nobody is answered
    home: Home | None = None  # None: the home tab stays empty
    shortcut: Shortcut | None = None  # None: no message becomes a page by hand


def register(bolt: AsyncApp, flows: Flows) -> None:
    """The list of flows, in the order in which Bolt asks them."""
    trouble.install(bolt)
    if flows.watch is not None:
        pages.register(bolt, flows.watch)
    missing = chat.Answers(flows.chat).missing if flows.chat is not None else None
    events.register(bolt, flows.seen, flows.desk.clock, flows.lost, missing)
    incident.register(bolt, flows.desk)
    storm.register(bolt, flows.desk.decisions, flows.desk.gate, flows.desk.show)
    if flows.play is not None:
        drill.register(bolt, flows.play)
    if flows.chat is not None:
        agent.register(bolt, flows.chat)
        chat.register(bolt, flows.chat)
    if flows.home is not None:
        home.register(bolt, flows.home)
    if flows.shortcut is not None:
        shortcut.register(bolt, flows.shortcut)
    pages.leave_the_rest(bolt)
