"""Whose turn it is to post or edit an incident's card, what the card says now, and which cards are behind."""

from typing import Any

import sqlalchemy as sa

from bot.backends.records.database import Database, short_id
from bot.backends.records.incidents import one
from bot.backends.records.intake import inserted
from bot.backends.records.rows import number_of, to_incident
from bot.backends.records.tables import digests, incidents, workers
from bot.model.incident import Incident

MOST_BEHIND = 200  # one sweep's worth; the next sweep takes the rest


class SqlCards:
    """Ports Cards and Workers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, incident_id: str, holder: str, now: float, until: float) -> Incident | None:
        """The incident as it is now, and the right to show it until `until`; None while another worker has that right."""
        free = sa.or_(incidents.c.card_holder.is_(None), incidents.c.card_holder == holder, incidents.c.card_until < now)
        claim = incidents.update().where(incidents.c.number == number_of(incident_id), free)
        async with self._database.writing() as connection:
            claimed = await connection.execute(claim.values(card_holder=holder, card_until=until))
            return await one(connection, incident_id) if claimed.rowcount == 1 else None

    async def give_back(self, shown: Incident, holder: str, at: float) -> None:
        """The card says what `shown` says, under `shown.message`; others may have it."""
        mine = incidents.update().where(incidents.c.number == number_of(shown.id), incidents.c.card_holder == holder)
        values: dict[str, Any] = {"shown_revision": shown.revision, "shown_alerts": shown.alerts, "shown_at": at, "card_holder": None}
        if shown.message is not None:
            values |= {"channel": shown.message.channel, "ts": shown.message.ts}
        async with self._database.writing() as connection:
            await connection.execute(mine.values(**values))

    async def drop(self, incident_id: str, holder: str) -> None:
        """Give the right back without having shown anything."""
        mine = incidents.update().where(incidents.c.number == number_of(incident_id), incidents.c.card_holder == holder)
        async with self._database.writing() as connection:
            await connection.execute(mine.values(card_holder=None))

    async def free(self, holder: str) -> None:
        """Take all cards from a holder that died."""
        async with self._database.writing() as connection:
            await connection.execute(incidents.update().where(incidents.c.card_holder == holder).values(card_holder=None))
            await connection.execute(digests.update().where(digests.c.holder == holder).values(holder=None))

    async def behind(self, changed_before: float, shown_before: float, now: float | None = None) -> tuple[Incident, ...]:
        """Cards that lack a revision which came before `changed_before`, or alerts while last edited before `shown_before`.

        What comes and goes is edited as seldom as a count. What maintenance keeps quiet is not behind before `now` is after it.
        """
        seldom = sa.and_(incidents.c.flapping, incidents.c.triage_revision <= incidents.c.shown_revision)
        due = sa.and_(incidents.c.changed_at < changed_before, sa.or_(sa.not_(seldom), incidents.c.shown_at < shown_before))
        lacks_revision = sa.and_(incidents.c.shown_revision < incidents.c.revision, due)
        was_shown = sa.and_(incidents.c.shown_revision > 0, incidents.c.shown_at < shown_before)
        lacks_alerts = sa.and_(incidents.c.shown_alerts < incidents.c.alerts, was_shown)
        unfinished = sa.and_(incidents.c.state == "triaging", incidents.c.changed_at < changed_before)
        lacking = sa.or_(lacks_revision, lacks_alerts, unfinished)
        never_shown = sa.and_(incidents.c.alerts == 0, incidents.c.triage_revision == 0)  # a resolve of something never seen
        quiet = sa.and_(  # and what was over before the maintenance was has nothing to tell
            incidents.c.quiet_until.is_not(None),
            sa.or_(incidents.c.quiet_until > (now or 0.0), incidents.c.resolved_at.is_not(None)),
            incidents.c.shown_revision == 0,
        )
        query = sa.select(incidents).where(lacking, sa.not_(never_shown), sa.not_(quiet)).order_by(incidents.c.number).limit(MOST_BEHIND)
        async with self._database.reading() as connection:
            return tuple(to_incident(row) for row in (await connection.execute(query)).mappings())

    async def waiting(self, now: float) -> tuple[int, float]:
        """How many incidents wait for the end of their triage, and for how many seconds the oldest does; those of maintenance do not."""
        quiet = sa.and_(incidents.c.quiet_until.is_not(None), incidents.c.quiet_until > now)
        query = sa.select(sa.func.count(), sa.func.min(incidents.c.asked_at)).where(incidents.c.state == "triaging", sa.not_(quiet))
        async with self._database.reading() as connection:
            count, oldest = (await connection.execute(query)).one()
        return count, max(0.0, now - oldest) if oldest is not None else 0.0

    async def attached(self, incident_id: str) -> int:
        """The newest revision whose evidence is in the thread; 0 for none."""
        async with self._database.reading() as connection:
            query = sa.select(incidents.c.attached_revision).where(incidents.c.number == number_of(incident_id))
            return await connection.scalar(query) or 0

    async def mark_attached(self, incident_id: str, revision: int) -> None:
        older = incidents.update().where(incidents.c.number == number_of(incident_id), incidents.c.attached_revision < revision)
        async with self._database.writing() as connection:
            await connection.execute(older.values(attached_revision=revision))

    async def beat(self, worker: str, at: float) -> None:
        """This worker is alive."""
        async with self._database.writing() as connection:
            if not await inserted(self._database, connection, workers, {"id": short_id(worker), "beat_at": at}):
                await connection.execute(workers.update().where(workers.c.id == short_id(worker)).values(beat_at=at))

    async def silent(self, before: float) -> tuple[str, ...]:
        """Workers whose last beat is older than `before`, sorted."""
        async with self._database.reading() as connection:
            rows = await connection.scalars(sa.select(workers.c.id).where(workers.c.beat_at < before).order_by(workers.c.id))
            return tuple(rows)

    async def bury(self, worker: str) -> None:
        """Forget a dead worker that left nothing behind; one that was only slow comes back with its next beat."""
        async with self._database.writing() as connection:
            await connection.execute(workers.delete().where(workers.c.id == short_id(worker)))
