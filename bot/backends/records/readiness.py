"""Due drills and what became of them; acts and shifts, kept for good."""

from collections.abc import Sequence

import sqlalchemy as sa

from bot.backends.records.database import Database, storable
from bot.backends.records.intake import inserted
from bot.backends.records.tables_readiness import drill_firings, drill_schedules, readiness_acts, served_shifts
from bot.model.readiness import Act, Due, Firing, Shift
from bot.model.value import moment


class SqlReadiness:
    """Ports DrillLedger and ReadinessBook."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def since(self, schedule: str, cron: str, zone: str, now: float) -> float:
        async with self._database.writing() as connection:
            row = {"id": schedule, "cron": cron, "zone": zone, "since": now, "next_due_at": None}
            if not await inserted(self._database, connection, drill_schedules, row):
                this = drill_schedules.c.id == schedule
                await connection.execute(drill_schedules.update().where(this).values(cron=cron, zone=zone))
            found = await connection.scalar(sa.select(drill_schedules.c.since).where(drill_schedules.c.id == schedule))
        return float(found or 0.0)

    async def plan(self, schedule: str, next_due_at: float) -> None:
        async with self._database.writing() as connection:
            await connection.execute(drill_schedules.update().where(drill_schedules.c.id == schedule).values(next_due_at=next_due_at))

    async def planned(self) -> dict[str, float]:
        """Schedule -> its next due time; those that were planned."""
        wanted = sa.select(drill_schedules.c.id, drill_schedules.c.next_due_at).where(drill_schedules.c.next_due_at.is_not(None))
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted.order_by(drill_schedules.c.id))).all()
        return {row.id: float(row.next_due_at) for row in rows}

    async def record(self, firing: Firing) -> bool:
        row = {
            "schedule": firing.due.schedule,
            "due_at": firing.due.at.timestamp(),
            "state": firing.state.value,
            "at": firing.at.timestamp(),
            "why": storable(firing.why, 500),
        }
        async with self._database.writing() as connection:
            return await inserted(self._database, connection, drill_firings, row)

    async def firings(self, schedule: str) -> tuple[Firing, ...]:
        wanted = sa.select(drill_firings).where(drill_firings.c.schedule == schedule).order_by(drill_firings.c.due_at)
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return tuple(
            Firing(due=Due(schedule=row["schedule"], at=moment(row["due_at"])), state=row["state"], at=moment(row["at"]), why=row["why"])
            for row in rows
        )

    async def log(self, act: Act) -> None:
        values = {name: storable(getattr(act, name), 500) for name in ("person", "what", "by", "why")}
        async with self._database.writing() as connection:
            await connection.execute(readiness_acts.insert().values(kind=act.kind.value, at=act.at.timestamp(), **values))

    async def acts(self, person: str | None = None) -> tuple[Act, ...]:
        wanted = sa.select(readiness_acts).order_by(readiness_acts.c.at, readiness_acts.c.number)
        if person is not None:
            wanted = wanted.where(readiness_acts.c.person == person)
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return tuple(_act(row) for row in rows)

    async def served(self, shifts: Sequence[Shift]) -> int:
        new = 0
        async with self._database.writing() as connection:
            for one in shifts:
                row = {"person": one.person, "role": one.role.value, "start": one.start.timestamp(), "end": one.end.timestamp()}
                new += await inserted(self._database, connection, served_shifts, row)
        return new

    async def shifts(self, person: str | None = None) -> tuple[Shift, ...]:
        columns = served_shifts.c
        wanted = sa.select(served_shifts).order_by(columns.start, columns.person, columns.role)
        if person is not None:
            wanted = wanted.where(columns.person == person)
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return tuple(Shift(person=row["person"], role=row["role"], start=moment(row["start"]), end=moment(row["end"])) for row in rows)


def _act(row: sa.RowMapping) -> Act:
    return Act(kind=row["kind"], person=row["person"], what=row["what"], by=row["by"], why=row["why"], at=moment(row["at"]))
