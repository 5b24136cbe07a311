"""Pages that came in together, stored in one transaction: each disk write and each lock is paid for once, however many they are."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.backends.records import grouping, storm
from bot.backends.records.database import Database, short_id
from bot.backends.records.rows import WITH_REPORT, WITHOUT_REPORT, hash_of, number_of, report_of, to_incident, to_row
from bot.backends.records.tables import alerts, deliveries, digests, incidents, pages
from bot.model.incident import Incident
from bot.model.page import Page, Status
from bot.model.value import moment

LOOK_BACK_S = 24 * 3600.0  # incidents that are open for longer are nobody's partner any more
LOOKED_AT = 100  # open incidents that a new alert is compared with, the newest

# Written once: SQLAlchemy takes longer to put such a statement together than SQLite to run it.
_DELIVERED = {
    True: sqlite.insert(deliveries).on_conflict_do_nothing().returning(deliveries.c.source, deliveries.c.delivery_id),
    False: postgresql.insert(deliveries).on_conflict_do_nothing().returning(deliveries.c.source, deliveries.c.delivery_id),
}
_KNOWN = (
    sa.select(*WITH_REPORT, alerts.c.key_hash.label("alert"))
    .join(alerts, alerts.c.incident == incidents.c.number)
    .where(alerts.c.key_hash.in_(sa.bindparam("hashes", expanding=True)))
    .order_by(alerts.c.number)
    .with_for_update(of=incidents)
)


@lru_cache
def _update_of(names: tuple[str, ...]) -> sa.Update:
    values: dict[str, sa.BindParameter[Any]] = {name: sa.bindparam(f"new_{name}") for name in names}
    return incidents.update().where(incidents.c.number == sa.bindparam("of_number")).values(values)


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
    """One transaction's work, in one go: see Database.write. `would`: what shadow grouping saw, (incident, other incident, why)."""

    database: Database
    connection: sa.Connection
    policy: grouping.Policy
    would: list[tuple[str, str, str]] = field(default_factory=list)
    _known: dict[int, Incident] = field(default_factory=dict)
    _changed_at: dict[int, float] = field(default_factory=dict)
    _of_key: dict[str, int] = field(default_factory=dict)  # key hash -> the newest incident with that key
    _dirty: set[int] = field(default_factory=set)
    _others_read: bool = False
    _unread: set[int] = field(default_factory=set)  # known, but for the report: a hundred of them are no page's business

    def store(self, received: Sequence[Received]) -> list[Incident | None]:
        """The incident of each page as it is then; None for a delivery that was seen before."""
        # Two replicas must not both find that a key, or its partner of another source, has no incident yet.
        self.database.alone(self.connection, "intake")
        fresh = self._fresh(received)
        taken = [one for one, new in zip(received, fresh, strict=True) if new]
        self._read_known(taken)
        placed = iter([(one, self._place(one)) for one in taken])
        rows: list[dict[str, Any]] = []
        answers: list[Incident | None] = []
        for new in fresh:
            if not new:
                answers.append(None)
                continue
            one, incident = next(placed)
            answers.append(incident)
            rows.append(_page_row(one, number_of(incident.id)))
        self._write(rows)
        return answers

    def _fresh(self, received: Sequence[Received]) -> list[bool]:
        """Which deliveries are seen for the first time; remembers them."""
        first = {one.delivery: one for one in reversed(received) if one.delivery is not None}
        if not first:
            return [True] * len(received)
        rows = [{"source": key[0], "delivery_id": key[1], "received_at": one.at} for key, one in first.items() if key is not None]
        new = {(row.source, row.delivery_id) for row in self.connection.execute(_DELIVERED[self.database.is_sqlite], rows)}
        return [one.delivery is None or (first[one.delivery] is one and one.delivery in new) for one in received]

    def _read_known(self, taken: Sequence[Received]) -> None:
        hashes = sorted({hash_of(grouping.key_of(one.page)) for one in taken})
        for row in self.connection.execute(_KNOWN, {"hashes": hashes}).mappings():
            self._learn(row)
            self._of_key[row["alert"]] = row["number"]

    def _learn(self, row: sa.RowMapping) -> None:
        self._known[row["number"]] = to_incident(row)
        self._changed_at[row["number"]] = row["changed_at"]

    def _place(self, one: Received) -> Incident:
        key = hash_of(grouping.key_of(one.page))
        newest = self._known[self._of_key[key]] if key in self._of_key else None
        at = moment(one.at)
        opens = newest is None or newest.resolved_at is not None
        others = self._others(one) if opens and self.policy.across != "off" and one.page.status is Status.FIRING else ()
        placed = grouping.place(one.page, at, newest, others, self.policy)
        incident = placed.incident
        if not incident.id:
            incident = self._open(incident, one.at)
        elif incident != self._known[number_of(incident.id)]:
            self._changed(incident, one.at)
        number = number_of(incident.id)
        if number in self._unread:
            incident = self._read_report(number)
        if self._of_key.get(key) != number:
            self.connection.execute(alerts.insert().values(incident=number, key_hash=key))
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

    def _read_report(self, number: int) -> Incident:
        stored = self.connection.scalar(sa.select(WITH_REPORT[-1]).where(incidents.c.number == number))
        self._known[number] = self._known[number].model_copy(update={"report": report_of(stored)})
        self._unread.discard(number)
        return self._known[number]

    def _others(self, one: Received) -> list[Incident]:
        """Open incidents, newest first."""
        if not self._others_read:
            open_now = sa.select(*WITHOUT_REPORT).where(incidents.c.resolved_at.is_(None), incidents.c.opened_at > one.at - LOOK_BACK_S)
            newest = open_now.order_by(incidents.c.number.desc()).limit(LOOKED_AT).with_for_update()
            for row in self.connection.execute(newest).mappings():
                if row["number"] not in self._known:
                    self._learn(row)
                    self._unread.add(row["number"])
            self._others_read = True
        return [self._known[number] for number in sorted(self._known, reverse=True) if self._known[number].resolved_at is None]

    def _open(self, incident: Incident, at: float) -> Incident:
        if incident.triage_revision and incident.quiet_until is None:
            incident = incident.model_copy(update={"digest": self._digest(at)})
        row = to_row(incident) | {"changed_at": at}
        number = self.connection.execute(incidents.insert().values(**row).returning(incidents.c.number)).scalar_one()
        stored = sa.select(*WITH_REPORT).where(incidents.c.number == number)
        self._learn(self.connection.execute(stored).mappings().one())
        return self._known[number]

    def _digest(self, at: float) -> int | None:
        if self.policy.storm_at <= 0:
            return None
        loud = (incidents.c.triage_revision > 0, incidents.c.quiet_until.is_(None))
        count = sa.select(sa.func.count()).select_from(incidents).where(incidents.c.opened_at > at - storm.COUNTED_S, *loud)
        lately = self.connection.scalar(count) or 0
        number = self.connection.scalar(sa.select(sa.func.max(digests.c.number)))
        newest = self.connection.scalar(sa.select(sa.func.max(incidents.c.opened_at)).where(incidents.c.digest == number))
        found = storm.digest_of(storm.Weather(lately, number, newest or 0.0), at, self.policy.storm_at)
        if found == 0:
            opening = digests.insert().values(opened_at=at).returning(digests.c.number)
            return int(self.connection.execute(opening).scalar_one())
        return found

    def _write(self, rows: list[dict[str, Any]]) -> None:
        if self._dirty:
            changed = [self._values(number) for number in sorted(self._dirty)]
            names = tuple(name.removeprefix("new_") for name in changed[0] if name.startswith("new_"))
            self.connection.execute(_update_of(names), changed)
        if rows:
            self.connection.execute(pages.insert(), rows)

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
