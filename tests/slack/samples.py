"""Incidents to show: the 2am page of the catalogue's worked example, and its quieter relatives."""

from datetime import UTC, datetime, timedelta

import numpy as np

from bot.drills.readiness.desk import Next
from bot.drills.readiness.own import Own
from bot.drills.repetition.choose import Offer
from bot.model.drill import Competency, DrillType
from bot.model.incident import Incident, IncidentState, Progress
from bot.model.page import Page, Severity, Status
from bot.model.readiness import Lack, Level, Readiness, Standing
from bot.model.report import (
    Engine,
    ExplainedAway,
    Impact,
    NextAction,
    NotChecked,
    Onset,
    Outcome,
    Ranked,
    Report,
    ReportedChange,
    ReportedFinding,
    RuledOut,
    RunbookMatch,
    SeriesPoint,
    Slice,
    Span,
    Verdict,
)
from bot.slack.blocks.home import Homepage

PAGED = datetime(2026, 3, 2, 2, 7, tzinfo=UTC)
ONSET = datetime(2026, 3, 1, 22, 4, tzinfo=UTC)
CURRENT = Span(start=PAGED - timedelta(hours=1), end=PAGED)
BEFORE = Span(start=datetime(2026, 3, 1, 18, tzinfo=UTC), end=datetime(2026, 3, 1, 21, 50, tzinfo=UTC))
ENGINE = Engine(version="0.1.0", config_hash="c0ffee", input_hash="feed")

PAGE = Page(
    source="alertmanager",
    dedup_key="g1",
    title="AI assistant degraded: error rate 12 %",
    description="assistant answers fail for 12 % of requests, limit 1 %",
    status=Status.FIRING,
    severity=Severity.CRITICAL,
    service="assistant",
    starts_at=PAGED,
)


def _found(number: int, check: str, claim: str, n: int, outcome: Outcome = Outcome.FOUND, **numbers: float) -> ReportedFinding:
    traces = (f"{number:032x}", f"{number + 100:032x}") if outcome is Outcome.FOUND else ()
    return ReportedFinding(
        id=f"F{number}",
        check=check,
        outcome=outcome,
        claim=claim,
        numbers=dict(numbers),
        n=n,
        window=CURRENT,
        baseline=BEFORE,
        traces=traces,
    )


def chart() -> tuple[SeriesPoint, ...]:
    """Eight hours in minutes, 30 requests each, failing at 1.1 % and from the onset at 12 %."""
    random = np.random.default_rng(7)
    start = PAGED - timedelta(hours=8)
    points = []
    for minute in range(480):
        at = start + timedelta(minutes=minute)
        bad = float(random.binomial(30, 0.12 if at >= ONSET else 0.011))
        points.append(SeriesPoint(at=at.timestamp(), bad=bad, total=30))
    return tuple(points)


FAULT = Report(
    verdict=Verdict.FAULT,
    layer="retrieval",
    cause="retrieval.timeout",
    confidence=0.91,
    layer_confidence=0.97,
    ranked=(Ranked(cause="retrieval.timeout", layer="retrieval", confidence=0.91),),
    onset=Onset(at=ONSET, earliest=ONSET - timedelta(minutes=1), latest=ONSET + timedelta(minutes=2), shape="step"),
    slice=Slice(where={"source_id": "kb-search"}, equivalent=({"index shard": "2"},), share_of_traffic=0.8, share_of_excess=0.99),
    impact=Impact(bad=216, total=1800, baseline_rate=0.011, rate=0.12, excess_bad=196),
    findings=(
        _found(
            1,
            "retrieval.timeout",
            "Searches of kb-search time out: 0.3 % → 14.8 % (213 of 1,440)",
            1440,
            rate=0.148,
            baseline_rate=0.003,
            z=22,
        ),
        _found(
            2, "retrieval.timeout", "94 % of the failures last 5.00 ± 0.02 s: they stop at the deadline", 213, deadline_s=5.0, share=0.94
        ),
        _found(3, "retrieval.timeout", "196 of 216 failed requests first went wrong in retrieval", 216, excess_share=0.99),
        _found(4, "retrieval.timeout", "Searches of tickets are unchanged: 0.2 % → 0.2 %", 360, rate=0.002, baseline_rate=0.002),
        _found(
            5,
            "model.provider_incident",
            "Model calls fail as rarely as before: 0.4 % → 0.3 % (would have seen 0.6 points)",
            1790,
            Outcome.CLEAN,
        ),
        _found(6, "infra.traffic_surge", "Traffic is × 1.03 of the hour before", 1800, Outcome.CLEAN),
    ),
    explained_away=(ExplainedAway(cause="model.refusal_shift", by="retrieval.timeout", share=0.93),),
    ruled_out=(
        RuledOut(cause="model.provider_incident", why="F5"),
        RuledOut(cause="infra.traffic_surge", why="F6"),
        RuledOut(change="prompt assistant-system v41 → v42 at 18:20 UTC", why="it came 3 h 43 min before the onset"),
    ),
    not_checked=(NotChecked(check="retrieval.stale_index", missing=("doc.indexed_at",)),),
    observability=0.93,
    changes=(
        ReportedChange(
            time=ONSET - timedelta(hours=4), kind="prompt", object="assistant-system", suspect=False, why="outside the onset's window"
        ),
    ),
    runbooks=(
        RunbookMatch(id="retrieval.timeout", title="Retrieval timeouts (search index replica lost)", score=1.0, why="bound to the cause"),
    ),
    next=(
        NextAction(
            action="curl -s $SEARCH/_cluster/health?level=shards\nroute reads of kb-search to the healthy replica",
            verify="retrieval timeouts on kb-search below 1 % for 15 min",
            rollback="route reads back to all replicas",
        ),
    ),
    chart=chart(),
    engine=ENGINE,
)

NO_FAULT = Report(
    verdict=Verdict.NO_FAULT,
    layer=None,
    cause="none.mix_shift",
    confidence=0.84,
    layer_confidence=0.0,
    impact=Impact(bad=52, total=2400, baseline_rate=0.011, rate=0.0217, excess_bad=26),
    findings=(
        _found(1, "none.mix_shift", "The share of route /bulk rose from 4 % to 31 %, and it always failed more: 78 % of the rise", 2400),
        _found(
            2, "retrieval.timeout", "Searches time out as rarely as before: 0.3 % → 0.3 % (would have seen 0.9 points)", 1910, Outcome.CLEAN
        ),
        _found(
            3,
            "model.provider_incident",
            "Model calls fail as rarely as before: 0.4 % → 0.4 % (would have seen 0.6 points)",
            2380,
            Outcome.CLEAN,
        ),
    ),
    observability=0.93,
    chart=chart(),
    engine=ENGINE,
)

INSUFFICIENT = Report(
    verdict=Verdict.INSUFFICIENT,
    layer="retrieval",
    cause=None,
    confidence=0.31,
    layer_confidence=0.62,
    onset=Onset(at=ONSET, earliest=ONSET - timedelta(minutes=14), latest=ONSET + timedelta(minutes=11), shape="ramp"),
    impact=Impact(bad=216, total=1800, baseline_rate=0.011, rate=0.12, excess_bad=196),
    findings=(_found(1, "retrieval.timeout", "Failed requests rose from 1.1 % to 12 % and no cause reaches 0.45", 1800),),
    not_checked=(
        NotChecked(check="retrieval.stale_index", missing=("doc.indexed_at",)),
        NotChecked(check="retrieval.timeout", missing=("error.class", "retrieval.source_id")),
        NotChecked(check="retrieval.error", missing=("error.class",)),
        NotChecked(check="prompt.contract_break", missing=("prompt.version",)),
    ),
    observability=0.41,
    reasons=("error.class is on 0 of 5,400 spans", "no cause reaches 0.45"),
    chart=chart(),
    engine=ENGINE,
)


def incident(state: IncidentState = IncidentState.TRIAGED, report: Report | None = None, **changed: object) -> Incident:
    shown = Incident(
        id="INC-7",
        key="alertmanager g1",
        state=state,
        revision=1,
        opened_at=PAGED,
        title=PAGE.title,
        service="assistant",
        severity=Severity.CRITICAL,
        page=PAGE,
        report=report,
    )
    return shown.model_copy(update=changed)


def triaging() -> tuple[Incident, Progress]:
    return incident(IncidentState.TRIAGING), Progress(step="examine", detail="retrieval.timeout", done=6, total=18)


def own(**ready: object) -> Own:
    """What one person sees of themself: in grace, with one drill due."""
    drill = Offer("night-07", DrillType.PAGE, "retrieval.timeout", (Competency.RETRIEVAL,))
    lacks = (Lack(what="retrieval (last 120 d ago)", competency=Competency.RETRIEVAL),)
    levels = (Level(competency=Competency.RETRIEVAL, level=1, known=0.7, items=5, causes=3),)
    said = {
        "person": "UANNA",
        "standing": Standing.GRACE,
        "open": False,
        "lacks": lacks,
        "levels": levels,
        "until": PAGED + timedelta(days=9),
    }
    return Own("assistant", Readiness.model_validate(said | ready), Next((drill,), None, PAGED))


def homepage() -> Homepage:
    """The home tab in the night of the page."""
    first = incident(report=FAULT)
    other = incident(report=INSUFFICIENT, title="Answers without sources").model_copy(update={"id": "INC-9", "acknowledged_by": "UANNA"})
    blind = ("Metrics: no Prometheus is connected", "prompt.version: not recorded, 12 checks could not run")
    links = {one.id: f"https://example.slack.com/archives/C1/p{one.id[4:]}" for one in (first, other)}
    return Homepage(at=PAGED, incidents=(other, first), links=links, own=(own(),), blind=blind, command="/midwatch-drill")
