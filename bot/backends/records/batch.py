"""Pages that came in together, stored in one transaction: each disk write and each lock is paid for once, however many they are."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.backends.records import grouping, storm
from bot.backends.records.database import Database, short_id
from bot.backends.records.rows import hash_of, number_of, to_incident, to_row
from bot.backends.records.tables import alerts, deliveries, digests, incidents, pages
from bot.model.incident import Incident
from bot.model.page import Page, Status
from bot.model.value import moment

LOOK_BACK_S = 24 * 3600.0  # incidents that are open for longer are nobody's partner any more
LOOKED_AT = 100  # open incidents that a new alert is compared with, the newest


@dataclass(frozen=True)
class Received:
    page: Page
    delivery_id: str | None
    raw: bytes
    at: float  # epoch seconds

    @property
    def delivery(self) -> tuple[str, str] | None:
        return (self.page.source, short_id(self.delivery_id)) if self.delivery_id else None


@dataclass
class Batch:
    """One transaction's work. `would`: what shadow grouping saw, (incident, other incident, why)."""

    database: Database
    connection: AsyncConnection
    policy: grouping.Policy
    would: list[tuple[str, str, str]] = field(default_factory=list)
    _known: dict[int, Incident] = field(default_factory=dict)
    _changed_at: dict[int, float] = field(default_factory=dict)
    _of_key: dict[str, int] = field(default_factory=dict)  # key hash -> the newest incident with that key
    _dirty: set[int] = field(default_factory=set)
    _others_read: bool = False

    async def store(self, received: Sequence[Received]) -> list[Incident | None]:
        """The incident of each page as it is then; None for a delivery that was seen before."""
        # Two replicas must not both find that a key, or its partner of another source, has no incident yet.
        await self.database.only_one(self.connection, "intake")
        fresh = await self._fresh(received)
        taken = [one for one, new in zip(received, fresh, strict=True) if new]
        await self._read_known(taken)
        placed = iter([(one, await self._place(one)) for one in taken])
        rows: list[dict[str, Any]] = []
        answers: list[Incident | None] = []
        for new in fresh:
            if not new:
                answers.append(None)
                continue
            one, incident = next(placed)
            answers.append(incident)
            rows.append(_page_row(one, number_of(incident.id)))
        await self._write(rows)
        return answers

    async def _fresh(self, received: Sequence[Received]) -> list[bool]:
        """Which deliveries are seen for the first time; remembers them."""
        first = {one.delivery: one for one in reversed(received) if one.delivery is not None}
        if not first:
            return [True] * len(received)
        rows = [{"source": key[0], "delivery_id": key[1], "received_at": one.at} for key, one in first.items() if key is not None]
        insert = (sqlite.insert if self.database.is_sqlite else postgresql.insert)(deliveries).values(rows).on_conflict_do_nothing()
        new = {(row.source, row.delivery_id) for row in await self.connection.execute(insert.returning(deliveries))}
        return [one.delivery is None or (first[one.delivery] is one and one.delivery in new) for one in received]

    async def _read_known(self, taken: Sequence[Received]) -> None:
        hashes = sorted({hash_of(grouping.key_of(one.page)) for one in taken})
        joined = sa.select(incidents, alerts.c.key_hash.label("alert")).join(alerts, alerts.c.incident == incidents.c.number)
        query = joined.where(alerts.c.key_hash.in_(hashes)).order_by(alerts.c.number).with_for_update(of=incidents)
        for row in (await self.connection.execute(query)).mappings():
            self._learn(row)
            self._of_key[row["alert"]] = row["number"]

    def _learn(self, row: sa.RowMapping) -> None:
        self._known[row["number"]] = to_incident(row)
        self._changed_at[row["number"]] = row["changed_at"]

    async def _place(self, one: Received) -> Incident:
        key = hash_of(grouping.key_of(one.page))
        newest = self._known[self._of_key[key]] if key in self._of_key else None
        at = moment(one.at)
        opens = newest is None or newest.resolved_at is not None
        others = await self._others(one) if opens and self.policy.across != "off" and one.page.status is Status.FIRING else ()
        placed = grouping.place(one.page, at, newest, others, self.policy)
        incident = placed.incident
        if not incident.id:
            incident = await self._open(incident, one.at)
        elif incident != self._known[number_of(incident.id)]:
            self._changed(incident, one.at)
        number = number_of(incident.id)
        if self._of_key.get(key) != number:
            await self.connection.execute(alerts.insert().values(incident=number, key_hash=key))
            self._of_key[key] = number
        if placed.would is not None:
            self.would.append((incident.id, *placed.would))
        return incident

    def _changed(self, incident: Incident, at: float) -> None:
        number = number_of(incident.id)
        if incident.revision != self._known[number].revision:  # a storm of repeats must not make a card look fresh
            self._changed_at[number] = at
        self._known[number] = incident
        self._dirty.add(number)

    async def _others(self, one: Received) -> list[Incident]:
        """Open incidents, newest first."""
        if not self._others_read:
            open_now = sa.select(incidents).where(incidents.c.resolved_at.is_(None), incidents.c.opened_at > one.at - LOOK_BACK_S)
            newest = open_now.order_by(incidents.c.number.desc()).limit(LOOKED_AT).with_for_update()
            for row in (await self.connection.execute(newest)).mappings():
                if row["number"] not in self._known:
                    self._learn(row)
            self._others_read = True
        return [self._known[number] for number in sorted(self._known, reverse=True) if self._known[number].resolved_at is None]

    async def _open(self, incident: Incident, at: float) -> Incident:
        if incident.triage_revision and incident.quiet_until is None:
            incident = incident.model_copy(update={"digest": await self._digest(at)})
        row = to_row(incident) | {"changed_at": at}
        number = (await self.connection.execute(incidents.insert().values(**row).returning(incidents.c.number))).scalar_one()
        stored = sa.select(incidents).where(incidents.c.number == number)
        self._learn((await self.connection.execute(stored)).mappings().one())
        return self._known[number]

    async def _digest(self, at: float) -> int | None:
        if self.policy.storm_at <= 0:
            return None
        loud = (incidents.c.triage_revision > 0, incidents.c.quiet_until.is_(None))
        count = sa.select(sa.func.count()).select_from(incidents).where(incidents.c.opened_at > at - storm.COUNTED_S, *loud)
        lately = await self.connection.scalar(count) or 0
        number = await self.connection.scalar(sa.select(sa.func.max(digests.c.number)))
        newest = await self.connection.scalar(sa.select(sa.func.max(incidents.c.opened_at)).where(incidents.c.digest == number))
        found = storm.digest_of(storm.Weather(lately, number, newest or 0.0), at, self.policy.storm_at)
        if found == 0:
            opening = digests.insert().values(opened_at=at).returning(digests.c.number)
            return int((await self.connection.execute(opening)).scalar_one())
        return found

    async def _write(self, rows: list[dict[str, Any]]) -> None:
        if self._dirty:
            names = to_row(self._known[next(iter(self._dirty))])
            update = incidents.update().where(incidents.c.number == sa.bindparam("of_number"))
            update = update.values({name: sa.bindparam(f"new_{name}") for name in (*names, "changed_at")})
            changed = [self._values(number) for number in sorted(self._dirty)]
            await self.connection.execute(update, changed)
        if rows:
            await self.connection.execute(pages.insert(), rows)

    def _values(self, number: int) -> dict[str, Any]:
        row = to_row(self._known[number]) | {"changed_at": self._changed_at[number]}
        return {"of_number": number} | {f"new_{name}": value for name, value in row.items()}


def _page_row(one: Received, number: int) -> dict[str, Any]:
    return {
        "incident": number,
        "source": one.page.source,
        "delivery_id": one.delivery[1] if one.delivery else None,
        "received_at": one.at,
        "page": one.page.model_dump(mode="json"),
        "raw_sha256": hashlib.sha256(one.raw).hexdigest(),
        "raw_bytes": len(one.raw),
    }
