"""How an incident went, as far as people said: who named which layer when, who was called, and what the review found."""

from enum import StrEnum

from pydantic import Field

from bot.model.value import Moment, Value


class MilestoneKind(StrEnum):
    NAMED = "named"  # a person said which layer it is
    ESCALATED = "escalated"  # the AI team was called
    MITIGATED = "mitigated"  # users no longer feel it
    REVIEWED = "reviewed"  # the review after closing: the label


class Milestone(Value):
    """Logged as it was said; a later one of the same kind does not undo it. A review's newest word is the label."""

    incident: str
    kind: MilestoneKind
    by: str = Field(min_length=1, max_length=64)
    at: Moment
    layer: str | None = Field(default=None, max_length=32)
    cause: str | None = Field(default=None, max_length=64)
    evidence: tuple[str, ...] = Field(default=(), max_length=20)  # finding ids, links, trace ids


class Told(Value):
    """What the report of the last triage said."""

    verdict: str
    layer: str | None = None
    cause: str | None = None
    confidence: float = 0.0


class Label(Value):
    cause: str | None  # None: nobody will ever know, or it was nothing the catalogue names
    layer: str | None
    source: str  # review | vote


class Course(Value):
    """One closed incident with all that was said about it, oldest first."""

    incident: str
    service: str | None = None
    paged_at: Moment
    resolved_at: Moment
    told: Told | None = None
    label: Label | None = None
    milestones: tuple[Milestone, ...] = ()
