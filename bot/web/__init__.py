"""The HTTP door: pages, changes, spans, Slack's events, health, metrics, and a console to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import FastAPI

from bot import __version__
from bot.ports import Incidents
from bot.web import answers, console, health, hooks, metrics, otlp, slack_door
from bot.web.health import Probe
from bot.web.hooks import ChangeDoor, Hooks, PageSource
from bot.web.metrics import Meters
from bot.web.otlp import Decoded, Otlp
from bot.web.proofs import Proofs
from bot.web.rates import of_deliveries, of_refusals

__all__ = ["ChangeDoor", "Decoded", "Doors", "Hooks", "Meters", "Otlp", "PageSource", "Proofs", "of_deliveries", "of_refusals", "web"]


@dataclass(frozen=True)
class Doors:
    """What the root gives to the doors; each door gets only its own."""

    hooks: Hooks
    otlp: Otlp
    incidents: Incidents
    meters: Meters
    console_tokens: Sequence[str] = ()
    ready: Mapping[str, Probe] = field(default_factory=dict)
    slack: slack_door.Handler | None = None  # None: Socket Mode, or no Slack at all


def web(doors: Doors) -> FastAPI:
    """The app. It owns nothing: whoever made its parts closes them."""
    app = FastAPI(title="Midwatch", version=__version__, docs_url=None, redoc_url=None)  # their pages load assets from elsewhere
    answers.install(app, doors.hooks.refusals)
    app.include_router(hooks.routes(doors.hooks))
    app.include_router(otlp.routes(doors.otlp))
    app.include_router(health.routes(doors.ready))
    app.include_router(metrics.routes(doors.meters))
    app.include_router(console.routes(doors.incidents, doors.console_tokens))
    if doors.slack is not None:
        app.include_router(slack_door.routes(doors.slack, doors.hooks.limit_bytes))
    return app
