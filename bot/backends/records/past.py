"""What happened before, for triage: change events, and earlier incidents whose cause a person confirmed."""

import sqlalchemy as sa

from bot.backends.records.database import Database
from bot.backends.records.tables import changes, incidents, votes
from bot.model.change import Change
from bot.model.evidence import Interval, Past

MOST_CHANGES = 1_000  # a window with more is a broken sender; the newest are kept
MOST_PAST = 200  # a service's recall needs its recent incidents, not its whole life


class SqlPast:
    """Ports Changes and History."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def between(self, service: str | None, interval: Interval) -> tuple[Change, ...] | None:
        """Changes that touch the half-open interval, oldest first; None when nobody ever sent a change: not collected.

        Those of other services are among them: people ask what was deployed anywhere, and want to read why it is not the cause.
        """
        touching = sa.select(changes.c.change).where(changes.c.time < interval.end, changes.c.until >= interval.start)
        newest = touching.order_by(changes.c.time.desc(), changes.c.id.desc()).limit(MOST_CHANGES)
        async with self._database.reading() as connection:
            rows = list(await connection.scalars(newest))
            if not rows and await connection.scalar(sa.select(changes.c.id).limit(1)) is None:
                return None
        return tuple(Change.model_validate(row) for row in reversed(rows))

    async def incidents(self, service: str | None, before: float) -> tuple[Past, ...] | None:
        """Resolved incidents whose cause a person confirmed or corrected, oldest first. A verdict nobody looked at is no history."""
        newest_vote = sa.select(sa.func.max(votes.c.number)).group_by(votes.c.incident)
        closed = (
            sa.select(incidents.c.resolved_at, incidents.c.report, votes.c.right, votes.c.cause)
            .join(votes, votes.c.incident == incidents.c.number)
            .where(votes.c.number.in_(newest_vote), incidents.c.resolved_at < before)
            .order_by(incidents.c.resolved_at.desc(), incidents.c.number.desc())
            .limit(MOST_PAST)
        )
        if service is not None:
            closed = closed.where(incidents.c.service == service)
        async with self._database.reading() as connection:
            rows = (await connection.execute(closed)).all()
        told = [(row.resolved_at, (row.report or {}).get("cause") if row.right else row.cause) for row in reversed(rows)]
        return tuple(Past(at, cause, cause.split(".")[0]) for at, cause in told if cause)
