"""Evidence of a drill by topic, shown only when it is asked for: facts with their numbers, never a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.drills.exercise import Exercise
from bot.model.report import Outcome, Report, ReportedFinding, Verdict
from bot.model.value import moment, rfc3339
from bot.wording.literal import one_line

LAYERS = ("model", "prompt", "retrieval", "tool", "cost", "infra", "telemetry")
LINES = 14  # of one answer: what fits a phone without scrolling
BUCKETS = 12  # of the course over time
FACT = 220  # characters of one fact


@dataclass(frozen=True)
class Topic:
    name: str
    asks: str


TOPICS: tuple[Topic, ...] = (
    Topic("impact", "How many requests, of how many, and how was it before?"),
    Topic("course", "How did it go over the last hours?"),
    Topic("origin", "Where do bad traces first go wrong?"),
    Topic("who", "Who and what is affected?"),
    Topic("changes", "What was changed, by whom, when?"),
    *(Topic(layer, f"What do the checks of the {layer} layer measure?") for layer in LAYERS),
    Topic("traces", "Show me bad traces."),
    Topic("blind", "What can't be seen?"),
)
NAMES = tuple(one.name for one in TOPICS)


def shown(exercise: Exercise, topic: str) -> list[str]:
    """The lines of a topic; KeyError for one that is not in NAMES."""
    return _SHOW[topic](exercise)[:LINES] if topic in _SHOW else _layer(exercise.seen.report, topic)


def _impact(exercise: Exercise) -> list[str]:
    report = exercise.seen.report
    impact = report.impact
    before = "not known" if impact.baseline_rate is None else f"{impact.baseline_rate:.2%}"
    now = "not known" if impact.rate is None else f"{impact.rate:.2%}"
    return [f"{report.signal}: {impact.bad} of {impact.total} ({now}); before it was {before}; {impact.excess_bad} more than expected"]


def _course(exercise: Exercise) -> list[str]:
    chart = exercise.seen.report.chart
    if not chart:
        return ["there are no traces to count"]
    wide = max(1, -(-len(chart) // BUCKETS))
    lines = []
    for at in range(0, len(chart), wide):
        part = chart[at : at + wide]
        bad, total = sum(one.bad for one in part), sum(one.total for one in part)
        share = f"{bad / total:6.2%}" if total else "     -"
        lines.append(f"{rfc3339(moment(part[0].at))[5:16].replace('T', ' ')}  {bad:6.0f} of {total:6.0f}  {share}")
    return lines


def _origin(exercise: Exercise) -> list[str]:
    found = [one for one in exercise.seen.report.findings if "first went wrong" in one.claim]
    return [_fact(one) for one in found] or ["no layer stands out: most bad traces carry no error of any step"]


def _who(exercise: Exercise) -> list[str]:
    part = exercise.seen.report.slice
    if part is None:
        return ["no part of the traffic holds most of the excess: it is spread over everybody"]
    told = " and ".join(f"{name} = {value}" for name, value in sorted(part.where.items()))
    same = [" and ".join(f"{name} = {value}" for name, value in sorted(one.items())) for one in part.equivalent[:5]]
    head = f"{told}: {part.share_of_traffic:.1%} of the traffic, {part.share_of_excess:.0%} of the excess"
    return [head, *(f"the same requests: {one}" for one in same)]


def _changes(exercise: Exercise) -> list[str]:
    changes = exercise.seen.changes
    if changes is None:
        return ["no change log is collected"]
    late = sorted(changes, key=lambda one: (one.time, one.id), reverse=True)[:LINES]
    return [
        f"{rfc3339(one.time)[5:16].replace('T', ' ')}  {one.kind.value} {one_line(one.object, 50)}  {one_line(one.before or '?', 24)} -> "
        f"{one_line(one.after or '?', 24)}{f'  ({one_line(one.scope.service, 30)})' if one.scope.service else ''}"
        for one in late
    ] or ["nothing was changed in the days before"]


def _layer(report: Report, layer: str) -> list[str]:
    if layer not in LAYERS:
        raise KeyError(layer)
    own = [one for one in report.findings if one.check.startswith(f"{layer}.")]
    measured = [_fact(one) for one in own if one.outcome in (Outcome.FOUND, Outcome.CLEAN)]
    missing = sorted({name for one in report.not_checked if one.check.startswith(f"{layer}.") for name in one.missing})
    tail = [f"not measured: {', '.join(missing)[:FACT]}"] if missing else []
    return [*measured[: LINES - len(tail)], *tail] or ["nothing of this layer is measured"]


def _traces(exercise: Exercise) -> list[str]:
    ids = list(dict.fromkeys(trace for one in exercise.key.found for trace in one.traces))[:5]
    return [f"trace {one_line(one, 64)}" for one in ids] or ["no trace ids are kept with this evidence"]


def _blind(exercise: Exercise) -> list[str]:
    report = exercise.seen.report
    missing = sorted({name for one in report.not_checked for name in one.missing})
    lines = [f"{len(report.not_checked)} checks could not be made", *(f"missing: {one_line(one, 120)}" for one in missing[: LINES - 3])]
    return [*lines, *(one_line(gap, FACT) for gap in report.gaps[:2])]


def _fact(one: ReportedFinding) -> str:
    return f"{one.id}  {one_line(one.claim, FACT)}"


_SHOW: Mapping[str, Callable[[Exercise], list[str]]] = {
    "impact": _impact, "course": _course, "origin": _origin, "who": _who, "changes": _changes, "traces": _traces, "blind": _blind,
}  # fmt: skip


def hints(exercise: Exercise) -> tuple[str, ...]:
    """From a nudge to nearly the answer; each costs points."""
    key = exercise.key
    if key.truth.verdict is Verdict.INSUFFICIENT:
        missing = f"Missing: {', '.join(key.needs[:4])}"
        missing = f"Missing: {', '.join(key.needs[:4])}"
        return ("Ask what cannot be seen before you ask what it is.", "Would any answer be more than a guess here?", missing)
    if key.truth.verdict is Verdict.NO_FAULT:
        return ("Is anybody worse off than they used to be?", "Compare who asks now with who asked before.", "Nothing is broken.")
    rival = f"It is not {key.runner_up}." if key.runner_up else "The obvious suspect is well."
    return (f"The topics that decide it: {', '.join(minimal(exercise))}.", rival, f"It is in the {key.truth.layer} layer.")


def minimal(exercise: Exercise) -> tuple[str, ...]:
    """The fewest topics that hold the answer: how many were asked beside these is reported, never marked."""
    key = exercise.key
    if key.truth.verdict is Verdict.INSUFFICIENT:
        return ("blind",)
    if key.truth.verdict is Verdict.NO_FAULT:
        return ("course", "who")
    layers = sorted(key.layers & set(LAYERS))
    return (*(("who",) if key.truth.slice else ()), *layers[:2], "changes")
