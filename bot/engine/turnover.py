"""Choices that moved by themselves (TV of catalogue 0.3): less what chance, ordinary drift or a change of mix would have moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.engine.cells import NEARLY_ALL, SMALLER
from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Codes, FloatArray, Frame, IntArray
from bot.stats.variation import VariationGates, total_variation, variation

PASSED = (Grade.STRONG, Grade.MODERATE)
COMMON = 200  # values told apart, the commonest first: of the rest each is too rare to have a share
ORDINARY = 0.5  # of the distance, between the halves of the baseline: then it drifts like this anyway
REMIXED = 0.5  # of the distance that must be left inside the values of every dimension of who asks
MIX_DIMS = ("route", "tenant", "locale", "region")
MIN_MIX = 30  # rows of a value in B and in C before its own distribution is known
FURTHER = 1.3  # times as far as all rows together for a cell to be the place: one of many that all moved is not
MOST_MIXED = 200  # values of a dimension beyond which it is an id


@dataclass(frozen=True)
class Chosen:
    """What was chosen: a code per choice, and the row of the frame it belongs to (several choices may share a row)."""

    codes: Codes
    row: IntArray


def after(evidence: Evidence, frame: Frame) -> BoolArray:
    """Rows since the onset where one is known: a choice that moved stays moved, and the last hour of one route holds few."""
    if not evidence.moved or evidence.onset is None or evidence.onset[1] > evidence.windows.current.start:
        return evidence.current(frame)
    ts = frame.number("ts")
    return np.asarray((ts >= max(evidence.onset[1], evidence.windows.baseline.end)) & (ts < evidence.windows.now), dtype=np.bool_)


def commonest(chosen: Chosen) -> Chosen:
    """The same with rare values put together under one name."""
    codes = chosen.codes
    if len(codes.values) <= COMMON:
        return chosen
    counts = np.bincount(codes.codes[codes.codes >= 0], minlength=len(codes.values))
    kept = np.sort(np.argsort(-counts, kind="stable")[: COMMON - 1])
    lookup = np.full(len(codes.values) + 1, len(kept), dtype=np.int64)
    lookup[kept] = np.arange(len(kept))
    lookup[-1] = -1
    return Chosen(Codes((*(codes.values[code] for code in kept.tolist()), "(other)"), lookup[codes.codes]), chosen.row)


def turnover(evidence: Evidence, frame: Frame, chosen: Chosen, cell: BoolArray, gates: VariationGates, sure: float) -> Measured:
    """Distance of C's choices from B's inside a cell of rows. `effect`: what is beyond chance, which must be `sure` of the gate."""
    inside = cell[chosen.row] & chosen.codes.recorded
    then, now = inside & evidence.baseline(frame)[chosen.row], inside & after(evidence, frame)[chosen.row]
    codes = chosen.codes.codes
    found = variation(codes[then], codes[now], chosen.codes.values, gates=gates)
    if found.grade not in PASSED:
        return found
    apart = beyond(counts(chosen, then), counts(chosen, now))
    numbers = {**found.numbers, "beyond_chance": round(apart, 4)}
    drift = _drift(evidence, frame, chosen, then)
    left = min([_left(evidence, frame, chosen, then, now, dim) for dim in MIX_DIMS], default=apart)
    numbers |= {"ordinary": round(drift, 4), "left_in_the_mix": round(min(left, apart), 4)}
    held = apart >= sure * gates.distance and drift <= ORDINARY * apart and left >= REMIXED * apart
    return found.model_copy(update={"grade": found.grade if held else Grade.NONE, "effect": apart, "numbers": numbers})


def worst(
    evidence: Evidence, frame: Frame, chosen: Chosen, by: tuple[str, ...], gates: VariationGates, sure: float = 1.0
) -> tuple[Measured, dict[str, str], BoolArray]:
    """The cell whose choices moved most, its name and its rows; all rows together unless a part moved clearly further."""
    everything = np.ones(frame.n, dtype=np.bool_)
    best, where, cell = turnover(evidence, frame, chosen, everything, gates, sure), dict[str, str](), everything
    now, then = after(evidence, frame)[chosen.row], evidence.baseline(frame)[chosen.row]
    for dim in by:
        codes = evidence.dim(frame, dim)
        if not 2 <= len(codes.values) <= MOST_MIXED:
            continue
        of = codes.codes[chosen.row]
        seen = np.bincount(of[now & (of >= 0)], minlength=len(codes.values))
        for code in np.flatnonzero(seen >= gates.n).tolist():
            here = of == code
            if beyond(counts(chosen, here & then), counts(chosen, here & now)) < sure * gates.distance:
                continue  # before the permutations: they cost a thousand times as much
            inside = codes.codes == code
            one = turnover(evidence, frame, chosen, inside, gates, sure)
            if _further(one, best):
                best, where, cell = one, {dim: codes.values[code]}, inside
    return best, where or _home(evidence, frame, chosen, by), cell


def _home(evidence: Evidence, frame: Frame, chosen: Chosen, by: tuple[str, ...]) -> dict[str, str]:
    """The value of a dimension that nearly all the choices are of, though other rows have others: only its rows choose at all."""
    rows = np.unique(chosen.row[after(evidence, frame)[chosen.row]])
    everyone = after(evidence, frame)
    for dim in by:
        codes = evidence.dim(frame, dim)
        of = codes.codes[rows]
        if len(rows) == 0 or not (of >= 0).any():
            continue
        code = int(np.bincount(of[of >= 0]).argmax())
        if float((of == code).mean()) >= NEARLY_ALL and float((codes.codes[everyone] == code).mean()) <= SMALLER:
            return {dim: codes.values[code]}
    return {}


def _further(one: Measured, best: Measured) -> bool:
    if one.grade not in PASSED:
        return False
    return best.grade not in PASSED or (one.effect or 0.0) >= FURTHER * (best.effect or 0.0)


def grown(evidence: Evidence, frame: Frame, chosen: Chosen, cell: BoolArray) -> BoolArray:
    """Rows that chose a value whose share rose most: those that make up the distance."""
    inside = cell[chosen.row] & chosen.codes.recorded
    then = counts(chosen, inside & evidence.baseline(frame)[chosen.row])
    now = counts(chosen, inside & after(evidence, frame)[chosen.row])
    rose = now / max(1.0, now.sum()) - then / max(1.0, then.sum())
    most = np.flatnonzero(rose >= 0.1 * max(float(rose.max(initial=0.0)), 1e-12)) if len(rose) else np.zeros(0, dtype=np.int64)
    marked = np.zeros(frame.n, dtype=np.bool_)
    marked[chosen.row[inside & np.isin(chosen.codes.codes, most[rose[most] > 0])]] = True
    return marked


def counts(chosen: Chosen, rows: BoolArray) -> FloatArray:
    return np.bincount(chosen.codes.codes[rows], minlength=max(1, len(chosen.codes.values))).astype(np.float64)


def beyond(before: FloatArray, after: FloatArray) -> float:
    """Distance of two distributions less the distance that two samples of these sizes from one of them would have."""
    n_b, n_c = float(before.sum()), float(after.sum())
    if n_b <= 0 or n_c <= 0:
        return 0.0
    p = (before + after) / (n_b + n_c)
    chance = 0.5 * float(np.sqrt(2.0 / np.pi * p * (1 - p) * (1 / n_b + 1 / n_c)).sum())  # mean of |normal| in each value
    return max(0.0, total_variation(before, after) - chance)


def _drift(evidence: Evidence, frame: Frame, chosen: Chosen, then: BoolArray) -> float:
    """What the first half of the baseline and the second differ by."""
    ts = frame.number("ts")[chosen.row]
    middle = float(np.median(ts[then]))
    return beyond(counts(chosen, then & (ts < middle)), counts(chosen, then & (ts >= middle)))


def _left(evidence: Evidence, frame: Frame, chosen: Chosen, then: BoolArray, now: BoolArray, dim: str) -> float:
    """Distance that is left when B is given C's mix of a dimension; infinite where the dimension says nothing."""
    who = evidence.dim(frame, dim)
    if not 2 <= len(who.values) <= MOST_MIXED or not who.recorded.any():
        return float("inf")
    of = who.codes[chosen.row]
    expected, seen, chance = np.zeros(len(chosen.codes.values)), np.zeros(len(chosen.codes.values)), 0.0
    for code in range(len(who.values)):
        was, is_now = counts(chosen, then & (of == code)), counts(chosen, now & (of == code))
        if min(was.sum(), is_now.sum()) < MIN_MIX:
            continue
        expected += was / was.sum() * is_now.sum()
        seen += is_now
        chance += float(is_now.sum())
    if chance < 0.5 * float(now.sum()):  # most of C is of values too rare to have a past of their own: nothing is known of the mix
        return float("inf")
    return beyond(expected, seen)
