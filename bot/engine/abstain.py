"""When not to answer (catalogue 2.8). The observability gate is the most important rule of the engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.engine.check import Check
from bot.engine.evidence import NAMED, Weighed, layers
from bot.model.evidence import Evidence
from bot.model.finding import Examination
from bot.model.report import Outcome, Verdict

OBSERVABILITY = 0.80  # share of prior weight whose discriminating tests could be made, for a "no fault" to mean anything
CALM = 0.70  # "likely" in the words of catalogue 2.2: people go back to bed on a "no fault"
LAYER_NAMED = 0.60
RIVAL = 0.05  # probability of a found fault from which "no fault" cannot be said beside it
ABSENT_KIND = 0.5  # weight of a cause whose whole kind of span is absent: the product may have none, or may not show it
ENOUGH = 100  # requests in C for a "no fault"


@dataclass(frozen=True)
class Judged:
    """The verdict, the cause and layer that may be named, and why it abstained."""

    verdict: Verdict
    cause: str | None
    layer: str | None
    reasons: tuple[str, ...]


def observability(checks: Sequence[Check], examined: Mapping[str, Examination], evidence: Evidence) -> float:
    """Sum of prior weights of assessable causes / sum of all; a cause whose kind of span is absent altogether counts half."""
    could, total = 0.0, 0.0
    for one in checks:
        if one.layer == "none":
            continue
        outcome = examined[one.slug].outcome
        weight = one.prior * (
            ABSENT_KIND if outcome is Outcome.SKIPPED and not one.applicable(evidence) and evidence.requests is not None else 1.0
        )
        total += weight
        could += weight if outcome in (Outcome.FOUND, Outcome.CLEAN) else 0.0
    return could / total if total else 0.0


def judge(
    weighed: Sequence[Weighed],
    *,
    seen: float,
    n_current: int,
    moved: bool,
    claimed_visible: bool,
    missing: Sequence[str],
    found: Collection[str],
    unseen: Sequence[str] = (),
    doubts: Sequence[str] = (),
) -> Judged:
    """`found`: causes whose discriminating tests passed; only these can be named, however little else is left.

    `moved`: the paged signal changed for good; `claimed_visible`: the page's claimed effect would have been seen (MDE).
    `doubts`: why what was looked at may not be what the page is about.
    """
    if not weighed:
        return Judged(Verdict.INSUFFICIENT, None, None, _lacking(missing) or ("nothing could be tested",))
    best = weighed[0]
    by_layer = layers(one for one in weighed if one.layer != "none")
    top_layer = max(by_layer, key=lambda layer: (by_layer[layer], layer), default=None)
    if best.layer == "none":
        calm = _no_fault(best, seen, n_current, moved, claimed_visible, missing, _rivals(weighed, found))
        blind: tuple[str, ...] = (f"what the page is about is not recorded: {', '.join(unseen)}",) if unseen else ()
        blind += tuple(doubts) if best.cause != "none.mix_shift" else ()
        return Judged(Verdict.INSUFFICIENT, None, None, (*blind, *calm.reasons)) if blind else calm
    sure = best.confidence >= NAMED or (best.probability >= NAMED and by_layer[best.layer] >= LAYER_NAMED and best.confidence >= 0.4)
    if best.cause in found and sure:
        return Judged(Verdict.FAULT, best.cause, best.layer, ())
    any_found = any(cause.startswith(f"{top_layer}.") for cause in found)
    if top_layer is not None and any_found and by_layer[top_layer] >= LAYER_NAMED and moved:
        return Judged(Verdict.FAULT, None, top_layer, ("the layer is clear, the cause within it is not",))
    said = ("the paged signal moved, but no cause stands out",) if moved else ("no cause stands out",)
    return Judged(Verdict.INSUFFICIENT, None, None, (*said, *_lacking(missing)))


def _rivals(weighed: Sequence[Weighed], found: Collection[str]) -> tuple[str, ...]:
    """Faults whose discriminating tests passed and that are not out of the question."""
    return tuple(one.cause for one in weighed if one.layer != "none" and one.cause in found and one.probability >= RIVAL)


def _no_fault(
    best: Weighed, seen: float, n_current: int, moved: bool, claimed_visible: bool, missing: Sequence[str], rivals: Sequence[str]
) -> Judged:
    reasons: list[str] = []
    if rivals:
        reasons.append(f"the tests for {', '.join(rivals[:3])} passed, though not clearly enough to name it")
    if seen < OBSERVABILITY:
        reasons.append(f"only {seen:.0%} of the causes by weight can be seen, {OBSERVABILITY:.0%} are needed to say that there is no fault")
        reasons += _lacking(missing)
    if n_current < ENOUGH:
        reasons.append(f"{n_current} requests in the current window, {ENOUGH} needed")
    if not claimed_visible and best.cause != "none.mix_shift":  # of a change that was seen and taken apart, nothing was missed
        reasons.append("the change that the page claims could have been missed with this few requests")
    if moved and best.cause != "none.mix_shift":
        reasons.append("the paged signal moved, and nothing that was tested explains it")
    if best.confidence < CALM:
        reasons.append("that nothing is wrong does not stand out enough to say it")
    if reasons:
        return Judged(Verdict.INSUFFICIENT, None, None, tuple(reasons))
    return Judged(Verdict.NO_FAULT, best.cause, None, ())


def _lacking(missing: Sequence[str]) -> tuple[str, ...]:
    return (f"not recorded: {', '.join(missing)}",) if missing else ()
