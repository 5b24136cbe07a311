"""Pages and change events on their way in, and the guard against taking the same one twice."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.backends.records.batch import Batch, Received
from bot.backends.records.database import Database, short_id
from bot.backends.records.grouping import Policy
from bot.backends.records.tables import changes, deliveries, seen_events
from bot.errors import SourceUnavailable
from bot.model.change import Change
from bot.model.incident import Incident
from bot.model.page import Page

log = logging.getLogger(__name__)

TOGETHER = 100  # pages of one transaction; with more the first of them would wait for the last


async def inserted(database: Database, connection: AsyncConnection, table: sa.Table, row: dict[str, Any]) -> bool:
    """Insert unless the primary key is there already; says whether it was new."""
    insert = sqlite.insert(table) if database.is_sqlite else postgresql.insert(table)
    done = await connection.execute(insert.values(**row).on_conflict_do_nothing())
    return done.rowcount == 1


class SqlIntake:
    """Port Intake, and `first_time` for Slack's event ids."""

    def __init__(self, database: Database, policy: Policy | None = None) -> None:
        self._database = database
        self._policy = policy or Policy()
        self._waiting: deque[tuple[Received, asyncio.Future[Incident | None]]] = deque()
        self._storing: asyncio.Task[None] | None = None

    async def receive(self, page: Page, *, delivery_id: str | None, raw: bytes, received_at: float) -> Incident | None:
        """Store and group; None when this source's delivery was seen before. SourceUnavailable: nothing is stored.

        Returns when it is on disk. Pages that come while others are being written go together into the next transaction.
        """
        stored: asyncio.Future[Incident | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((Received(page, delivery_id, raw, received_at), stored))
        if self._storing is None or self._storing.done():
            self._storing = asyncio.create_task(self._store_waiting())
        return await stored

    async def _store_waiting(self) -> None:
        while self._waiting:
            together = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
            try:
                answers = await self._store([received for received, _ in together])
            except SourceUnavailable as error:
                for _, stored in together:
                    _fail(stored, error)
            except Exception as error:  # one page that cannot be stored must not take the others with it
                await self._one_by_one(together, error)
            else:
                for (_, stored), answer in zip(together, answers, strict=True):
                    if not stored.done():
                        stored.set_result(answer)

    async def _one_by_one(self, together: Sequence[tuple[Received, "asyncio.Future[Incident | None]"]], error: Exception) -> None:
        for received, stored in together:
            if len(together) == 1:
                _fail(stored, error)
                return
            try:
                answer = (await self._store([received]))[0]
            except Exception as own:
                _fail(stored, own)
            else:
                if not stored.done():
                    stored.set_result(answer)

    async def _store(self, received: Sequence[Received]) -> list[Incident | None]:
        def stored(connection: sa.Connection) -> tuple[list[Incident | None], list[tuple[str, str, str]]]:
            batch = Batch(self._database, connection, self._policy)
            return batch.store(received), batch.would

        answers, would = await self._database.write(stored)
        for incident, other, why in would:
            log.info("shadow: %s would be part of %s: %s", incident, other, why, extra={"incident": incident})
        return answers

    async def settled(self) -> None:
        """Until nothing waits to be stored."""
        if self._storing is not None:
            await asyncio.wait({self._storing})

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


def _fail(stored: "asyncio.Future[Incident | None]", error: Exception) -> None:
    if not stored.done():
        stored.set_exception(error)
