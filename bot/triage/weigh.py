"""Step 5: the posterior over causes, after explaining consequences away, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.engine.abstain import Judged, judge, observability
from bot.engine.beside import BESIDE, beside
from bot.engine.calibration import FITTED
from bot.engine.changing import clue
from bot.engine.check import Check
from bot.engine.claimed import doubts, visible
from bot.engine.corroboration import ASIDE, SOLE, denied, has_onset, onset_clue, over_clue, share_clue, share_of
from bot.engine.evidence import LASTING, Weighed, caps_of, layers, posterior
from bot.engine.precedence import EDGES, EXPLAINED, Explained, excess, explain_away
from bot.engine.remixed import MIX, remixed
from bot.engine.topics import unchecked
from bot.engine.window import Chosen
from bot.model.change import Change
from bot.model.evidence import Evidence
from bot.model.finding import Clue, Examination, Grade, Measured, Role, Signal
from bot.model.report import Outcome, Verdict
from bot.triage.examine import all_strong, seen_by
from bot.triage.state import Located, Weights

SHARP = 30 * 60.0  # an onset interval wider than this is not sharp (catalogue 0.3, ONSET)
RECENT = 30 * 24 * 3600.0
AGAIN = 0.5  # nats for a cause this service had within thirty days (rule 6)
SECOND = 0.50  # of a second fault's own excess that must lie outside the first one's requests
ALONE = 0.80  # posterior of a second fault against everything that was not found


def weigh(
    evidence: Evidence, examined: tuple[Examination, ...], located: Located, chosen: Chosen | None, start: float, checks: Sequence[Check]
) -> Weights:
    """Rank the causes and judge."""
    intervals = {cause: (onset.earliest.timestamp(), onset.latest.timestamp()) for cause, onset in located.onsets.items()}
    full = _against_none(tuple(_corroborated(evidence, one, intervals) for one in examined))
    found = {one.cause: one for one in full if one.outcome is Outcome.FOUND and not one.cause.startswith("none.")}
    mixed = _mixed(evidence, found)
    explained = (*explain_away(evidence, found, intervals), *mixed)
    symptoms = frozenset(one.child for one in explained if one.share >= EXPLAINED or one in mixed) | denied(found.values())
    suspects, extra = _changes(evidence, found, located, intervals, start)
    for cause, one in found.items():
        extra[cause] = extra.get(cause, 0.0) + _again(evidence, cause) - (FITTED.elsewhere if one.windows is not None else 0.0)
        extra[cause] -= BESIDE if beside(evidence, cause) else 0.0
    blind = "telemetry.trace_loss" in found
    n_current = int(evidence.in_current.sum())
    for cause, nats_ in _by_share(_shares(evidence, found)).items():
        extra[cause] = extra.get(cause, 0.0) + nats_
    caps = {one.cause: caps_of(one, blind=blind, loose=_loose(one, located), n_current=n_current) for one in full}
    weights = {one.slug: one.prior for one in checks}
    moved = chosen is not None and chosen.change is not None
    ranked = posterior(full, weights, extra, symptoms, caps, moved=moved)
    by_cause = {one.cause: one for one in full}
    seen = observability(checks, by_cause, evidence)
    judged = judge(
        ranked,
        seen=seen,
        n_current=n_current,
        moved=moved,
        claimed_visible=visible(evidence),
        doubts=(*doubts(evidence), *_unchecked(chosen, by_cause)),
        found=frozenset(one.cause for one in full if one.outcome is Outcome.FOUND),
        unseen=evidence.unseen,
        missing=missing(full),
    )
    judged = replace(judged, reasons=(*_unseen(evidence), *judged.reasons)) if judged.verdict is Verdict.INSUFFICIENT else judged
    second = _second(evidence, ranked, by_cause, judged) if judged.cause else None
    clues = {one.cause: one.clues for one in full}
    return Weights(ranked, explained, suspects, seen, judged, second, _shares(evidence, found), clues, extra, caps)


def _mixed(evidence: Evidence, found: Mapping[str, Examination]) -> tuple[Explained, ...]:
    """Found causes whose requests are as many as they were inside each part of those who ask."""
    seen = {cause: remixed(seen_by(evidence, one), one) for cause, one in sorted(found.items())}
    return tuple(Explained(cause, MIX, round(one.share, 4)) for cause, one in seen.items() if one is not None)


def _unchecked(chosen: Chosen | None, by_cause: Mapping[str, Examination]) -> tuple[str, ...]:
    """What the page's own signal would show first and nobody could look for."""
    if chosen is None or chosen.signal is None:
        return ()
    dark = unchecked(chosen.signal.name, by_cause)
    return (f"{chosen.signal.words} would show {', '.join(dark)} first, which could not be checked",) if dark else ()


def _unseen(evidence: Evidence) -> tuple[str, ...]:
    """Not collected, and collected with nothing there, are two different answers."""
    if evidence.requests is None:
        return ("traces were not collected",)
    return () if evidence.requests.n else ("traces were collected, and there is none in the day before the page",)


def _by_share(shares: Mapping[str, float]) -> dict[str, float]:
    """What carries most of the paged excess is likelier its cause; what carries next to none of it is not, once another carries most."""
    if not any(share >= SOLE for share in shares.values()):
        return {}
    return {cause: FITTED.holds_most if share >= SOLE else -FITTED.holds_none if share < ASIDE else 0.0 for cause, share in shares.items()}


def _against_none(examined: tuple[Examination, ...]) -> tuple[Examination, ...]:
    """A cause whose discriminating tests are all strong speaks against "nothing happened", whatever the paged signal does."""
    loud = [
        one
        for one in examined
        if one.outcome is Outcome.FOUND and not one.cause.startswith("none.") and all_strong(one) and not is_over(one)
    ]
    grade = Grade.STRONG if loud else Grade.NONE
    measured = Measured(test="CAUSES", grade=grade, n=len(examined), numbers={"found": ", ".join(one.cause for one in loud)[:200]})
    clue_ = Clue(name="causes found", role=Role.CONTRA, signal=Signal.FORM, measured=measured)
    return tuple(replace(one, clues=(*one.clues, clue_)) if one.cause.startswith("none.") and one.clues else one for one in examined)


def missing(examined: Sequence[Examination]) -> tuple[str, ...]:
    """Canonical names that kept checks from running, the most wanted first."""
    wanted: dict[str, int] = {}
    for one in examined:
        if one.outcome is Outcome.SKIPPED:
            for name in one.missing:
                if " " in name and not name.endswith(" spans"):
                    continue  # too few of something, which no field would mend
                wanted[name] = wanted.get(name, 0) + 1
    return tuple(sorted(wanted, key=lambda name: (-wanted[name], name)))[:8]


def _corroborated(evidence: Evidence, one: Examination, intervals: Mapping[str, tuple[float, float]]) -> Examination:
    """Add the clues that every found cause shares."""
    if one.outcome is not Outcome.FOUND or one.cause.startswith("none.") or one.affected is None or not one.affected.any():
        return one
    seen = seen_by(evidence, one)
    clues = [] if beside(evidence, one.cause) else [share_clue(seen, one.affected)]
    if has_onset(seen, one):
        clues += [onset_clue(evidence.onset, intervals.get(one.cause)), over_clue(seen, one.affected)]
    return replace(one, clues=(*one.clues, *(clue_ for clue_ in clues if clue_ is not None)))


def is_over(one: Examination) -> bool:
    return any(clue_.measured.test == LASTING and clue_.measured.grade is Grade.STRONG for clue_ in one.clues)


def _shares(evidence: Evidence, found: Mapping[str, Examination]) -> dict[str, float]:
    shares = {cause: share_of(seen_by(evidence, one), one.affected) for cause, one in found.items() if not beside(evidence, cause)}
    return {cause: share for cause, share in shares.items() if share is not None}


def _changes(
    evidence: Evidence, found: Mapping[str, Examination], located: Located, intervals: Mapping[str, tuple[float, float]], start: float
) -> tuple[dict[str, Change], dict[str, float]]:
    suspects: dict[str, Change] = {}
    extra: dict[str, float] = {}
    for cause in sorted(found):
        if cause not in intervals:
            continue
        slice_ = located.slices.get(cause)
        where = {**(slice_.where if slice_ else {}), **found[cause].where}
        one = clue(evidence, cause, intervals[cause], where, start)
        extra[cause] = one.nats
        if one.change is not None:
            suspects[cause] = one.change
    return suspects, extra


def _again(evidence: Evidence, cause: str) -> float:
    now = evidence.windows.now
    return AGAIN if any(past.cause == cause and now - past.closed_at <= RECENT for past in evidence.history or ()) else 0.0


def _loose(one: Examination, located: Located) -> bool:
    onset = located.onsets.get(one.cause)
    sharp = onset is not None and (onset.latest - onset.earliest).total_seconds() <= SHARP
    return not sharp and not one.where and one.cause not in located.slices


def _second(evidence: Evidence, ranked: Sequence[Weighed], by_cause: Mapping[str, Examination], judged: Judged) -> Weighed | None:
    """A second, independent fault: of another layer, found, likely on its own, and left when the first one's requests are taken out."""
    first = by_cause[judged.cause or ""]
    if first.affected is None:
        return None
    rest = 1.0 - sum(one.probability for one in ranked if by_cause[one.cause].outcome is Outcome.FOUND and one.layer != "none")
    for one in ranked:
        other = by_cause[one.cause]
        if one.layer in ("none", judged.layer) or other.outcome is not Outcome.FOUND or other.affected is None or is_over(other):
            continue
        if one.cause in EDGES.get(first.cause, ()) or first.cause in EDGES.get(one.cause, ()):
            continue  # one may well be the other's consequence, however the requests happen to lie
        whole = excess(seen_by(evidence, other), other.affected)
        left = excess(seen_by(evidence, other), other.affected, first.affected)
        alone = one.probability / max(1e-12, one.probability + rest)
        if whole > 0 and left / whole >= SECOND and alone >= ALONE:
            return replace(one, confidence=min(alone, by_cause[one.cause].cap))
    return None


def layer_confidence(weights: Weights) -> float:
    judged = weights.judged
    return layers(weights.ranked).get(judged.layer or "none", 0.0)
