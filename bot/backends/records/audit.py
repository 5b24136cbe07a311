"""The audit log on the records' database: every line holds the digest of the one before, so that a line taken out is seen."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

import sqlalchemy as sa

from bot.backends.records.database import Database, storable
from bot.backends.records.tables import audit
from bot.model.audit import AuditEntry, Result
from bot.model.value import moment

FIRST = ""  # what the first line of all says stood before it
TEXT = 500  # characters of one field; ids and reasons are short
PAGE = 1_000  # lines read at once
LOCK = "audit"  # one line is written at a time, or two would follow the same one


class SqlAudit:
    """Port Audit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, entry: AuditEntry) -> None:
        async with self._database.writing() as connection:
            await self._database.only_one(connection, LOCK)
            newest = sa.select(audit.c.digest).order_by(audit.c.number.desc()).limit(1)
            before = await connection.scalar(newest)
            row = _row(entry, before if before is not None else FIRST)
            await connection.execute(audit.insert().values(**row))

    async def lines(self, since: float, until: float) -> AsyncIterator[dict[str, Any]]:
        """Oldest first, those of the half-open interval (epoch seconds)."""
        number = 0
        while True:
            asked = sa.select(audit).where(audit.c.number > number, audit.c.at >= since, audit.c.at < until)
            async with self._database.reading() as connection:
                rows = (await connection.execute(asked.order_by(audit.c.number).limit(PAGE))).mappings().all()
            for row in rows:
                yield dict(row)
            if len(rows) < PAGE:
                return
            number = rows[-1]["number"]

    async def broken_at(self) -> int | None:
        """The number of the first line that was altered, or before which one is missing; None when all stand as they were written.

        What retention took from the old end is not missing.
        """
        before: str | None = None
        async for row in self.lines(float("-inf"), float("inf")):
            entry = AuditEntry.model_validate(
                {name: row[name] for name in ("actor", "action", "object", "result", "detail")} | {"at": moment(row["at"])}
            )
            if (before is not None and row["before"] != before) or _row(entry, row["before"])["digest"] != row["digest"]:
                return int(row["number"])
            before = row["digest"]
        return None

    async def forget(self, before: float) -> int:
        """Drop what is older than `before`, from the old end only; the number of lines."""
        async with self._database.writing() as connection:
            await self._database.only_one(connection, LOCK)
            kept = sa.select(sa.func.min(audit.c.number)).where(audit.c.at >= before)
            newest = sa.select(sa.func.max(audit.c.number))  # the last line stays, or the next would begin a new chain
            gone = audit.delete().where(audit.c.number < sa.func.coalesce(kept.scalar_subquery(), newest.scalar_subquery()))
            return int((await connection.execute(gone)).rowcount)


def _row(entry: AuditEntry, before: str) -> dict[str, Any]:
    row = {
        "at": entry.at.timestamp(),
        "actor": storable(entry.actor, TEXT),
        "action": storable(entry.action, TEXT),
        "object": storable(entry.object, TEXT),
        "result": Result(entry.result).value,
        "detail": storable(entry.detail, TEXT),
        "before": before,
    }
    told = json.dumps(row, sort_keys=True, ensure_ascii=True)
    return {**row, "digest": hashlib.sha256(told.encode()).hexdigest()}
