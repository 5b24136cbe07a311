"""What a stored incident is asked about: its report, its runbook, and its evidence, read again from the span engine when it is needed."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable

from bot.backends.playbooks import Services
from bot.chat.case import Case
from bot.errors import MidwatchError
from bot.model.evidence import Evidence
from bot.model.incident import Incident
from bot.model.runbook import Runbook
from bot.triage import Triage

log = logging.getLogger(__name__)

KEPT = 4  # incidents whose evidence stays at hand: frames of some tens of megabytes each


class Cases:
    """`runbook` finds one by id. Evidence that cannot be read again is left out: the report's own findings still answer."""

    def __init__(self, triage: Triage, known: Services, runbook: Callable[[str], Runbook | None]) -> None:
        self._triage = triage
        self._known = known
        self._runbook = runbook
        self._read: OrderedDict[tuple[str, int], Evidence] = OrderedDict()

    async def of(self, incident: Incident, groups: frozenset[str]) -> Case | None:
        """None while there is no report. `groups`: those of who asks, for runbooks that are kept to some."""
        if incident.report is None:
            return None
        found = self._runbook(incident.report.runbooks[0].id) if incident.report.runbooks else None
        withheld = found is not None and bool(found.groups) and not groups & set(found.groups)
        service = self._known.declared(incident.page)
        declared = next((one for one in self._known.all if one.name == service), None)
        return Case(
            report=incident.report,
            page=incident.page,
            now=incident.paged_at or incident.opened_at,
            service=service or incident.service,
            evidence=await self._evidence(incident, service),
            runbook=None if withheld else found,
            withheld=withheld,
            incident_id=incident.id,
            acknowledged_by=incident.acknowledged_by,
            owner=declared.owner if declared is not None else None,
        )

    async def _evidence(self, incident: Incident, service: str | None) -> Evidence | None:
        key = (incident.id, incident.triage_revision)
        if key not in self._read:
            paged = incident.paged_at or incident.opened_at
            try:
                self._read[key] = await self._triage.evidence(incident.page, paged.timestamp(), service)
            except MidwatchError as error:
                log.warning("the evidence of %s cannot be read again: %s", incident.id, error)
                return None
            while len(self._read) > KEPT:
                self._read.popitem(last=False)
        self._read.move_to_end(key)
        return self._read[key]
