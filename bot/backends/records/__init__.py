"""State on SQLite or PostgreSQL: what came in, what was said about it, and what people decided."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.backends.records.audit import SqlAudit
from bot.backends.records.cards import SqlCards
from bot.backends.records.database import database
from bot.backends.records.digests import SqlDigests
from bot.backends.records.drills import SqlDrills
from bot.backends.records.grouping import Policy
from bot.backends.records.incidents import SqlIncidents
from bot.backends.records.intake import SqlIntake
from bot.backends.records.marks import SqlMarks
from bot.backends.records.outcomes import SqlOutcomes
from bot.backends.records.past import SqlPast
from bot.backends.records.readiness import SqlReadiness


@dataclass(frozen=True)
class Records:
    """`intake`: port Intake. `incidents`: Incidents, Decisions. `past`: Changes, History. `cards`: Cards, Workers. `audit`: Audit.

    `digests`: Digests. `marks`: Marks. `drills`: DrillBook. `readiness`: DrillLedger, ReadinessBook. `outcomes`: Outcomes, PagesTaken.
    """

    intake: SqlIntake
    incidents: SqlIncidents
    past: SqlPast
    cards: SqlCards
    audit: SqlAudit
    digests: SqlDigests
    marks: SqlMarks
    drills: SqlDrills
    readiness: SqlReadiness
    outcomes: SqlOutcomes


@asynccontextmanager
async def records(url: str, policy: Policy | None = None) -> AsyncIterator[Records]:
    """Open the database at an async SQLAlchemy URL, migrated; SourceUnavailable when it does not answer."""
    async with database(url) as opened:
        intake = SqlIntake(opened, policy)
        try:
            yield Records(
                intake,
                SqlIncidents(opened),
                SqlPast(opened),
                SqlCards(opened),
                SqlAudit(opened),
                SqlDigests(opened),
                SqlMarks(opened),
                SqlDrills(opened),
                SqlReadiness(opened),
                SqlOutcomes(opened),
            )
        finally:
            await intake.settled()
