"""What Midwatch cannot see: parts that are not connected, spans that do not come, fields that no span records, back ends that are down."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.errors import MidwatchError
from bot.model.evidence import Interval
from bot.model.incident import Incident
from bot.ports import Changes, Scope, Spans
from bot.wording.figures import counted
from bot.wording.literal import one_line

log = logging.getLogger(__name__)

HOUR_S = 3_600.0
MONTH_S = 30 * 24 * HOUR_S
FRESH_S = 60.0  # seconds that an answer of the span engine counts: the page is made each time somebody opens it
SPANS_S = 5.0  # seconds that somebody waits for the page on account of the span store
REPORTS = 5  # newest triages whose missing fields are told
FIELDS = 6  # missing fields, those that stopped most checks first


@dataclass(frozen=True)
class Connected:
    """What the settings say; it does not change while the service runs."""

    metrics: bool
    runbooks: bool
    without_prompts: tuple[str, ...]  # services whose prompt texts are nowhere
    services: int


class Blind:
    """One line each, the widest gap first. `clock`: epoch seconds."""

    def __init__(self, connected: Connected, spans: Spans, changes: Changes, clock: Callable[[], float]) -> None:
        self._connected = connected
        self._spans = spans
        self._changes = changes
        self._clock = clock
        self._told: tuple[float, tuple[str, ...]] = (float("-inf"), ())

    async def told(self, incidents: Sequence[Incident]) -> tuple[str, ...]:
        """`incidents`: those whose triages may be spoken of to whoever asks, newest first."""
        return (*await self._back_ends(), *_not_connected(self._connected), *_missing(incidents))

    async def _back_ends(self) -> tuple[str, ...]:
        now = self._clock()
        if now - self._told[0] >= FRESH_S:
            self._told = (now, (*await self._of_spans(now), *await self._of_changes(now)))
        return self._told[1]

    async def _of_spans(self, now: float) -> list[str]:
        try:
            async with asyncio.timeout(SPANS_S):
                seen = await self._spans.coverage(Scope(None, Interval(now - HOUR_S, now)))
        except (MidwatchError, TimeoutError) as error:
            log.warning("what the spans cover is not known: %s", error)
            return ["Requests: the span store did not answer"]
        if seen is None or not sum(seen.spans.values()):
            return ["Requests: no span came in during the last hour"]
        return [f"Requests: one in {seen.one_in} traces is read"] if seen.one_in > 1 else []

    async def _of_changes(self, now: float) -> list[str]:
        try:
            known = await self._changes.between(None, Interval(now - MONTH_S, now))
        except MidwatchError as error:
            log.warning("which changes there were is not known: %s", error)
            return ["Changes: the records do not answer"]
        return [] if known else ["Changes: no deploy, flag or prompt edit was reported in thirty days"]


def _not_connected(connected: Connected) -> list[str]:
    found = []
    if not connected.metrics:
        found.append("Metrics: no Prometheus is connected")
    if not connected.services:
        found.append("Services: none is declared, so owners, prompts and own span attributes are unknown")
    if connected.without_prompts:
        names = ", ".join(one_line(name, 40) for name in connected.without_prompts[:5])
        found.append(f"Prompts: no texts of {names}{' and others' if len(connected.without_prompts) > 5 else ''}")
    if not connected.runbooks:
        found.append("Runbooks: there is no shelf")
    return found


def _missing(incidents: Sequence[Incident]) -> list[str]:
    """What the newest triages could not check for, and which back ends did not answer them."""
    reports = [one.report for one in incidents if one.report is not None][:REPORTS]
    fields = Counter(name for name, _ in {(name, row.check) for report in reports for row in report.not_checked for name in row.missing})
    gaps = dict.fromkeys(one_line(gap, 160) for report in reports for gap in report.gaps)
    ranked = sorted(fields, key=lambda name: (-fields[name], name))
    rows = [f"{one_line(name, 80)}: not recorded, {counted(fields[name], 'check')} could not run" for name in ranked[:FIELDS]]
    return [*gaps, *rows]
