"""Pages and change events on their way in, and the guard against taking the same one twice."""

import hashlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.backends.records import grouping
from bot.backends.records.database import Database, short_id
from bot.backends.records.rows import hash_of, to_incident, to_row
from bot.backends.records.tables import changes, deliveries, incidents, pages, seen_events
from bot.model.change import Change
from bot.model.incident import Incident
from bot.model.page import Page
from bot.model.value import moment


async def inserted(database: Database, connection: AsyncConnection, table: sa.Table, row: dict[str, Any]) -> bool:
    """Insert unless the primary key is there already; says whether it was new."""
    insert = sqlite.insert(table) if database.is_sqlite else postgresql.insert(table)
    done = await connection.execute(insert.values(**row).on_conflict_do_nothing())
    return done.rowcount == 1


class SqlIntake:
    """Port Intake, and `first_time` for Slack's event ids."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def receive(self, page: Page, *, delivery_id: str | None, raw: bytes, received_at: float) -> Incident | None:
        """Store and group in one transaction; None when this source's delivery was seen before. SourceUnavailable: nothing is stored."""
        async with self._database.writing() as connection:
            delivery = short_id(delivery_id) if delivery_id else None
            if delivery is not None:
                row = {"source": page.source, "delivery_id": delivery, "received_at": received_at}
                if not await inserted(self._database, connection, deliveries, row):
                    return None
            await self._database.only_one(connection, grouping.key_of(page))
            incident = await self._grouped(connection, page, received_at)
            await connection.execute(
                pages.insert().values(
                    incident=int(incident.id.removeprefix("INC-")),
                    source=page.source,
                    delivery_id=delivery,
                    received_at=received_at,
                    page=page.model_dump(mode="json"),
                    raw_sha256=hashlib.sha256(raw).hexdigest(),
                    raw_bytes=len(raw),
                )
            )
        return incident

    async def _grouped(self, connection: AsyncConnection, page: Page, received_at: float) -> Incident:
        of_key = sa.select(incidents).where(incidents.c.key_hash == hash_of(grouping.key_of(page)))
        newest = (await connection.execute(of_key.order_by(incidents.c.number.desc()).limit(1))).mappings().first()
        at = moment(received_at)
        known = to_incident(newest) if newest is not None else None
        joined = grouping.joined(known, page, at) if known is not None else None
        if joined is None:
            row = to_row(grouping.opened(page, at)) | {"changed_at": received_at}
            number = (await connection.execute(incidents.insert().values(**row).returning(incidents.c.number))).scalar_one()
            stored = sa.select(incidents).where(incidents.c.number == number)
            return to_incident((await connection.execute(stored)).mappings().one())
        assert newest is not None
        if joined != known:
            row = to_row(joined)
            if known is None or joined.revision != known.revision:  # a storm of repeats must not make a card look fresh
                row |= {"changed_at": received_at}
            await connection.execute(incidents.update().where(incidents.c.number == newest["number"]).values(**row))
        return joined

    async def add_change(self, change: Change) -> bool:
        ends = (change.rollout.end if change.rollout else None) or change.time
        row = {
            "id": short_id(change.id),
            "time": change.time.timestamp(),
            "until": max(ends, change.time).timestamp(),
            "service": change.scope.service,
            "change": change.model_dump(mode="json", by_alias=True),
        }
        async with self._database.writing() as connection:
            return await inserted(self._database, connection, changes, row)

    async def first_time(self, event_id: str, at: float) -> bool:
        """Whether this Slack event was never seen; remembers it. Slack delivers at least once, for up to a day."""
        async with self._database.writing() as connection:
            return await inserted(self._database, connection, seen_events, {"event_id": short_id(event_id), "at": at})

    async def forget(self, before: float) -> int:
        """Drop delivery and event ids older than `before` (epoch seconds): nobody redelivers them any more."""
        async with self._database.writing() as connection:
            gone = await connection.execute(deliveries.delete().where(deliveries.c.received_at < before))
            gone_too = await connection.execute(seen_events.delete().where(seen_events.c.at < before))
        return gone.rowcount + gone_too.rowcount
