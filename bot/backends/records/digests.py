"""The one message of a storm: who may post or edit it, which incidents it tells of, and which digests are behind."""

from typing import Any

import sqlalchemy as sa

from bot.backends.records.database import Database
from bot.backends.records.rows import number_of, to_incident
from bot.backends.records.tables import digests, incidents
from bot.model.incident import Digest, Incident, MessageRef
from bot.model.value import moment

MOST_TOLD = 500  # incidents read for one digest, the newest; the message names twenty and counts the others


class SqlDigests:
    """Port Digests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_digest(self, number: int, holder: str, now: float, until: float) -> tuple[Digest, tuple[Incident, ...]] | None:
        """The digest and its incidents, newest first, with the sole right to show it until `until`; None while another has it."""
        free = sa.or_(digests.c.holder.is_(None), digests.c.holder == holder, digests.c.until < now)
        claim = digests.update().where(digests.c.number == number, free).values(holder=holder, until=until)
        told = sa.select(incidents).where(incidents.c.digest == number).order_by(incidents.c.number.desc()).limit(MOST_TOLD)
        async with self._database.writing() as connection:
            if (await connection.execute(claim)).rowcount != 1:
                return None
            row = (await connection.execute(sa.select(digests).where(digests.c.number == number))).mappings().one()
            found = tuple(to_incident(row) for row in (await connection.execute(told)).mappings())
        message = MessageRef(channel=row["channel"], ts=row["ts"]) if row["ts"] is not None else None
        return Digest(number=number, opened_at=moment(row["opened_at"]), message=message), found

    async def give_back_digest(self, number: int, told: tuple[Incident, ...], message: MessageRef, holder: str, at: float) -> None:
        """The digest says what `told` says, under `message`."""
        mine = digests.update().where(digests.c.number == number, digests.c.holder == holder)
        values = {"channel": message.channel, "ts": message.ts, "shown_at": at, "holder": None}
        shown = incidents.update().where(incidents.c.number == sa.bindparam("of_number"), incidents.c.digest == number)
        shown = shown.values(shown_revision=sa.bindparam("revision_"), shown_alerts=sa.bindparam("alerts_"), shown_at=at)
        rows: list[dict[str, Any]] = [{"of_number": number_of(one.id), "revision_": one.revision, "alerts_": one.alerts} for one in told]
        async with self._database.writing() as connection:
            await connection.execute(mine.values(**values))
            if rows:
                await connection.execute(shown, rows)

    async def drop_digest(self, number: int, holder: str) -> None:
        """Give the right back without having shown anything."""
        mine = digests.update().where(digests.c.number == number, digests.c.holder == holder)
        async with self._database.writing() as connection:
            await connection.execute(mine.values(holder=None))

    async def digests_behind(self, shown_before: float) -> tuple[int, ...]:
        """Those that lack something and were last shown before `shown_before`, sorted."""
        lacking = sa.or_(incidents.c.shown_revision < incidents.c.revision, incidents.c.changed_at > digests.c.shown_at)
        query = sa.select(digests.c.number).join(incidents, incidents.c.digest == digests.c.number)
        query = query.where(lacking, digests.c.shown_at < shown_before).distinct().order_by(digests.c.number)
        async with self._database.reading() as connection:
            return tuple(await connection.scalars(query))
