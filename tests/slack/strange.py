"""Hypothesis strategies for reports and incidents that a hostile or broken world could produce."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from bot.model import report as r
from bot.model.incident import Incident, IncidentState, Progress
from bot.model.page import Page, Severity, Status

HOSTILE = (
    "<!channel> <@U123456> <https://evil.example|ok>",
    "\u202egnp.exe\u202c \u200b\u200d\ufeff",
    "\x1b[2J\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "```\n*bold* _x_ :rotating_light:",
    "&<>" * 400,
    "x" * 10_000,
    "🦊" * 4_000,
    "a\n" * 3_000,
    "e" + "\u0301" * 500,
    "",
    " ",
    "\ud800",
)
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60))
shares = st.floats(0, 1)
moments = st.integers(0, 2_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
causes = st.one_of(st.sampled_from(("retrieval.timeout", "none.mix_shift", "prompt.pii_in_examples", "model.ttft_regression")), texts)
numbers = st.dictionaries(texts, st.one_of(st.none(), texts, st.integers(), st.floats(allow_nan=False, allow_infinity=False)), max_size=8)


def several(one: st.SearchStrategy, most: int) -> st.SearchStrategy:
    """Few as a rule, and now and then the same one very often: a list of 500 is as legal as a list of 2."""
    return st.one_of(st.lists(one, max_size=3).map(tuple), one.map(lambda value: (value,) * most))


spans = st.builds(r.Span, start=moments, end=moments)
findings = st.builds(
    r.ReportedFinding,
    id=texts,
    check=causes,
    outcome=st.sampled_from(r.Outcome),
    claim=texts,
    numbers=numbers,
    window=st.none() | spans,
    baseline=st.none() | spans,
    n=st.integers(0, 10**9),
    traces=several(texts, 200),
)
slices = st.builds(
    r.Slice,
    where=st.dictionaries(texts, texts, max_size=5),
    equivalent=st.lists(st.dictionaries(texts, texts, max_size=3), max_size=3).map(tuple),
    share_of_traffic=shares,
    share_of_excess=shares,
)
onsets = st.builds(r.Onset, at=moments, earliest=moments, latest=moments, shape=st.sampled_from(("step", "ramp")))
reports = st.builds(
    r.Report,
    verdict=st.sampled_from(r.Verdict),
    layer=st.none() | st.sampled_from(("retrieval", "model")) | texts,
    cause=st.none() | causes,
    group=st.none() | several(causes, 40),
    confidence=shares,
    layer_confidence=shares,
    faults=several(st.builds(r.Fault, cause=causes, layer=texts, confidence=shares, share=shares), 9),
    onset=st.none() | onsets,
    slice=st.none() | slices,
    impact=st.builds(
        r.Impact,
        bad=st.integers(0, 10**6),
        total=st.integers(0, 10**6),
        baseline_rate=st.none() | shares,
        rate=st.none() | shares,
        excess_bad=st.integers(-5, 10**6),
    ),
    findings=several(findings, 500),
    explained_away=several(st.builds(r.ExplainedAway, cause=causes, by=causes, share=shares), 60),
    ruled_out=several(st.builds(r.RuledOut, cause=st.none() | causes, change=st.none() | texts, why=texts), 500),
    not_checked=several(st.builds(r.NotChecked, check=causes, missing=several(texts, 30)), 100),
    observability=shares,
    changes=several(st.builds(r.ReportedChange, time=moments, kind=texts, object=texts, suspect=st.booleans(), why=texts), 300),
    runbooks=several(st.builds(r.RunbookMatch, id=texts, title=texts, score=shares, why=texts), 5),
    next=several(st.builds(r.NextAction, action=texts, verify=texts, rollback=texts), 3),
    gaps=several(texts, 40),
    reasons=several(texts, 40),
    signal=texts,
    engine=st.builds(r.Engine, version=texts, config_hash=texts, input_hash=texts),
)
pages = st.builds(
    Page,
    source=texts,
    dedup_key=texts,
    title=texts,
    description=texts,
    status=st.just(Status.FIRING),
    severity=st.sampled_from(Severity),
    starts_at=st.none() | moments,
)


def _incident(
    number: int, page: Page, opened: datetime, state: IncidentState, report: r.Report | None, alerts: int, user: str | None
) -> Incident:
    return Incident(
        id=f"INC-{number}",
        key="k",
        state=state,
        revision=1,
        opened_at=opened,
        resolved_at=opened + timedelta(minutes=number) if state is IncidentState.RESOLVED else None,
        alerts=alerts,
        title=page.title,
        service=page.source,
        severity=page.severity,
        page=page,
        acknowledged_by=user,
        report=report,
    )


incidents = st.builds(
    _incident,
    st.integers(1, 10**6),
    pages,
    moments,
    st.sampled_from(IncidentState),
    st.none() | reports,
    st.integers(0, 10**6),
    st.none() | st.just("U0ANNA") | texts,
)
progresses = st.none() | st.builds(Progress, step=texts, detail=texts, done=st.integers(-5, 10**6), total=st.integers(-5, 10**6))
