"""The outside world in our words. A port takes and returns values of `model`, never a client's object.

A source returns None when it was not collected, and raises SourceUnavailable when it did not answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa
from pydantic import JsonValue

from bot.model.audit import AuditEntry
from bot.model.change import Change
from bot.model.drill import Dispute, MarkedDrill, OpenDrill, Sitting
from bot.model.evidence import Coverage, Interval, MetricSeries, Past, Probe, PromptText
from bot.model.frame import Frame
from bot.model.incident import Digest, Incident, MessageRef, Progress, Vote
from bot.model.narration import Brief, Draft, Narration
from bot.model.outcome import Course, Milestone
from bot.model.page import Page
from bot.model.readiness import Act, Due, Firing, RealPage, Rotation, Shift, TeamDrill
from bot.model.report import NextAction, Report
from bot.model.runbook import Hit, Passage


@dataclass(frozen=True)
class Scope:
    """Which spans: those of traces that touch `service` (None = all) and start inside the interval."""

    service: str | None
    interval: Interval


class Spans(Protocol):
    """The span engine. Frames come from telemetry.aggregates, run where the spans live."""

    async def frame(self, aggregate: str, scope: Scope) -> Frame | None:
        """`requests`, `series`, `tree`, or `ops:<kind>`; None when traces were not collected."""
        ...

    async def coverage(self, scope: Scope) -> Coverage | None: ...


class SpanIntake(Protocol):
    """Where the OTLP receiver puts canonical spans (telemetry.canonical.SCHEMA)."""

    async def add(self, spans: pa.Table) -> int: ...


class Metrics(Protocol):
    async def names(self, interval: Interval) -> frozenset[str] | None: ...

    async def series(self, name: str, interval: Interval) -> tuple[MetricSeries, ...] | None: ...


class Changes(Protocol):
    async def between(self, service: str | None, interval: Interval) -> tuple[Change, ...] | None: ...


class Prompts(Protocol):
    async def registry(self, service: str | None) -> Mapping[str, tuple[PromptText, ...]] | None: ...


class Probes(Protocol):
    async def results(self, service: str | None, interval: Interval) -> tuple[Probe, ...] | None: ...


class History(Protocol):
    async def incidents(self, service: str | None, before: float) -> tuple[Past, ...] | None: ...


class Runbooks(Protocol):
    """The shelf as triage sees it."""

    async def for_cause(self, cause: str, service: str | None) -> tuple[Hit, ...]: ...

    async def search(self, query: str, k: int, groups: frozenset[str]) -> tuple[Hit, ...]:
        """Best first; empty when nothing passes the floor."""
        ...

    def next_actions(self, cause: str) -> tuple[NextAction, ...]:
        """What the cause's runbook says to do first; empty when it has none."""
        ...


class Vectors(Protocol):
    """The vector store behind the shelf."""

    async def put(self, passages: Sequence[Passage], vectors: Sequence[Sequence[float]]) -> None: ...

    async def near(self, vector: Sequence[float], k: int, groups: frozenset[str]) -> tuple[tuple[str, float], ...]:
        """Ids with their cosine, best first; only passages that a member of `groups` may read."""
        ...

    async def ids(self) -> frozenset[str]: ...

    async def remove(self, ids: Sequence[str]) -> None: ...


class Embedder(Protocol):
    name: str  # model and weights' hash: an index is pinned to it

    async def embed(self, texts: Sequence[str]) -> tuple[Sequence[float], ...]: ...


class Narrator(Protocol):
    """A language model that words facts. What it returns is unchecked."""

    name: str

    async def draft(self, brief: Brief) -> Draft:
        """SourceUnavailable: no answer, too late, too long, or not a list of claims."""
        ...


class Narrate(Protocol):
    """A report, or a question about it, in plain language; None: the template speaks."""

    async def __call__(self, report: Report, paged_at: datetime | None, question: str = "") -> Narration | None: ...


class Intake(Protocol):
    """Pages are stored before they are acknowledged."""

    async def receive(self, page: Page, *, delivery_id: str | None, raw: bytes, received_at: float) -> Incident | None:
        """Store the page, group it by source and dedup_key. None when this delivery was seen before."""
        ...

    async def add_change(self, change: Change) -> bool:
        """False when this change id is known already."""
        ...


class Incidents(Protocol):
    async def get(self, incident_id: str) -> Incident | None: ...

    async def save_report(self, incident_id: str, report: Report) -> None: ...

    async def save_narration(self, incident_id: str, revision: int, narration: Narration) -> bool:
        """Beside the report of that triage; False when a newer one was asked for, or there is no report."""
        ...

    async def save_message(self, incident_id: str, message: MessageRef) -> None: ...

    async def fail(self, incident_id: str) -> None:
        """Triage itself broke; a resolved incident stays resolved."""
        ...

    async def recent(self, limit: int) -> tuple[Incident, ...]:
        """Newest first."""
        ...


class Cards(Protocol):
    """Who may post or edit an incident's card now, and which cards are behind their incident."""

    async def take(self, incident_id: str, holder: str, now: float, until: float) -> Incident | None:
        """The incident as it is now, with the sole right to show it until `until`; None while another holder has it."""
        ...

    async def give_back(self, shown: Incident, holder: str, at: float) -> None:
        """The card now says what `shown` says, under `shown.message`."""
        ...

    async def drop(self, incident_id: str, holder: str) -> None:
        """Give the right back with nothing shown."""
        ...

    async def free(self, holder: str) -> None:
        """Take all cards from a holder that died."""
        ...

    async def behind(self, changed_before: float, shown_before: float, now: float | None = None) -> tuple[Incident, ...]:
        """Cards that lack a revision or alerts for longer than that; `now` is what maintenance is measured by."""
        ...

    async def waiting(self, now: float) -> tuple[int, float]:
        """How many triages have not ended, and for how many seconds the oldest of them has been asked for."""
        ...

    async def attached(self, incident_id: str) -> int:
        """The newest revision whose evidence is in the thread; 0 for none."""
        ...

    async def mark_attached(self, incident_id: str, revision: int) -> None: ...


class Digests(Protocol):
    """The one message of a storm: whose turn it is, and which are behind."""

    async def take_digest(self, number: int, holder: str, now: float, until: float) -> tuple[Digest, tuple[Incident, ...]] | None:
        """The digest with its incidents, newest first, and the sole right to show it until `until`; None while another has it."""
        ...

    async def give_back_digest(self, number: int, told: tuple[Incident, ...], message: MessageRef, holder: str, at: float) -> None:
        """The digest now says what `told` says, under `message`."""
        ...

    async def drop_digest(self, number: int, holder: str) -> None: ...

    async def digests_behind(self, shown_before: float) -> tuple[int, ...]: ...


class Workers(Protocol):
    """Which worker processes are alive, so that a dead one's work is taken over."""

    async def beat(self, worker: str, at: float) -> None: ...

    async def silent(self, before: float) -> tuple[str, ...]: ...

    async def bury(self, worker: str) -> None:
        """Forget a dead worker that left nothing behind."""
        ...


class SeenEvents(Protocol):
    """Slack delivers an event at least once."""

    async def first_time(self, event_id: str, at: float) -> bool: ...


class Audit(Protocol):
    """Append-only: nothing in it is ever changed; what is older than the retention goes from its old end."""

    async def note(self, entry: AuditEntry) -> None: ...


class Decisions(Protocol):
    """What people say about an incident."""

    async def acknowledge(self, incident_id: str, user: str) -> Incident | None: ...

    async def vote(self, vote: Vote) -> Incident | None:
        """The incident, when "wrong" asks for a new triage."""
        ...

    async def single_out(self, incident_id: str) -> Incident | None:
        """Out of its storm's digest: it gets a card of its own."""
        ...


@dataclass(frozen=True)
class Picture:
    png: bytes
    alt: str
    title: str


class Surface(Protocol):
    """Where people read: Slack, or a terminal. Each call is safe to repeat with the same incident and key."""

    async def show(self, incident: Incident, progress: Progress | None) -> MessageRef:
        """Post the incident's message, or edit the one it has, to match the incident as it is now."""
        ...

    async def show_digest(self, digest: Digest, incidents: Sequence[Incident]) -> MessageRef:
        """Post the message of a storm, or edit the one it has; `incidents` newest first."""
        ...

    async def attach(self, incident: Incident, picture: Picture | None) -> None:
        """Put evidence, ruled-out list and chart into the incident's thread, once a revision."""
        ...


class DrillLedger(Protocol):
    """What became of every due time of every schedule; times are epoch seconds, UTC."""

    async def since(self, schedule: str, cron: str, zone: str, now: float) -> float:
        """When this schedule was first known: nothing before that was ever missed."""
        ...

    async def plan(self, schedule: str, next_due_at: float) -> None: ...

    async def record(self, firing: Firing) -> bool:
        """False when this due time is recorded already; then nothing changes."""
        ...

    async def firings(self, schedule: str) -> tuple[Firing, ...]:
        """Oldest due time first."""
        ...


class DrillWork(Protocol):
    """Durable work: a due team drill is convened once, whichever replica asks first, and finished after a crash."""

    async def convene(self, due: Due, *, made_up: bool) -> None: ...


class Stage(Protocol):
    """Where team drills are played."""

    async def open(self, drill: TeamDrill) -> None:
        """Ask it; safe to repeat with the same key."""
        ...


class DrillBook(Protocol):
    """Drills that are being played. Each call is one transaction; times are epoch seconds."""

    async def open(self, drill: OpenDrill) -> OpenDrill:
        """Store it -> the one that is stored: a drill of this id may have been opened before."""
        ...

    async def get(self, drill_id: str) -> OpenDrill | None: ...

    async def placed(self, drill_id: str, message: MessageRef) -> None: ...

    async def close(self, drill_id: str, at: float) -> bool:
        """False when it is closed already, or unknown."""
        ...

    async def sit(self, drill_id: str, participant: str, at: float) -> Sitting:
        """Their sitting; it begins with the first call."""
        ...

    async def asked(self, drill_id: str, participant: str, topic: str) -> None: ...

    async def hinted(self, drill_id: str, participant: str, most: int) -> int:
        """One hint more, up to `most` -> how many now."""
        ...

    async def answered(self, drill_id: str, participant: str, answers: Mapping[str, JsonValue], at: float) -> bool:
        """False when they answered before: the first answer counts."""
        ...

    async def sittings(self, drill_id: str) -> tuple[Sitting, ...]:
        """By participant."""
        ...

    async def waiting(self) -> tuple[Sitting, ...]:
        """Answered, and their mark has not reached them."""
        ...

    async def told(self, drill_id: str, participant: str) -> None: ...

    async def dispute(self, drill_id: str, participant: str, said: str, at: float) -> int | None:
        """The dispute's number; None when it is disputed already."""
        ...

    async def disputes(self) -> tuple[Dispute, ...]:
        """Undecided ones, oldest first."""
        ...

    async def decide(self, number: int, by: str, decision: str, score: float | None, at: float) -> Dispute | None:
        """A person's word on a dispute; None when it is decided, unknown, or their own."""
        ...


class Herald(Protocol):
    """Says what readiness has to say."""

    async def privately(self, person: str, text: str, key: str) -> None: ...

    async def publicly(self, channel: str, text: str, key: str) -> None: ...


class Marks(Protocol):
    """Marked drills, as they stand after disputes."""

    async def keep(self, key: str, drill: MarkedDrill) -> int:
        """Once a key (the play and its participant) -> the stored drill's number, also when it was kept before."""
        ...

    async def dispute(self, number: int) -> None:
        """Its participant says that the mark is wrong; the mark stays until somebody corrects it."""
        ...

    async def correct(self, number: int, drill: MarkedDrill) -> None: ...

    async def disputed(self, since: float = 0.0) -> Mapping[str, int]:
        """Scenario -> how many of its marks from `since` on were disputed."""
        ...

    async def marked(self, since: float = 0.0) -> tuple[MarkedDrill, ...]:
        """Everybody's from `since` (epoch seconds) on, oldest first."""
        ...


class PagesTaken(Protocol):
    """Real pages and who took them."""

    async def taken(self, rotation: Rotation) -> Mapping[str, tuple[RealPage, ...]]:
        """Person's id -> their pages, oldest first."""
        ...


class Duty(Protocol):
    """Who is on call, as a rotation's source tells it."""

    async def shifts(self, start: float, end: float) -> tuple[Shift, ...]:
        """Those that touch the half-open interval, oldest first; `person` is what the source calls them."""
        ...


class ReadinessBook(Protocol):
    """What is logged about readiness; nothing in it is ever changed."""

    async def log(self, act: Act) -> None: ...

    async def acts(self, person: str | None = None) -> tuple[Act, ...]:
        """Oldest first; None = everybody's."""
        ...

    async def served(self, shifts: Sequence[Shift]) -> int:
        """Remember shifts that have ended (known ones stay as they are) -> how many were new: a source forgets them."""
        ...

    async def shifts(self, person: str | None = None) -> tuple[Shift, ...]: ...


class Outcomes(Protocol):
    """How incidents went."""

    async def add(self, milestone: Milestone) -> None:
        """BadInput when there is no such incident."""
        ...

    async def courses(self, start: float, end: float) -> tuple[Course, ...]:
        """Incidents resolved in the half-open interval (epoch seconds), oldest first."""
        ...


class Work(Protocol):
    """Durable work: what is started here is finished after a crash."""

    async def triage(self, incident: Incident) -> None:
        """Start (or join) the triage of this incident's revision; returns as soon as it is stored."""
        ...
