"""The report: what one triage says, in the format of contract.md section 2."""

import math
from enum import StrEnum

from pydantic import Field

from bot.model.narration import Narration
from bot.model.value import Moment, Value, moment, rfc3339


class Outcome(StrEnum):
    FOUND = "found"
    CLEAN = "clean"
    SKIPPED = "skipped"  # a need was not collected
    BROKEN = "broken"  # the check raised; the others still ran


class Verdict(StrEnum):
    FAULT = "fault"
    NO_FAULT = "no_fault"
    INSUFFICIENT = "insufficient_data"


class Span(Value):
    """A half-open stretch of time."""

    start: Moment
    end: Moment


class ReportedFinding(Value):
    """One finding; the only thing a sentence may be rendered from. `id` is F1, F2, ... within the report."""

    id: str
    check: str
    outcome: Outcome
    claim: str
    numbers: dict[str, float | int | str | None] = Field(default_factory=dict)
    window: Span | None = None
    baseline: Span | None = None
    n: int = 0
    traces: tuple[str, ...] = ()


class Ranked(Value):
    cause: str
    layer: str
    confidence: float


class Fault(Ranked):
    share: float  # of the excess bad requests


class Onset(Value):
    at: Moment
    earliest: Moment
    latest: Moment
    shape: str  # step | ramp


class Slice(Value):
    where: dict[str, str]
    equivalent: tuple[dict[str, str], ...] = ()
    share_of_traffic: float
    share_of_excess: float


class Impact(Value):
    """`threshold`: of a signal that is a number, in its unit, the value beyond which a request counts as bad."""

    bad: int
    total: int
    baseline_rate: float | None
    rate: float | None
    excess_bad: int
    threshold: float | None = None


class ExplainedAway(Value):
    cause: str
    by: str
    share: float


class RuledOut(Value):
    """Either a rival cause or a change event, with the finding that excludes it."""

    cause: str | None = None
    change: str | None = None
    why: str


class NotChecked(Value):
    check: str
    missing: tuple[str, ...]


class ReportedChange(Value):
    time: Moment
    kind: str
    object: str
    suspect: bool
    why: str


class RunbookMatch(Value):
    id: str
    title: str
    score: float
    why: str


class NextAction(Value):
    action: str
    verify: str
    rollback: str


class Engine(Value):
    version: str
    config_hash: str
    input_hash: str


class SeriesPoint(Value):
    """One bucket of the paged signal, for the chart: epoch seconds, bad, total."""

    at: float
    bad: float
    total: float


class Report(Value):
    schema_: str = "midwatch.report/1"
    verdict: Verdict
    layer: str | None
    cause: str | None
    group: tuple[str, ...] | None = None
    confidence: float
    layer_confidence: float
    ranked: tuple[Ranked, ...] = ()
    faults: tuple[Fault, ...] = ()
    onset: Onset | None = None
    slice: Slice | None = None
    impact: Impact
    findings: tuple[ReportedFinding, ...] = ()
    explained_away: tuple[ExplainedAway, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    observability: float
    changes: tuple[ReportedChange, ...] = ()
    runbooks: tuple[RunbookMatch, ...] = ()
    next: tuple[NextAction, ...] = ()
    gaps: tuple[str, ...] = ()  # back ends that did not answer, in words; an extension of the contract
    reasons: tuple[str, ...] = ()  # why it abstained; an extension of the contract
    signal: str = "failed requests"  # what `impact` and the chart count; an extension of the contract
    chart: tuple[SeriesPoint, ...] = ()  # an extension of the contract
    narration: Narration | None = None  # a narrator's words, put beside it afterwards; no part of the document
    engine: Engine

    def document(self) -> dict[str, object]:
        """The contract's JSON document: `schema` first, floats at six significant digits, times in RFC 3339."""
        body = self.model_dump(mode="json", exclude={"narration"})
        body["chart"] = [point | {"at": rfc3339(moment(point["at"]))} for point in body["chart"]]
        schema = body.pop("schema_")
        ruled_out = [{key: value for key, value in row.items() if value is not None} for row in body["ruled_out"]]
        rounded = _rounded({**body, "ruled_out": ruled_out})
        assert isinstance(rounded, dict)
        return {"schema": schema, **rounded}


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value
