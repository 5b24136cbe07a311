"""What state a database is in, without changing it: for whoever wonders why the service does not start."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bot.backends.records.database import unmigrated
from bot.backends.records.migrate import newest_revision
from bot.backends.records.tables import incidents, workers


@dataclass(frozen=True)
class Condition:
    """`revision` None: no table yet. `skew_s`: its clock less ours; None where it has none of its own. `beats`: worker -> last beat."""

    revision: str | None
    newest: str
    incidents: int
    skew_s: float | None
    may_migrate: bool
    beats: dict[str, float]


async def condition(url: str) -> Condition | None:
    """None: a SQLite file that the first start will make. SourceUnavailable: it does not answer."""
    file = sa.make_url(url).database if url.startswith("sqlite") else None
    if file is not None and not await asyncio.to_thread(Path(file).is_file):
        return None
    async with unmigrated(url) as database, database.reading() as connection:
        return await connection.run_sync(_look, database.is_sqlite)


def _look(connection: sa.Connection, is_sqlite: bool) -> Condition:
    newest = newest_revision()
    asked = time.time()
    told = None if is_sqlite else connection.scalar(sa.text("select extract(epoch from clock_timestamp())"))
    skew = float(told) - (asked + time.time()) / 2 if told is not None else None
    may = is_sqlite or bool(connection.scalar(sa.text("select has_schema_privilege(current_schema(), 'CREATE')")))
    if not sa.inspect(connection).has_table("alembic_version"):
        return Condition(None, newest, 0, skew, may, {})
    revision = connection.scalar(sa.text("select version_num from alembic_version"))
    if revision != newest:
        return Condition(revision, newest, 0, skew, may, {})
    count = connection.scalar(sa.select(sa.func.count()).select_from(incidents)) or 0
    beats = {row.id: row.beat_at for row in connection.execute(sa.select(workers).order_by(workers.c.id))}
    return Condition(revision, newest, count, skew, may, beats)
