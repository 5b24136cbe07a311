"""What happens with one revision of an incident, step by step: announce, triage, show, attach, and narrate where that is wanted.

Each step may be run again after a crash. The engine underneath (DBOS, or plain tasks in tests) decides when.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bot.backends.card import CardKeeper, Watch
from bot.errors import Refused, SourceUnavailable
from bot.model.incident import Incident, Progress
from bot.model.report import Report
from bot.ports import Cards, Incidents, Narrate, Picture, Surface

log = logging.getLogger(__name__)

AT_ONCE = 2  # triages that compute at the same time: the machine we build for has two cores
TRIAGE_DEADLINE_S = 180.0  # a triage takes seconds; one that takes minutes will not end
WAITS_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # a minute of a surface that is down; the sweep goes on after that

Step = Callable[[str, Callable[[], Awaitable[str]]], Awaitable[str]]
"""Runs a named step durably and gives its result, from memory when the step was finished before a crash."""


class Diagnose(Protocol):
    """A triage as the composition root wires it."""

    async def __call__(self, incident: Incident, progress: Callable[[Progress], Awaitable[None]]) -> Report: ...


@dataclass(frozen=True)
class Crew:
    """Who the walk works with. `draw` makes the chart of a report; None when there is nothing to draw."""

    incidents: Incidents
    cards: Cards
    surface: Surface
    diagnose: Diagnose
    draw: Callable[[Incident], Picture | None] | None = None
    narrate: Narrate | None = None  # words for a report that people read already; None = templates alone
    announced: Callable[[Incident], None] | None = None  # told of each incident's first message
    triaged: Callable[[str, float], None] | None = None  # told the outcome and the seconds of each triage
    waiting: Callable[[int, float], None] | None = None  # told every few seconds how many wait, and for how long the oldest


class Walk:
    def __init__(self, crew: Crew, keeper: CardKeeper, waits_s: tuple[float, ...] = WAITS_S) -> None:
        self._crew = crew
        self._keeper = keeper
        self._waits_s = waits_s
        self._places = asyncio.Semaphore(AT_ONCE)

    async def go(self, incident_id: str, revision: int, step: Step) -> None:
        """Decisions hang on the results of steps only, so that a second run takes the same way."""
        asked = await step("announce", lambda: self._announce(incident_id, revision))
        if asked == "nothing":
            return
        if asked == "triage":
            outcome = await step("triage", lambda: self._triage(incident_id, revision))
            if outcome == "overtaken":
                return
        await step("show", lambda: self._show(incident_id))
        if asked == "triage":
            await step("attach", lambda: self._attach(incident_id, revision))
            if self._crew.narrate is not None:  # last, so that a workflow begun without it ends the same way
                await step("narrate", lambda: self._narrate(incident_id, revision))

    async def _announce(self, incident_id: str, revision: int) -> str:
        """Say at once that the page is in hand. A surface that is down must not keep the triage waiting."""
        incident = await self._crew.incidents.get(incident_id)
        if incident is None or incident.triage_revision == 0 or revision < incident.triage_revision:
            return "nothing"
        if revision > incident.triage_revision:
            return "card"
        try:
            await self._keeper.show(incident_id)
        except (SourceUnavailable, Refused) as error:
            log.warning("%s could not be announced: %s", incident_id, error, extra={"incident": incident_id})
        else:
            if self._crew.announced is not None and incident.message is None:
                self._crew.announced(incident)
        return "triage"

    async def _triage(self, incident_id: str, revision: int) -> str:
        async with self._places:
            started = asyncio.get_running_loop().time()
            outcome = await self._diagnosed(incident_id, revision)
        if self._crew.triaged is not None:
            self._crew.triaged(outcome, asyncio.get_running_loop().time() - started)
        return outcome

    async def _diagnosed(self, incident_id: str, revision: int) -> str:
        incident = await self._crew.incidents.get(incident_id)
        if incident is None or incident.triage_revision > revision:
            return "overtaken"
        report: Report | None = None
        async with Watch(self._keeper, incident_id) as watch:
            try:
                async with asyncio.timeout(TRIAGE_DEADLINE_S):
                    report = await self._crew.diagnose(incident, watch.note)
            except Exception:  # whatever broke inside, people must be told, and the page is kept
                log.exception("the triage of %s broke", incident_id, extra={"incident": incident_id})
        newest = await self._crew.incidents.get(incident_id)
        if newest is None or newest.triage_revision > revision:
            return "overtaken"
        if report is None:
            await self._crew.incidents.fail(incident_id)
            return "failed"
        await self._crew.incidents.save_report(incident_id, report)
        return report.verdict.value

    async def _show(self, incident_id: str) -> str:
        """Show the card, patiently. When the surface stays down the card is left behind, and the sweep takes it up."""
        for wait_s in (*self._waits_s, None):
            try:
                await self._keeper.show(incident_id)
            except Refused:
                log.exception("the card of %s was refused for good", incident_id, extra={"incident": incident_id})
                return "refused"
            except SourceUnavailable as error:
                log.warning("the card of %s is not shown yet: %s", incident_id, error, extra={"incident": incident_id})
                if wait_s is not None:
                    await asyncio.sleep(max(wait_s, min(error.retry_after or 0.0, max(self._waits_s))))
            else:
                return "shown"
        return "behind"

    async def _attach(self, incident_id: str, revision: int) -> str:
        """Evidence and chart into the thread. A verdict without its chart is still a verdict: one that fails is logged and left."""
        incident = await self._crew.incidents.get(incident_id)
        if incident is None or incident.report is None or incident.message is None:
            return "nothing"
        if await self._crew.cards.attached(incident_id) >= revision:
            return "attached"
        try:
            picture = await asyncio.to_thread(self._crew.draw, incident) if self._crew.draw is not None else None
            await self._crew.surface.attach(incident, picture)
        except Exception:
            log.exception("the evidence of %s could not be attached", incident_id, extra={"incident": incident_id})
            return "failed"
        await self._crew.cards.mark_attached(incident_id, revision)
        return "attached"

    async def _narrate(self, incident_id: str, revision: int) -> str:
        """A paragraph on a card that stands complete without it: whatever fails is logged and left."""
        incident = await self._crew.incidents.get(incident_id)
        if incident is None or incident.report is None or incident.triage_revision > revision or self._crew.narrate is None:
            return "nothing"
        if incident.report.narration is not None:
            return "told"
        try:
            told = await self._crew.narrate(incident.report, incident.page.starts_at or incident.opened_at)
            if told is None or not await self._crew.incidents.save_narration(incident_id, revision, told):
                return "template"
            await self._keeper.show(incident_id)
        except Exception:
            log.exception("the narration of %s could not be shown", incident_id, extra={"incident": incident_id})
            return "failed"
        return "told"
