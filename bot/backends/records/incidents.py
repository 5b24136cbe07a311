"""Reading and writing an incident after its page is in: report, message, people's decisions."""

import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.backends.records import grouping
from bot.backends.records.database import Database, storable
from bot.backends.records.rows import number_of, to_incident, to_row
from bot.backends.records.tables import incidents, votes
from bot.model.incident import Incident, IncidentState, MessageRef, Vote
from bot.model.narration import Narration
from bot.model.report import Report

NOTE_LIMIT = 3_000  # a Slack text input's own limit


class SqlIncidents:
    """Ports Incidents and Decisions, and the lists a console shows."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def get(self, incident_id: str) -> Incident | None:
        async with self._database.reading() as connection:
            return await one(connection, incident_id)

    async def recent(self, limit: int) -> tuple[Incident, ...]:
        """Newest first."""
        async with self._database.reading() as connection:
            rows = await connection.execute(sa.select(incidents).order_by(incidents.c.number.desc()).limit(limit))
            return tuple(to_incident(row) for row in rows.mappings())

    async def save_report(self, incident_id: str, report: Report) -> None:
        """Keep the report; an incident that was resolved meanwhile stays resolved."""
        values = {"report": report.model_dump(mode="json")}
        await self._ended(incident_id, IncidentState.TRIAGED, values)

    async def save_narration(self, incident_id: str, revision: int, narration: Narration) -> bool:
        async with self._database.writing() as connection:
            known = await one(connection, incident_id, to_change=True)
            if known is None or known.report is None or known.triage_revision != revision:
                return False
            report = known.report.model_copy(update={"narration": narration}).model_dump(mode="json")
            mine = incidents.c.number == number_of(incident_id)
            await connection.execute(incidents.update().where(mine).values(report=report, changed_at=self._clock()))
            return True

    async def fail(self, incident_id: str) -> None:
        """Triage itself broke: an older report, if there is one, stays."""
        await self._ended(incident_id, IncidentState.FAILED, {})

    async def _ended(self, incident_id: str, state: IncidentState, values: dict[str, Any]) -> None:
        resolved = incidents.c.state == IncidentState.RESOLVED.value
        kept = sa.case((resolved, incidents.c.state), else_=state.value)
        await self._update(incident_id, values | {"state": kept, "changed_at": self._clock()})

    async def save_message(self, incident_id: str, message: MessageRef) -> None:
        await self._update(incident_id, {"channel": message.channel, "ts": message.ts})

    async def acknowledge(self, incident_id: str, user: str) -> Incident | None:
        """The first to acknowledge stays; None when there is no such incident."""
        values = {"acknowledged_by": sa.func.coalesce(incidents.c.acknowledged_by, storable(user, 200))}
        async with self._database.writing() as connection:
            await connection.execute(incidents.update().where(incidents.c.number == number_of(incident_id)).values(**values))
            return await one(connection, incident_id)

    async def vote(self, vote: Vote) -> Incident | None:
        """Append-only: a person may change their mind, and the newest vote counts. The incident, when "wrong" asks for a new triage."""
        row = {
            "incident": number_of(vote.incident_id),
            "user": storable(vote.user, 200),
            "right": vote.right,
            "cause": storable(vote.cause, 200) if vote.cause is not None else None,
            "note": storable(vote.note, NOTE_LIMIT),
            "at": vote.at.timestamp(),
        }
        async with self._database.writing() as connection:
            known = await one(connection, vote.incident_id, to_change=True)
            if known is None:
                return None
            await connection.execute(votes.insert().values(**row))
            again = known if vote.right else grouping.asked_again(known, vote.at)
            if again == known:
                return None
            changed = to_row(again) | {"changed_at": vote.at.timestamp()}
            await connection.execute(incidents.update().where(incidents.c.number == row["incident"]).values(**changed))
            return again

    async def single_out(self, incident_id: str) -> Incident | None:
        """Out of its storm's digest: it gets a card of its own. None when there is no such incident."""
        await self._update(incident_id, {"digest": None, "shown_revision": 0})
        return await self.get(incident_id)

    async def _update(self, incident_id: str, values: dict[str, Any]) -> None:
        async with self._database.writing() as connection:
            await connection.execute(incidents.update().where(incidents.c.number == number_of(incident_id)).values(**values))


async def one(connection: AsyncConnection, incident_id: str, *, to_change: bool = False) -> Incident | None:
    """`to_change`: nobody else changes it before this transaction ends."""
    query = sa.select(incidents).where(incidents.c.number == number_of(incident_id))
    found = await connection.execute(query.with_for_update() if to_change else query)
    row = found.mappings().first()
    return to_incident(row) if row is not None else None
