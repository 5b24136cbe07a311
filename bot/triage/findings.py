"""The parts of a report that list things: findings in order, what was ruled out, changes, exemplar traces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.engine.changing import began, ended, kinds_of, overlap
from bot.engine.groups import unresolved, untested
from bot.engine.questions import PASSED
from bot.engine.window import Chosen
from bot.engine.words import percent, share, times
from bot.model.change import Change, ChangeKind
from bot.model.evidence import Evidence
from bot.model.finding import Clue, Examination, Grade, Measured, Role
from bot.model.report import Outcome, ReportedChange, RuledOut, Verdict
from bot.stats.proportion import prop
from bot.triage.state import Located, Weights

EXEMPLARS = 3
HERRINGS = 20  # changes listed at the most, the nearest to the onset first
GROUP_RATIO = 0.25  # the runner-up is a real rival from a quarter of the leader's probability
NEAR = 24 * 3600.0  # changes within a day before the onset are worth a line even when they are innocent
LIVE = 30  # requests a version needs before two versions can be compared


def order(examined: Sequence[Examination], weights: Weights) -> tuple[Examination, ...]:
    """Found first by posterior, then clean, then skipped and broken; ties by cause id."""
    place = {one.cause: row for row, one in enumerate(weights.ranked)}
    rank = {Outcome.FOUND: 0, Outcome.CLEAN: 1, Outcome.SKIPPED: 2, Outcome.BROKEN: 3}
    return tuple(sorted(examined, key=lambda one: (rank[one.outcome], place.get(one.cause, 999), one.cause)))


@dataclass(frozen=True)
class Witness:
    """A supporting test of the named cause, as a sentence of its own."""

    cause: str
    claim: str
    measured: Measured


WITNESSES = 4  # evidence lines beside the finding itself: what fits on a phone


def witnesses(ordered: Sequence[Examination], weights: Weights) -> tuple[Witness, ...]:
    """What else speaks for the named cause, the strongest first; empty when none is named or it does not stand first."""
    named = weights.judged.cause
    if not ordered or ordered[0].cause != named or ordered[0].outcome is not Outcome.FOUND:
        return ()
    clues = weights.clues.get(named, ordered[0].clues)
    passed = [clue for clue in clues if clue.measured.grade in PASSED and clue.role is not Role.CONTRA]
    required = [clue for clue in passed if clue.role is Role.REQUIRED]
    rest = [clue for clue in passed if clue.role is Role.SUPPORTING]
    rest.sort(key=lambda clue: clue.measured.grade is not Grade.STRONG)
    told = [Witness(named, sentence(clue), clue.measured) for clue in (*required[1:], *rest)]
    return tuple(told[:WITNESSES])


def sentence(clue: Clue) -> str:
    """One supporting test in words, from its own numbers."""
    numbers, measured = clue.measured.numbers, clue.measured
    if measured.test == "EXPL" and measured.effect is not None:
        return f"{percent(measured.effect)} of the excess {clue.name}"
    if measured.test in ("ORIG", "SLICE") and measured.effect is not None:
        return f"{clue.name}: {percent(measured.effect)} of the excess"
    if measured.test == "PILE" and isinstance(numbers.get("at_deadline"), int | float):
        seconds = float(numbers.get("deadline_ms") or 0) / 1000
        return f"{clue.name}: {percent(float(numbers['at_deadline'] or 0))} of them within 5 % of {seconds:.1f} s"
    if measured.test == "NOVEL" and numbers.get("value"):
        return f"{clue.name}: {str(numbers['value'])[:60]}, now {percent(measured.effect or 0.0)}"
    if measured.test == "ONSET" and measured.effect is not None:
        minutes = round(measured.effect / 60)
        return f"{clue.name}, {minutes} min apart" if minutes else clue.name
    if "rate" in numbers:
        return f"{clue.name}: {share(measured)}"
    if "ratio" in numbers:
        return f"{clue.name}: {times(measured)}"
    shown = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in sorted(numbers.items()) if value is not None)
    return f"{clue.name}: {shown[:160]}" if shown else clue.name


def traces_of(one: Examination, evidence: Evidence) -> tuple[str, ...]:
    """The newest requests of the current window that carry the evidence."""
    if one.affected is None or one.outcome is not Outcome.FOUND:
        return ()
    traces = evidence.seen.text("trace")
    rows = np.flatnonzero(one.affected & evidence.in_current)
    names = [traces.text(int(row)) for row in rows[np.argsort(-evidence.seen.number("ts")[rows], kind="stable")][:EXEMPLARS]]
    return tuple(name for name in names if name)


def grouped(weights: Weights, evidence: Evidence, examined: Sequence[Examination]) -> tuple[str, ...] | None:
    """Both leaders of one ambiguity group whose separating field is missing: the group is the honest answer.

    So it is where the leader's rivals could not be tested at all for want of that field: failed model calls without any error class.
    """
    if weights.judged.verdict is not Verdict.FAULT or not weights.ranked:
        return None
    skipped = frozenset(one.cause for one in examined if one.outcome is Outcome.SKIPPED)
    if weights.judged.cause is not None and (rivals := untested(weights.judged.cause, skipped, evidence)):
        return rivals
    if len(weights.ranked) < 2:
        return None
    first, second = weights.ranked[0], weights.ranked[1]
    if second.probability < GROUP_RATIO * first.probability:
        return None
    group = unresolved(first.cause, second.cause, evidence)
    return tuple(sorted((first.cause, second.cause))) if group is not None else None


def ruled_out(examined: Sequence[Examination], ids: Mapping[str, str], weights: Weights, evidence: Evidence) -> tuple[RuledOut, ...]:
    """Rival causes that were tested and are clean or explained away, and changes that were looked at."""
    explained = {one.child: one.parent for one in weights.explained}
    named = weights.judged.cause
    rows = []
    for one in examined:
        if one.cause == named or one.cause.startswith("none."):
            continue
        if one.cause in explained:
            rows.append(RuledOut(cause=one.cause, why=f"{ids[one.cause]}: a consequence of {explained[one.cause]}"))
        elif one.outcome is Outcome.CLEAN:
            rows.append(RuledOut(cause=one.cause, why=ids[one.cause]))
    innocent = [RuledOut(change=_name(change), why=why) for change, why in _innocent(evidence, weights)]
    return (*innocent, *rows)


def _name(change: Change) -> str:
    return f"{change.kind.value} {change.object}"[:120]


def _innocent(evidence: Evidence, weights: Weights) -> list[tuple[Change, str]]:
    suspect = weights.suspects.get(weights.judged.cause or "")
    found = []
    for change in recent(evidence):
        if suspect is not None and change.id == suspect.id:
            continue
        same = same_on_both(evidence, change)
        if same:
            found.append((change, same))
        elif weights.judged.verdict is Verdict.FAULT and weights.judged.cause:
            found.append((change, why_not(evidence, change, weights)))
    return found


def recent(evidence: Evidence) -> tuple[Change, ...]:
    """Changes within a day of the current window's signal, newest first; at most HERRINGS."""
    first = min(evidence.windows.current.start, evidence.windows.baseline.end)
    near = [change for change in evidence.changes or () if ended(change) >= first - NEAR and began(change) <= evidence.windows.now]
    return tuple(sorted(near, key=lambda change: (-began(change), change.id))[:HERRINGS])


def same_on_both(evidence: Evidence, change: Change) -> str | None:
    """The best exoneration: both versions live in the current window, and equally bad (baseline B3)."""
    column = {ChangeKind.APP: "app_version"}.get(change.kind)
    if column is None or change.before is None or change.after is None or evidence.bad is None:
        return None
    versions = evidence.seen.text(column)
    old, new = versions.equals(change.before) & evidence.in_current, versions.equals(change.after) & evidence.in_current
    n_old, n_new = int(old.sum()), int(new.sum())
    if n_old < LIVE or n_new < LIVE:
        return None
    bad_old, bad_new = int((evidence.failing & old).sum()), int((evidence.failing & new).sum())
    measured = prop(bad_old, n_old, bad_new, n_new)
    if (measured.z or 0.0) >= 2.8:
        return None
    return f"same rate on old and new version: {bad_old}/{n_old} and {bad_new}/{n_new}"


def why_not(evidence: Evidence, change: Change, weights: Weights) -> str:
    """Why a change near the onset is not the suspect."""
    cause = weights.judged.cause or ""
    if change.kind not in kinds_of(cause):
        return f"a change of {change.kind.value} does not bring about {cause}"
    if overlap(change, {}, evidence.service) == 0.0:
        return f"it is about {change.scope.service or change.object}, not about what failed"
    return "it does not fit the onset or the failing slice"


def changed(evidence: Evidence, chosen: Chosen | None, located: Located, weights: Weights) -> tuple[ReportedChange, ...]:
    """Change events near the trouble, with the reason why each is suspect or not."""
    suspect = weights.suspects.get(weights.judged.cause or "")
    onset = located.onsets.get(weights.judged.cause or "")
    rows = []
    for change in recent(evidence):
        guilty = suspect is not None and change.id == suspect.id and weights.judged.verdict is Verdict.FAULT
        rows.append(
            ReportedChange(time=change.time, kind=change.kind.value, object=change.object[:120], suspect=guilty,
                           why=_reason(evidence, change, weights, guilty, onset is not None))
        )  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (row.time, row.kind, row.object)))


def _reason(evidence: Evidence, change: Change, weights: Weights, guilty: bool, dated: bool) -> str:
    if guilty:
        return "it fits the onset and can bring this cause about; the telemetry, not the timing, is the evidence"
    same = same_on_both(evidence, change)
    if same:
        return same
    if weights.judged.cause and weights.judged.verdict is Verdict.FAULT:
        return why_not(evidence, change, weights) if dated else "the onset of the cause could not be dated"
    return "nothing that was measured points to it"
