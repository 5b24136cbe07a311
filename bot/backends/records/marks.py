"""Marked drills: kept once, as they stand after disputes."""

import sqlalchemy as sa

from bot.backends.records.database import Database, short_id
from bot.backends.records.intake import inserted
from bot.backends.records.tables_readiness import marked_drills
from bot.model.drill import MarkedDrill


class SqlMarks:
    """Port Marks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, key: str, drill: MarkedDrill) -> int:
        row = {
            "key": short_id(key),
            "participant": drill.participant,
            "at": drill.at.timestamp(),
            "drill": drill.model_dump(mode="json"),
            "disputed": False,
        }
        async with self._database.writing() as connection:
            await inserted(self._database, connection, marked_drills, row)
            number = await connection.scalar(sa.select(marked_drills.c.number).where(marked_drills.c.key == row["key"]))
        return int(number or 0)

    async def correct(self, number: int, drill: MarkedDrill) -> None:
        async with self._database.writing() as connection:
            values = {"drill": drill.model_dump(mode="json"), "disputed": True}
            await connection.execute(marked_drills.update().where(marked_drills.c.number == number).values(**values))

    async def dispute(self, number: int) -> None:
        async with self._database.writing() as connection:
            await connection.execute(marked_drills.update().where(marked_drills.c.number == number).values(disputed=True))

    async def marked(self, since: float = 0.0) -> tuple[MarkedDrill, ...]:
        wanted = sa.select(marked_drills.c.drill).where(marked_drills.c.at >= since).order_by(marked_drills.c.at, marked_drills.c.number)
        async with self._database.reading() as connection:
            rows = (await connection.scalars(wanted)).all()
        return tuple(MarkedDrill.model_validate(row) for row in rows)

    async def disputed(self, since: float = 0.0) -> dict[str, int]:
        """Scenario -> how many of its marks from `since` on were disputed."""
        wanted = sa.select(marked_drills.c.drill).where(marked_drills.c.at >= since, marked_drills.c.disputed)
        async with self._database.reading() as connection:
            names = [row["scenario"] for row in (await connection.scalars(wanted)).all()]
        return {name: names.count(name) for name in sorted(set(names))}
