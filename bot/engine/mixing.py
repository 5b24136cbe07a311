"""Change of mix against change of rates, over every dimension of the requests (MIX of catalogue 0.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from bot.engine.cells import Asked, asked, own_names, rate_in, usable
from bot.engine.questions import PASSED
from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Codes
from bot.stats.mix import mix
from bot.stats.proportion import PropGates

EXOGENOUS = ("route", "tenant", "region", "locale", "client", "device_class")
"""Who sends and from where. Versions, experiments, flags and pods are what the team does: a rollout of a bad one is no mix."""
SAME = PropGates(floor=0.01, ratio=1.5)  # a part that is this much worse than its own past is a fault, not a mix
MIN_PART = 30
ADDS = 0.15  # of the change of the whole: what one part adds by itself; two such and the weights no longer make seven tenths
SHORT = (10, 100)  # requests of a past that is there, and too short for a rate
GREW = 3.0  # times its share of the requests
UNLIKE = 0.1  # chance of so few bad ones in its past at the rate it has now: below this it got worse
HIGH = 0.9  # quantile of its own past above which a number counts as high
MIN_PAST = 100
ENOUGH = PropGates(floor=0.005, ratio=1.2)  # the whole must have moved, or there is no change to explain


@dataclass(frozen=True)
class Mixed:
    measured: Measured
    flat: Measured
    dim: str


def best_mix(evidence: Evidence, share: float) -> Mixed:
    """The dimension whose change of weights explains most of the change of the paged signal, and no part of which is worse."""
    nothing = Mixed(Measured(test="MIX", grade=Grade.NONE), Measured(test="MIX", grade=Grade.NONE), "")
    paged = high(evidence)
    if paged is None or evidence.requests is None:
        return nothing
    bad, seen = paged
    question = asked(evidence, evidence.seen, bad, seen)
    whole = rate_in(question, evidence, np.ones(evidence.seen.n, dtype=np.bool_), ENOUGH)
    if whole.grade not in PASSED:
        return nothing
    best = nothing
    for name, codes in senders(evidence):
        then, now = question.in_b & codes.recorded, question.in_c & codes.recorded
        measured = mix(codes.codes[then], bad[then], codes.codes[now], bad[now], codes.values)
        told = measured.numbers.get("mix_share")
        if not isinstance(told, int | float):
            continue
        graded = _graded(measured, float(told), share)
        if graded.grade is not Grade.STRONG:
            graded = _short_past(question, codes, share) or graded
        one = Mixed(graded, _flat(question, evidence, codes, measured.effect or 0.0), name)
        if best.dim == "" or rank(one) > rank(best):
            best = one
    return best


def senders(evidence: Evidence) -> Iterator[tuple[str, Codes]]:
    """Dimensions that say who sends and from where, with their values per request."""
    for name in (*EXOGENOUS, *sorted(name for name in own_names(evidence) if not name.startswith("flag:"))):
        codes = evidence.seen.text(name)
        if usable(codes):
            yield name, codes


def high(evidence: Evidence) -> tuple[BoolArray, BoolArray] | None:
    """Requests that are bad by the paged signal, and those that could be; of a number, what lies in the highest tenth of its past."""
    if evidence.bad is not None:
        return evidence.bad, np.ones(evidence.seen.n, dtype=np.bool_)
    if evidence.value is None:
        return None
    seen = ~np.isnan(evidence.value)
    past = evidence.value[evidence.in_baseline & seen]
    if len(past) < MIN_PAST:
        return None
    with np.errstate(invalid="ignore"):
        return evidence.value > np.quantile(past, HIGH), seen


def rank(one: Mixed) -> tuple[bool, bool, float]:
    """A split that explains the change without any part that got worse first; then by how much it explains, all of it being enough."""
    told = float(one.measured.numbers.get("mix_share") or 0.0)
    passed = one.measured.grade in PASSED
    return one.flat.grade is Grade.STRONG and passed, passed, -abs(told - 1.0)


def _graded(measured: Measured, told: float, share: float) -> Measured:
    grade = Grade.STRONG if told >= share else Grade.WEAK if told >= share / 2 else Grade.NONE
    return measured.model_copy(update={"grade": grade})


def _short_past(question: Asked, codes: Codes, share: float) -> Measured | None:
    """The value that grew most, where its past is too short for a rate of its own and does not contradict the rate it has now.

    One that was hardly there and now asks a great deal brings its own rate with it. MODERATE at the most; None where that explains little.
    """
    now, then = question.in_c & codes.recorded, question.in_b & codes.recorded
    n_c, n_b = float(now.sum()), float(then.sum())
    grown = (
        np.bincount(codes.codes[now], minlength=len(codes.values)) / n_c - np.bincount(codes.codes[then], minlength=len(codes.values)) / n_b
    )
    top = int(np.argmax(grown))
    mine = codes.codes == top
    (x_b, m_b), (x_c, m_c) = (((question.bad & rows & mine).sum(), (rows & mine).sum()) for rows in (then, now))
    if not SHORT[0] <= m_b < SHORT[1] or m_c / n_c < GREW * m_b / n_b or m_c < MIN_PAST:
        return None
    if binomtest(int(x_b), int(m_b), float(x_c / m_c), alternative="less").pvalue < UNLIKE:
        return None
    rest_b = float((question.bad & then & ~mine).sum()) / (n_b - m_b)
    rest_c = float((question.bad & now & ~mine).sum()) / (n_c - m_c)
    rate = float(x_b + x_c) / float(m_b + m_c)
    change = float((question.bad & now).sum()) / n_c - float((question.bad & then).sum()) / n_b
    told = float(m_c / n_c - m_b / n_b) * (rate - (rest_b + rest_c) / 2) / change if change > 0 else 0.0
    numbers: dict[str, float | int | str | None] = {
        "mix_share": round(told, 4),
        "value": codes.values[top],
        "rate_of_value": round(rate, 6),
    }
    numbers |= {"weight": round(float(m_c / n_c), 6), "weight_before": round(float(m_b / n_b), 6), "past": int(m_b)}
    return (
        Measured(test="MIX", grade=Grade.MODERATE, effect=change, n=int(n_c), n_baseline=int(n_b), numbers=numbers)
        if told >= share
        else None
    )


def _flat(question: Asked, evidence: Evidence, codes: Codes, change: float) -> Measured:
    """STRONG when no value of the dimension is worse than its own past by enough to matter for the change of the whole."""
    total = max(1.0, float((question.in_c & codes.recorded).sum()))
    worse, most = 0, 0.0
    for code in range(len(codes.values)):
        cell = codes.codes == code
        n = float((question.in_c & cell).sum())
        if n < MIN_PART:
            continue
        measured = rate_in(question, evidence, cell, SAME)
        adds = (measured.effect or 0.0) * n / total
        if measured.grade in PASSED and adds >= ADDS * abs(change):
            worse += 1
            most = max(most, adds)
    numbers = {"parts_worse": worse, "worst_adds": round(most, 6)}
    return Measured(test="PARTS", grade=Grade.OPPOSITE if worse else Grade.STRONG, n=len(codes.values), numbers=numbers)
