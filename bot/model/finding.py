"""What one test of the library measured, and what one check concluded from its tests."""

from dataclasses import dataclass, field
from enum import StrEnum

from bot.model.evidence import Windows
from bot.model.frame import BoolArray
from bot.model.report import Outcome
from bot.model.value import Value


class Grade(StrEnum):
    """How far a test passed its gates (catalogue 0.3)."""

    STRONG = "strong"
    MODERATE = "moderate"
    WEAK = "weak"
    NONE = "none"
    OPPOSITE = "opposite"  # a clear effect in the other direction
    NA = "na"  # not assessable: a field is missing or n is below the minimum


class Role(StrEnum):
    REQUIRED = "required"
    SUPPORTING = "supporting"
    CONTRA = "contra"


class Signal(StrEnum):
    """The signal a test reads: within one group evidence is not added up (catalogue 2.2, rule 4)."""

    ORIGIN = "error-origin"
    LATENCY = "latency"
    TOKENS = "tokens"
    FORM = "output-form"
    FEEDBACK = "feedback"
    CHANGE = "change-events"
    SLICE = "slice"
    TELEMETRY = "telemetry"
    VOLUME = "volume"


class Measured(Value):
    """The result of one test. `effect`, `z` and `p` are the test's own statistics; `numbers` go into the report."""

    test: str  # PROP, LOC, ... of catalogue 0.3
    grade: Grade
    effect: float | None = None
    z: float | None = None
    p: float | None = None
    n: int = 0
    n_baseline: int = 0
    mde: float | None = None  # smallest change that would have been seen with power .8, in the effect's unit
    numbers: dict[str, float | int | str | None] = {}
    missing: tuple[str, ...] = ()  # canonical fields, for NA
    reason: str = ""  # for NA: "n=12 below 30"


class Clue(Value):
    """One test's result as evidence for or against one cause."""

    name: str
    role: Role
    signal: Signal
    measured: Measured


@dataclass(frozen=True)
class Examination:
    """What one check concluded. `affected` marks the requests (rows of Evidence.requests) that carry the cause's evidence."""

    cause: str
    outcome: Outcome
    claim: str
    clues: tuple[Clue, ...] = ()
    missing: tuple[str, ...] = ()
    where: dict[str, str] = field(default_factory=dict)  # the cell the evidence is worst in, e.g. {"source_id": "kb-search"}
    affected: BoolArray | None = None
    numbers: dict[str, float | int | str | None] = field(default_factory=dict)
    error: str = ""  # for BROKEN
    windows: Windows | None = None  # the windows it was made in, where these are not the paged signal's
    cap: float = 1.0  # a check may say that its own evidence is never worth more confidence than this
