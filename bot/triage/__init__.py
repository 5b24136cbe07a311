"""Triage: a page in, a report out. It never hears of Slack, and does not know whether it is a drill."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from bot import __version__
from bot.checks import load
from bot.engine.check import Check
from bot.model.evidence import Evidence
from bot.model.incident import Progress
from bot.model.page import Page
from bot.model.report import Report
from bot.triage import gather, window
from bot.triage.graph import Context, build
from bot.triage.state import Asked, Sources, State

Watch = Callable[[Progress], Awaitable[None]]

CHECKS_AT_ONCE = 2  # threads that compute; more only wait for each other, and whoever takes a page meanwhile waits behind all of them

__all__ = ["Sources", "Triage"]


class Triage:
    """Holds the compiled graph, the checks and the ports."""

    def __init__(self, sources: Sources, checks: Sequence[Check] | None = None) -> None:
        self._sources = sources
        self._checks = tuple(checks) if checks is not None else load()
        self._graph = build()

    async def run(
        self,
        page: Page,
        now: float,
        service: str | None = None,
        progress: Watch | None = None,
        input_hash: str = "",
        gaps: tuple[str, ...] = (),
    ) -> Report:
        """`now`: epoch seconds, the only clock a triage knows; `service`: the paged service.name, where an operator stated it (what the
        page calls it is read anyway); `gaps`: what the caller knows to be missing from the sources, in words."""
        return (await self.walk(page, now, service, progress, input_hash, gaps))["report"]

    async def evidence(self, page: Page, now: float, service: str | None = None) -> Evidence:
        """What a triage looks at, gathered and cut anew without any check: for questions that come later."""
        asked = Asked(page, now, service or page.service, "", config_hash(self._checks), stated=service is not None)
        gathered, _ = await gather.gather(asked, self._sources)
        _, evidence, _ = await asyncio.to_thread(window.cut, asked, gathered)
        return (await window.with_origins(evidence, gathered, self._sources))[0]

    async def walk(
        self,
        page: Page,
        now: float,
        service: str | None = None,
        progress: Watch | None = None,
        input_hash: str = "",
        gaps: tuple[str, ...] = (),
    ) -> State:
        """As `run`, with what every step found: for whoever wants to know why."""
        asked = Asked(page, now, service or page.service, input_hash, config_hash(self._checks), stated=service is not None)
        context = Context(self._sources, self._checks)
        state: State = {}
        done = 0
        stream = self._graph.astream(
            {"asked": asked, "gaps": gaps},
            {"max_concurrency": CHECKS_AT_ONCE},
            context=context,
            stream_mode=["custom", "values"],
        )
        async for mode, part in stream:
            if mode == "custom" and isinstance(part, Progress):
                done += part.done
                if progress is not None:
                    await progress(part.model_copy(update={"done": done}) if part.done else part)
            elif mode == "values" and isinstance(part, dict):
                state = cast(State, part)
        assert "report" in state, "the graph ends with the report step"
        return state


def config_hash(checks: Sequence[Check]) -> str:
    """Changes whenever a check, a limit or the version does."""
    text = "\n".join(f"{one.slug} {one.prior} {one.limits.model_dump_json()}" for one in checks)
    return hashlib.sha256(f"{__version__}\n{text}".encode()).hexdigest()[:16]
