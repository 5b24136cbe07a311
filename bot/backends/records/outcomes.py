"""How incidents went: milestones as people say them, and closed incidents with their label."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from bot.backends.records.database import Database, storable
from bot.backends.records.rows import number_of
from bot.backends.records.tables import incidents, votes
from bot.backends.records.tables_readiness import milestones
from bot.errors import BadInput
from bot.model.outcome import Course, Label, Milestone, MilestoneKind, Told
from bot.model.readiness import RealPage, Rotation
from bot.model.value import moment


class SqlOutcomes:
    """Ports Outcomes and PagesTaken."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, milestone: Milestone) -> None:
        """BadInput when there is no such incident."""
        number = number_of(milestone.incident)
        async with self._database.writing() as connection:
            if await connection.scalar(sa.select(incidents.c.number).where(incidents.c.number == number)) is None:
                raise BadInput("there is no such incident", place=milestone.incident[:40])
            await connection.execute(
                milestones.insert().values(
                    incident=number,
                    kind=milestone.kind.value,
                    by=storable(milestone.by, 64),
                    at=milestone.at.timestamp(),
                    layer=milestone.layer,
                    cause=milestone.cause,
                    evidence=[storable(one, 200) for one in milestone.evidence],
                )
            )

    async def courses(self, start: float, end: float) -> tuple[Course, ...]:
        """Incidents that were resolved in the half-open interval, by their number."""
        inside = sa.and_(incidents.c.resolved_at >= start, incidents.c.resolved_at < end)
        closed = sa.select(incidents).where(inside).order_by(incidents.c.number)
        of_them = sa.select(incidents.c.number).where(inside)
        said = sa.select(milestones).where(milestones.c.incident.in_(of_them)).order_by(milestones.c.at, milestones.c.number)
        voted = sa.select(votes).where(votes.c.incident.in_(of_them)).order_by(votes.c.number)
        async with self._database.reading() as connection:
            rows = (await connection.execute(closed)).mappings().all()
            by_number = _by_incident((await connection.execute(said)).mappings().all())
            newest = {row["incident"]: row for row in (await connection.execute(voted)).mappings().all()}
        return tuple(_course(row, by_number[row["number"]], newest.get(row["number"])) for row in rows)

    async def taken(self, rotation: Rotation) -> Mapping[str, tuple[RealPage, ...]]:
        """Pages that somebody of the rotation acknowledged, about its services; a page nobody took woke nobody we know of."""
        wanted = sa.select(incidents).where(incidents.c.acknowledged_by.is_not(None)).order_by(incidents.c.paged_at)
        if rotation.services:
            wanted = wanted.where(incidents.c.service.in_(rotation.services))
        reviewed = sa.select(milestones).where(milestones.c.kind == MilestoneKind.REVIEWED.value).order_by(milestones.c.number)
        async with self._database.reading() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
            causes = {row["incident"]: row["cause"] for row in (await connection.execute(reviewed)).mappings().all()}
        found: dict[str, list[RealPage]] = defaultdict(list)
        for row in rows:
            person = rotation.person(row["acknowledged_by"])
            if person is not None:
                page = RealPage(incident=f"INC-{row['number']}", at=moment(row["paged_at"]), cause=causes.get(row["number"]))
                found[person.id].append(page)
        return {person: tuple(pages) for person, pages in found.items()}


def _by_incident(rows: Iterable[sa.RowMapping]) -> dict[int, tuple[Milestone, ...]]:
    found: dict[int, tuple[Milestone, ...]] = defaultdict(tuple)
    for row in rows:
        one = Milestone(
            incident=f"INC-{row['incident']}",
            kind=row["kind"],
            by=row["by"],
            at=moment(row["at"]),
            layer=row["layer"],
            cause=row["cause"],
            evidence=tuple(row["evidence"]),
        )
        found[row["incident"]] = (*found[row["incident"]], one)
    return found


def _course(row: sa.RowMapping, said: tuple[Milestone, ...], vote: sa.RowMapping | None) -> Course:
    report = row["report"]
    told = Told(**{name: report[name] for name in ("verdict", "layer", "cause", "confidence")}) if report is not None else None
    return Course(
        incident=f"INC-{row['number']}",
        service=row["service"],
        paged_at=moment(row["opened_at"]),
        resolved_at=moment(row["resolved_at"]),
        told=told,
        label=_label(said, vote, told),
        milestones=said,
    )


def _label(said: tuple[Milestone, ...], vote: sa.RowMapping | None, told: Told | None) -> Label | None:
    """The review's newest word; else the newest vote that says what it was."""
    reviews = [one for one in said if one.kind is MilestoneKind.REVIEWED]
    if reviews:
        return Label(cause=reviews[-1].cause, layer=reviews[-1].layer, source="review")
    if vote is None:
        return None
    cause = (told.cause if told is not None else None) if vote["right"] else vote["cause"]
    return Label(cause=cause, layer=cause.split(".")[0], source="vote") if cause else None
