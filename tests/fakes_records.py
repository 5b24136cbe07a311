"""In-memory twin of the records: the same ports, the same grouping rules, no database."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from bot.backends.records import grouping, storm
from bot.backends.walk import Walk
from bot.errors import Refused, SourceUnavailable
from bot.model.change import Change
from bot.model.evidence import Interval, Past
from bot.model.incident import Digest, Incident, IncidentState, MessageRef, Progress, Vote
from bot.model.narration import Narration
from bot.model.page import Page
from bot.model.report import Report
from bot.model.value import moment
from bot.ports import Picture


@dataclass
class Card:
    revision: int = 0
    alerts: int = 0
    at: float = 0.0
    attached: int = 0
    holder: str | None = None
    until: float = 0.0


@dataclass
class Storm:
    digest: Digest
    at: float = 0.0
    holder: str | None = None
    until: float = 0.0


@dataclass
class MemoryRecords:
    """Every port of records in one object."""

    rows: dict[str, Incident] = field(default_factory=dict)
    changed_at: dict[str, float] = field(default_factory=dict)
    shown: dict[str, Card] = field(default_factory=dict)
    pages: list[tuple[str, Page, bytes]] = field(default_factory=list)
    delivered: dict[tuple[str, str], float] = field(default_factory=dict)
    events: dict[str, float] = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    votes: list[Vote] = field(default_factory=list)
    beats: dict[str, float] = field(default_factory=dict)
    policy: grouping.Policy = field(default_factory=grouping.Policy)
    would: list[tuple[str, str, str]] = field(default_factory=list)  # what shadow grouping saw
    storms: list[Storm] = field(default_factory=list)

    async def receive(self, page: Page, *, delivery_id: str | None, raw: bytes, received_at: float) -> Incident | None:
        if delivery_id is not None:
            if (page.source, delivery_id) in self.delivered:
                return None
            self.delivered[page.source, delivery_id] = received_at
        at, key = moment(received_at), grouping.key_of(page)
        known = next((row for row in reversed(self.rows.values()) if key in {alert.key for alert in grouping.alerts_of(row)}), None)
        others = [row for row in reversed(self.rows.values()) if row.resolved_at is None]
        placed = grouping.place(page, at, known, others, self.policy)
        incident = placed.incident
        if not incident.id:
            digest = self._digest(incident, received_at)
            incident = incident.model_copy(update={"id": f"INC-{len(self.rows) + 1}", "digest": digest})
            self.shown[incident.id] = Card()
        if placed.would is not None:
            self.would.append((incident.id, *placed.would))
        before = self.rows.get(incident.id)
        if before is None or before.revision != incident.revision:
            self.changed_at[incident.id] = received_at
        self.rows[incident.id] = incident
        self.pages.append((incident.id, page, raw))
        return incident

    def _digest(self, incident: Incident, at: float) -> int | None:
        if not incident.triage_revision or incident.quiet_until is not None:
            return None
        loud = [row for row in self.rows.values() if row.triage_revision and row.quiet_until is None]
        lately = sum(row.opened_at.timestamp() > at - storm.COUNTED_S for row in loud)
        newest = max((row.opened_at.timestamp() for row in self.rows.values() if row.digest == len(self.storms)), default=0.0)
        found = storm.digest_of(storm.Weather(lately, len(self.storms) or None, newest), at, self.policy.storm_at)
        if found == 0:
            self.storms.append(Storm(Digest(number=len(self.storms) + 1, opened_at=moment(at))))
            return len(self.storms)
        return found

    async def add_change(self, change: Change) -> bool:
        new = change.id not in self.changes
        self.changes.setdefault(change.id, change)
        return new

    async def first_time(self, event_id: str, at: float) -> bool:
        if event_id in self.events:
            return False
        self.events[event_id] = at
        return True

    async def forget(self, before: float) -> int:
        old = [key for key, at in self.delivered.items() if at < before]
        old_events = [key for key, at in self.events.items() if at < before]
        for key in old:
            del self.delivered[key]
        for event in old_events:
            del self.events[event]
        return len(old) + len(old_events)

    async def get(self, incident_id: str) -> Incident | None:
        return self.rows.get(incident_id)

    async def recent(self, limit: int) -> tuple[Incident, ...]:
        return tuple(reversed(self.rows.values()))[:limit]

    def _change(self, incident_id: str, **values: object) -> None:
        if incident_id in self.rows:
            self.rows[incident_id] = self.rows[incident_id].model_copy(update=values)

    async def save_report(self, incident_id: str, report: Report) -> None:
        self._change(incident_id, report=report, state=self._ended(incident_id, IncidentState.TRIAGED))
        self.changed_at[incident_id] = time.time()

    async def save_narration(self, incident_id: str, revision: int, narration: Narration) -> bool:
        known = self.rows.get(incident_id)
        if known is None or known.report is None or known.triage_revision != revision:
            return False
        self._change(incident_id, report=known.report.model_copy(update={"narration": narration}))
        return True

    async def fail(self, incident_id: str) -> None:
        self._change(incident_id, state=self._ended(incident_id, IncidentState.FAILED))

    def _ended(self, incident_id: str, state: IncidentState) -> IncidentState:
        row = self.rows.get(incident_id)
        return IncidentState.RESOLVED if row is not None and row.state is IncidentState.RESOLVED else state

    async def save_message(self, incident_id: str, message: MessageRef) -> None:
        self._change(incident_id, message=message)

    async def acknowledge(self, incident_id: str, user: str) -> Incident | None:
        row = self.rows.get(incident_id)
        if row is not None:
            self._change(incident_id, acknowledged_by=row.acknowledged_by or user)
        return self.rows.get(incident_id)

    async def vote(self, vote: Vote) -> Incident | None:
        known = self.rows.get(vote.incident_id)
        if known is None:
            return None
        self.votes.append(vote)
        again = known if vote.right else grouping.asked_again(known, vote.at)
        if again == known:
            return None
        self.rows[known.id], self.changed_at[known.id] = again, vote.at.timestamp()
        return again

    async def single_out(self, incident_id: str) -> Incident | None:
        self._change(incident_id, digest=None)
        if incident_id in self.shown:
            self.shown[incident_id].revision = 0
        return self.rows.get(incident_id)

    async def between(self, service: str | None, interval: Interval) -> tuple[Change, ...] | None:
        if not self.changes:
            return None
        found = []
        for change in sorted(self.changes.values(), key=lambda change: (change.time, change.id)):
            end = (change.rollout.end if change.rollout else None) or change.time
            if change.time.timestamp() < interval.end and max(end, change.time).timestamp() >= interval.start:
                found.append(change)
        return tuple(found)

    async def incidents(self, service: str | None, before: float) -> tuple[Past, ...] | None:
        newest = {vote.incident_id: vote for vote in self.votes}
        past = []
        for incident_id, vote in newest.items():
            row = self.rows[incident_id]
            cause = (row.report.cause if row.report else None) if vote.right else vote.cause
            if cause and row.resolved_at and row.resolved_at.timestamp() < before and service in (None, row.service):
                past.append(Past(row.resolved_at.timestamp(), cause, cause.split(".")[0]))
        return tuple(sorted(past, key=lambda one: one.closed_at))

    async def take(self, incident_id: str, holder: str, now: float, until: float) -> Incident | None:
        card = self.shown.get(incident_id)
        if card is None or (card.holder not in (None, holder) and card.until >= now):
            return None
        card.holder, card.until = holder, until
        return self.rows[incident_id]

    async def give_back(self, shown: Incident, holder: str, at: float) -> None:
        card = self.shown[shown.id]
        if card.holder == holder:
            card.revision, card.alerts, card.at, card.holder = shown.revision, shown.alerts, at, None
            if shown.message is not None:
                self._change(shown.id, message=shown.message)

    async def drop(self, incident_id: str, holder: str) -> None:
        if self.shown[incident_id].holder == holder:
            self.shown[incident_id].holder = None

    async def free(self, holder: str) -> None:
        for card in self.shown.values():
            if card.holder == holder:
                card.holder = None
        for told in self.storms:
            if told.holder == holder:
                told.holder = None

    async def behind(self, changed_before: float, shown_before: float, now: float | None = None) -> tuple[Incident, ...]:
        found = []
        for row in self.rows.values():
            card, old = self.shown[row.id], self.changed_at[row.id] < changed_before
            if row.quiet_until is not None and card.revision == 0 and (row.quiet_until.timestamp() > (now or 0) or row.resolved_at):
                continue
            seldom = row.flapping and row.triage_revision <= card.revision and card.at >= shown_before
            late = old and ((card.revision < row.revision and not seldom) or row.state is IncidentState.TRIAGING)
            uncounted = card.revision > 0 and card.alerts < row.alerts and card.at < shown_before
            if (late or uncounted) and (row.alerts or row.triage_revision):
                found.append(row)
        return tuple(found)

    async def take_digest(self, number: int, holder: str, now: float, until: float) -> tuple[Digest, tuple[Incident, ...]] | None:
        told = self.storms[number - 1]
        if told.holder not in (None, holder) and told.until >= now:
            return None
        told.holder, told.until = holder, until
        return told.digest, tuple(row for row in reversed(self.rows.values()) if row.digest == number)

    async def give_back_digest(self, number: int, told: tuple[Incident, ...], message: MessageRef, holder: str, at: float) -> None:
        mine = self.storms[number - 1]
        if mine.holder == holder:
            mine.digest, mine.at, mine.holder = mine.digest.model_copy(update={"message": message}), at, None
        for one in told:
            card = self.shown[one.id]
            card.revision, card.alerts, card.at = one.revision, one.alerts, at

    async def drop_digest(self, number: int, holder: str) -> None:
        if self.storms[number - 1].holder == holder:
            self.storms[number - 1].holder = None

    async def digests_behind(self, shown_before: float) -> tuple[int, ...]:
        behind = set()
        for row in self.rows.values():
            told = self.storms[row.digest - 1] if row.digest is not None else None
            lacks = self.shown[row.id].revision < row.revision
            if told is not None and told.at < shown_before and (lacks or self.changed_at[row.id] > told.at):
                behind.add(told.digest.number)
        return tuple(sorted(behind))

    async def waiting(self, now: float) -> tuple[int, float]:
        loud = [row for row in self.rows.values() if row.quiet_until is None or row.quiet_until.timestamp() <= now]
        asked = [row.asked_at.timestamp() for row in loud if row.state is IncidentState.TRIAGING and row.asked_at is not None]
        return len(asked), max(0.0, now - min(asked, default=now))

    async def attached(self, incident_id: str) -> int:
        return self.shown[incident_id].attached

    async def mark_attached(self, incident_id: str, revision: int) -> None:
        self.shown[incident_id].attached = max(revision, self.shown[incident_id].attached)

    async def beat(self, worker: str, at: float) -> None:
        self.beats[worker] = at

    async def silent(self, before: float) -> tuple[str, ...]:
        return tuple(sorted(worker for worker, at in self.beats.items() if at < before))

    async def bury(self, worker: str) -> None:
        self.beats.pop(worker, None)


class MemoryWork:
    """In-memory twin of Work: plain tasks, gone with the process; the same walk, a revision at most once."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def triage(self, incident: Incident) -> None:
        key = f"{incident.id}:{incident.revision}"
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(self._walk.go(incident.id, incident.revision, self._step))

    @staticmethod
    async def _step(_name: str, work: Callable[[], Awaitable[str]]) -> str:
        return await work()

    async def drain(self) -> None:
        await asyncio.gather(*self._tasks.values())


@dataclass
class MemorySurface:
    """In-memory twin of Surface: one line a call; posts when the incident has no message yet, edits when it has."""

    posts: list[tuple[str, str]] = field(default_factory=list)  # (incident, ts)
    edits: list[tuple[str, str, str]] = field(default_factory=list)  # (incident, what it said, progress step)
    attached: list[tuple[str, bytes | None]] = field(default_factory=list)
    shown: list[Narration | None] = field(default_factory=list)  # the narration of each card, posted or edited
    digests: list[tuple[int, bool, list[str]]] = field(default_factory=list)  # (storm, posted anew, its incidents)
    down: int = 0  # so many calls fail before the surface answers again
    refuses: bool = False

    async def show(self, incident: Incident, progress: Progress | None) -> MessageRef:
        await asyncio.sleep(0.01)  # as a network would: others get their turn
        if self.down > 0:
            self.down -= 1
            raise SourceUnavailable("down", source="surface")
        if self.refuses:
            raise Refused
        if incident.message is None:
            self.posts.append((incident.id, f"{len(self.posts) + 1}.0"))
        self.shown.append(incident.report.narration if incident.report else None)
        ref = incident.message or MessageRef(channel="C1", ts=self.posts[-1][1])
        cause = incident.report.cause if incident.report else None
        self.edits.append((incident.id, f"{incident.state} {incident.alerts} {cause}", progress.step if progress else ""))
        return ref

    async def show_digest(self, digest: Digest, incidents: Sequence[Incident]) -> MessageRef:
        await asyncio.sleep(0.01)
        if self.down > 0:
            self.down -= 1
            raise SourceUnavailable("down", source="surface")
        self.digests.append((digest.number, digest.message is None, [f"{one.id} {one.state}" for one in incidents]))
        return digest.message or MessageRef(channel="C1", ts=f"d{digest.number}")

    async def attach(self, incident: Incident, picture: Picture | None) -> None:
        self.attached.append((incident.id, picture.png if picture else None))
