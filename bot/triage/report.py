"""Step 7: the report. Every sentence comes from a typed finding; nothing is concluded here that was not weighed before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bot import __version__
from bot.engine.evidence import CAP_GROUP, layers
from bot.engine.precedence import EXPLAINED
from bot.engine.remixed import MIX
from bot.engine.signals import BETTER_HIGH
from bot.engine.window import Chosen, counts
from bot.model.evidence import Evidence, Interval
from bot.model.finding import Examination, Role
from bot.model.frame import BoolArray, FloatArray
from bot.model.report import (
    Engine,
    ExplainedAway,
    Fault,
    Impact,
    NotChecked,
    Onset,
    Outcome,
    Ranked,
    Report,
    ReportedFinding,
    SeriesPoint,
    Slice,
    Span,
    Verdict,
)
from bot.model.value import moment
from bot.triage.examine import seen_by
from bot.triage.findings import Witness, changed, grouped, order, ruled_out, traces_of, witnesses
from bot.triage.localise import described
from bot.triage.state import Asked, Gathered, Located, Recalled, Weights

CHART_MINUTES = 5  # bucket of the chart: a phone is some 100 buckets wide
RANKED = 5


TAIL = 0.95  # quantile of its own past beyond which a number counts as bad: as users of the slowest twentieth felt it before
PAST = 100  # values before


def compose(
    asked: Asked,
    gathered: Gathered,
    chosen: Chosen | None,
    evidence: Evidence,
    examined: tuple[Examination, ...],
    located: Located,
    weights: Weights,
    recalled: Recalled,
    gaps: tuple[str, ...],
) -> Report:
    """Put the steps' results into the contract's words."""
    ordered = order(examined, weights)
    told = witnesses(ordered, weights)
    ids = {one.cause: f"F{row}" for row, one in enumerate(ordered, start=1)}
    if told:  # what supports the named cause stands right behind it
        ids = {cause: f"F{row if row == 1 else row + len(told)}" for row, cause in enumerate(ids, start=1)}
    judged = weights.judged
    by_layer = layers(weights.ranked)
    lead = weights.ranked[0] if weights.ranked else None
    named = next((one for one in weights.ranked if one.cause == judged.cause), None)
    group = grouped(weights, evidence, examined)
    return Report(
        verdict=judged.verdict,
        layer=judged.layer,
        cause=None if group else judged.cause,
        group=group,
        confidence=_clip(
            min(
                named.confidence if named else lead.confidence if lead and judged.verdict is Verdict.FAULT else 0.0,
                CAP_GROUP if group else 1.0,
            )
        ),
        layer_confidence=_clip(by_layer.get(judged.layer, 0.0) if judged.layer else named.confidence if named else 0.0),
        ranked=tuple(Ranked(cause=one.cause, layer=one.layer, confidence=_clip(one.confidence)) for one in weights.ranked[:RANKED]),
        faults=_faults(weights),
        onset=_onset(chosen, located, weights),
        slice=_slice(located, weights),
        impact=impact_of(evidence),
        findings=_findings(ordered, ids, told, evidence),
        explained_away=tuple(
            ExplainedAway(cause=one.child, by=one.parent, share=one.share)
            for one in weights.explained
            if one.share >= EXPLAINED or one.parent == MIX
        ),
        ruled_out=ruled_out(ordered, ids, weights, evidence),
        not_checked=tuple(
            NotChecked(check=one.cause, missing=one.missing or (one.claim.removeprefix("skipped: "),))
            for one in sorted(examined, key=lambda one: one.cause)
            if one.outcome in (Outcome.SKIPPED, Outcome.BROKEN)
        ),
        observability=round(weights.observability, 4),
        changes=changed(evidence, chosen, located, weights),
        runbooks=recalled.runbooks,
        next=recalled.next,
        gaps=tuple(dict.fromkeys((*gathered.notes, *gaps))),
        reasons=judged.reasons,
        signal=evidence.signal,
        chart=_chart(evidence, gathered.start),
        engine=Engine(version=__version__, config_hash=asked.config_hash, input_hash=asked.input_hash),
    )


def _clip(value: float) -> float:
    return float(min(max(value, 0.0), 0.99))


def _faults(weights: Weights) -> tuple[Fault, ...]:
    judged = weights.judged
    if judged.verdict is not Verdict.FAULT or judged.cause is None:
        return ()
    first = next(one for one in weights.ranked if one.cause == judged.cause)
    named = [first] + ([weights.second] if weights.second else [])
    share = {one.cause: weights.shares.get(one.cause, 1.0 if one is first else 0.0) for one in named}
    return tuple(Fault(cause=one.cause, layer=one.layer, confidence=_clip(one.confidence), share=_clip(share[one.cause])) for one in named)


def _onset(chosen: Chosen | None, located: Located, weights: Weights) -> Onset | None:
    """The onset of the named cause's own evidence, else of the paged signal."""
    if weights.judged.verdict is Verdict.NO_FAULT:
        return None
    cause = weights.judged.cause
    if cause is not None and cause in located.onsets:
        return located.onsets[cause]
    return described(chosen.change) if chosen is not None and chosen.change is not None else None


def _slice(located: Located, weights: Weights) -> Slice | None:
    if weights.judged.verdict is Verdict.NO_FAULT:
        return None
    cause = weights.judged.cause
    return located.slices.get(cause) if cause else located.slices.get("")


def impact_of(evidence: Evidence) -> Impact:
    """How many requests, of all of them even where a sample was read."""
    now, then, failing, threshold = evidence.in_current, evidence.in_baseline, evidence.failing, None
    if evidence.bad is None and evidence.value is not None:
        seen = ~np.isnan(evidence.value)
        now, then = now & seen, then & seen
        failing, threshold = _beyond(evidence.value, then, evidence.signal in BETTER_HIGH)
        if threshold is None:
            return Impact(bad=0, total=int(now.sum()) * evidence.coverage.one_in, baseline_rate=None, rate=None, excess_bad=0)
    bad, total = int((failing & now).sum()), int(now.sum())
    n_b = int(then.sum())
    base = float((failing & then).sum()) / n_b if n_b else None
    excess = max(0, round(bad - (base or 0.0) * total))
    each = evidence.coverage.one_in  # people were hit by all of them, not by the sample that was read
    rate = bad / total if total else None
    return Impact(bad=bad * each, total=total * each, baseline_rate=base, rate=rate, excess_bad=excess * each, threshold=threshold)


def _beyond(value: FloatArray, then: BoolArray, low: bool) -> tuple[BoolArray, float | None]:
    """Requests beyond the worst twentieth of a number's past; none where it has too short a past to have a twentieth."""
    if int(then.sum()) < PAST:
        return np.zeros(len(value), dtype=np.bool_), None
    threshold = float(np.quantile(value[then], 1.0 - TAIL if low else TAIL))
    with np.errstate(invalid="ignore"):
        return (value < threshold if low else value > threshold), threshold


def _span(interval: Interval) -> Span:
    return Span(start=moment(round(interval.start)), end=moment(round(interval.end)))


def _findings(
    ordered: tuple[Examination, ...], ids: Mapping[str, str], told: Sequence[Witness], evidence: Evidence
) -> tuple[ReportedFinding, ...]:
    rows = [_finding(ids[one.cause], one, evidence) for one in ordered]
    beside = [
        ReportedFinding(
            id=f"F{row}",
            check=one.cause,
            outcome=Outcome.FOUND,
            claim=one.claim,
            numbers=one.measured.numbers,
            window=_span(evidence.windows.current),
            baseline=_span(evidence.windows.baseline),
            n=one.measured.n,
        )
        for row, one in enumerate(told, start=2)
    ]
    return (*rows[:1], *beside, *rows[1:])


def _finding(id_: str, one: Examination, evidence: Evidence) -> ReportedFinding:
    required = [clue.measured for clue in one.clues if clue.role is Role.REQUIRED]
    return ReportedFinding(
        id=id_,
        check=one.cause,
        outcome=one.outcome,
        claim=one.claim,
        numbers=one.numbers,
        window=_span(seen_by(evidence, one).windows.current) if one.clues else None,
        baseline=_span(seen_by(evidence, one).windows.baseline) if one.clues else None,
        n=max((measured.n for measured in required), default=0),
        traces=traces_of(one, evidence),
    )


def _chart(evidence: Evidence, start: float) -> tuple[SeriesPoint, ...]:
    if evidence.requests is None or evidence.requests.n == 0 or evidence.bad is None:
        return ()
    step = CHART_MINUTES * 60.0
    size = max(1, int(np.ceil((evidence.windows.now - start) / step)))
    seen = np.ones(evidence.seen.n, dtype=np.bool_)
    bad, total = counts(evidence.seen.number("ts"), evidence.failing, seen, start, size, step)
    return tuple(
        SeriesPoint(at=float(start + i * step), bad=float(b), total=float(t)) for i, (b, t) in enumerate(zip(bad, total, strict=True))
    )
