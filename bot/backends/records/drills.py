"""Drills while they are played: who asked what, and what they answered; disputes about marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from pydantic import JsonValue

from bot.backends.records.database import Database, short_id, storable
from bot.backends.records.intake import inserted
from bot.backends.records.tables_drills import drill_disputes, drill_sittings, drills
from bot.model.drill import Dispute, OpenDrill, Sitting
from bot.model.incident import MessageRef
from bot.model.value import moment

SAID = 2_000  # characters of what somebody says about a mark
MOST_WAITING = 200  # of one sweep; the next one takes the rest


class SqlDrills:
    """Port DrillBook."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, drill: OpenDrill) -> OpenDrill:
        row = {
            "id": short_id(drill.id),
            "scenario": drill.scenario,
            "seed": drill.seed,
            "channel": drill.channel,
            "people": list(drill.people),
            "opened_at": drill.opened_at.timestamp(),
        }
        async with self._database.writing() as connection:
            await inserted(self._database, connection, drills, row)
            found = (await connection.execute(sa.select(drills).where(drills.c.id == row["id"]))).mappings().one()
        return _drill(found)

    async def get(self, drill_id: str) -> OpenDrill | None:
        async with self._database.reading() as connection:
            found = (await connection.execute(sa.select(drills).where(drills.c.id == short_id(drill_id)))).mappings().first()
        return _drill(found) if found is not None else None

    async def placed(self, drill_id: str, message: MessageRef) -> None:
        this = drills.update().where(drills.c.id == short_id(drill_id))
        async with self._database.writing() as connection:
            await connection.execute(this.values(message_channel=message.channel, ts=message.ts))

    async def close(self, drill_id: str, at: float) -> bool:
        still_open = drills.update().where(drills.c.id == short_id(drill_id), drills.c.closed_at.is_(None))
        async with self._database.writing() as connection:
            return (await connection.execute(still_open.values(closed_at=at))).rowcount == 1

    async def sit(self, drill_id: str, participant: str, at: float) -> Sitting:
        row = {"drill": short_id(drill_id), "participant": short_id(participant), "begun_at": at, "asked": [], "hints": 0, "told": False}
        async with self._database.writing() as connection:
            await inserted(self._database, connection, drill_sittings, row)
            found = (await connection.execute(sa.select(drill_sittings).where(*_this(drill_id, participant)))).mappings().one()
        return _sitting(found)

    async def asked(self, drill_id: str, participant: str, topic: str) -> None:
        async with self._database.writing() as connection:
            topics = list(await connection.scalar(_locked(drill_sittings.c.asked, drill_id, participant)) or ())
            await connection.execute(_change(drill_id, participant).values(asked=[*topics, topic][-200:]))

    async def hinted(self, drill_id: str, participant: str, most: int) -> int:
        async with self._database.writing() as connection:
            used = int(await connection.scalar(_locked(drill_sittings.c.hints, drill_id, participant)) or 0)
            now = min(used + 1, most)
            await connection.execute(_change(drill_id, participant).values(hints=now))
        return now

    async def answered(self, drill_id: str, participant: str, answers: Mapping[str, JsonValue], at: float) -> bool:
        first = _change(drill_id, participant).where(drill_sittings.c.answered_at.is_(None))
        async with self._database.writing() as connection:
            return (await connection.execute(first.values(answers=dict(answers), answered_at=at))).rowcount == 1

    async def sittings(self, drill_id: str) -> tuple[Sitting, ...]:
        wanted = sa.select(drill_sittings).where(drill_sittings.c.drill == short_id(drill_id)).order_by(drill_sittings.c.participant)
        async with self._database.reading() as connection:
            return tuple(_sitting(row) for row in (await connection.execute(wanted)).mappings())

    async def waiting(self) -> tuple[Sitting, ...]:
        done = drill_sittings.c.answered_at
        wanted = sa.select(drill_sittings).where(done.is_not(None), drill_sittings.c.told.is_(False))
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted.order_by(done, drill_sittings.c.participant).limit(MOST_WAITING))).mappings()
            return tuple(_sitting(row) for row in rows)

    async def told(self, drill_id: str, participant: str) -> None:
        async with self._database.writing() as connection:
            await connection.execute(_change(drill_id, participant).values(told=True))

    async def dispute(self, drill_id: str, participant: str, said: str, at: float) -> int | None:
        row = {"drill": short_id(drill_id), "participant": short_id(participant), "said": storable(said, SAID), "at": at}
        async with self._database.writing() as connection:
            if not await inserted(self._database, connection, drill_disputes, row):
                return None
            this = sa.select(drill_disputes.c.number).where(
                drill_disputes.c.drill == row["drill"], drill_disputes.c.participant == row["participant"]
            )
            return int(await connection.scalar(this) or 0)

    async def disputes(self) -> tuple[Dispute, ...]:
        wanted = sa.select(drill_disputes).where(drill_disputes.c.decided_at.is_(None)).order_by(drill_disputes.c.number)
        async with self._database.reading() as connection:
            return tuple(_dispute(row) for row in (await connection.execute(wanted)).mappings())

    async def decide(self, number: int, by: str, decision: str, score: float | None, at: float) -> Dispute | None:
        others = (drill_disputes.c.number == number, drill_disputes.c.decided_at.is_(None), drill_disputes.c.participant != short_id(by))
        values = {"decided_by": short_id(by), "decision": storable(decision, SAID), "score": score, "decided_at": at}
        async with self._database.writing() as connection:
            done = await connection.execute(drill_disputes.update().where(*others).values(**values))
            if done.rowcount != 1:
                return None
            return _dispute((await connection.execute(sa.select(drill_disputes).where(drill_disputes.c.number == number))).mappings().one())


def _this(drill_id: str, participant: str) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return drill_sittings.c.drill == short_id(drill_id), drill_sittings.c.participant == short_id(participant)


def _change(drill_id: str, participant: str) -> sa.Update:
    return drill_sittings.update().where(*_this(drill_id, participant))


def _locked(column: sa.Column[Any], drill_id: str, participant: str) -> sa.Select[Any]:
    """Read for a change that follows in the same transaction; two clicks at once must not lose one."""
    return sa.select(column).where(*_this(drill_id, participant)).with_for_update()


def _drill(row: sa.RowMapping) -> OpenDrill:
    return OpenDrill(
        id=row["id"],
        scenario=row["scenario"],
        seed=row["seed"],
        channel=row["channel"],
        message=MessageRef(channel=row["message_channel"], ts=row["ts"]) if row["ts"] is not None else None,
        people=tuple(row["people"]),
        opened_at=moment(row["opened_at"]),
        closed_at=_when(row["closed_at"]),
    )


def _sitting(row: sa.RowMapping) -> Sitting:
    return Sitting(
        drill=row["drill"],
        participant=row["participant"],
        begun_at=moment(row["begun_at"]),
        asked=tuple(row["asked"]),
        hints=row["hints"],
        answers=row["answers"],
        answered_at=_when(row["answered_at"]),
        told=row["told"],
    )


def _dispute(row: sa.RowMapping) -> Dispute:
    return Dispute(
        number=row["number"],
        drill=row["drill"],
        participant=row["participant"],
        said=row["said"],
        at=moment(row["at"]),
        decided_by=row["decided_by"],
        decision=row["decision"],
        decided_at=_when(row["decided_at"]),
        score=row["score"],
    )


def _when(at: float | None) -> Any:
    return moment(at) if at is not None else None
