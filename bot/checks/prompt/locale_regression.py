"""One language broke, at a prompt version.

## Looks at
Answers in another language than the question, refusals and unhappy users, per locale (else per language asked in),
since the first sight of a new prompt version where there is one.

## Why it matters
It is invisible in every average, and the team does not read that language.

## Stays quiet when
No single locale stands out against its own past, the others got worse with it, or one region has still more of it in every locale.

## Told apart from
model.output_corruption (endpoint or region, not a locale), telemetry.judge_drift (only scores), retrieval.stale_index of one locale,
prompt.unresolved_reference (unfilled variables that one locale's requests happen to lack).
"""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.editions import Edition, editions
from bot.engine.exam import Exam
from bot.engine.moving import Moved
from bot.engine.needs import need
from bot.engine.questions import PASSED
from bot.engine.rising import compared_rate, risen
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.frame import BoolArray, Codes
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates

LEAST = 4  # bad answers of a locale below which a new version is not asked about it
WIDE = 0.7  # of the requests: a region that nearly everybody is served from tells nothing
FAIR = 0.5  # of its share of the excess: another locale with more is in trouble too


class Limits(Base):
    gates: PropGates = Field(
        default=PropGates(floor=0.02, n_current=8, n_baseline=20)
    )  # inside one locale: small numbers, large effects; the exact tail judges them
    holds: float = 0.6  # of the excess lies in that locale: otherwise it is not about the language
    region: float = 0.9  # of the excess, whatever the locale: then it is about a replica that speaks badly


@dataclass(frozen=True)
class Found:
    """Where answers went wrong most, by which sign, and the version that brought it."""

    moved: Moved
    wrong: BoolArray
    edition: Edition | None


@check(
    need("requests", "locale", "lang_mismatch"), need("requests", "lang_mismatch", "refusal", "feedback_thumb"),
    prior=2, limits=Limits,
)  # fmt: skip
def locale_regression(exam: Exam, limits: Limits) -> Examination:
    requests = exam.requests
    dim, spoken = _spoken(exam)
    if len(spoken.values) == 0:
        exam.require("answers gone wrong in one locale", Signal.FORM, exam.not_recorded("request", "locale"))
        return exam.conclude("")
    best = _worst(exam, dim, spoken, limits.gates)
    worst = best.moved
    exam.require("answers gone wrong in one locale", Signal.FORM, worst.measured if worst.where else exam.nothing(requests))
    alone = _alone(exam, best, limits.holds)
    elsewhere = _in_one_region(exam, best, alone.effect or 0.0, limits.region)
    if elsewhere.grade is Grade.STRONG:  # a replica that speaks badly does so in every locale that it serves
        alone = alone.model_copy(update={"grade": Grade.NONE, "numbers": {**alone.numbers, **elsewhere.numbers}})
    exam.require("the excess is in that locale", Signal.SLICE, alone)
    if best.edition is not None:
        exam.support("a new prompt version there", Signal.CHANGE, best.edition.novelty())
    elif exam.sees("llm", "prompt_version"):
        ops = exam.ops("llm")
        here = exam.evidence.request_of(ops)
        there = (here >= 0) & worst.cell[np.maximum(here, 0)] if worst.where else np.zeros(ops.n, dtype=np.bool_)
        exam.support("a new prompt version there", Signal.CHANGE, exam.novelty(ops, "prompt_version", among=there))
    exam.affects(requests, best.wrong & worst.cell)
    exam.cell(worst.where)
    return exam.conclude(f"answers for {name(worst.where, 'one locale')} went wrong: {share(worst.measured)}")


def _spoken(exam: Exam) -> tuple[str, Codes]:
    """The locale of each request; where nobody records it, the language it asked in."""
    locale = exam.requests.text("locale")
    if locale.recorded.any():
        return "locale", locale
    ops = exam.ops("llm")
    asked, owner = ops.text("input_lang"), exam.evidence.request_of(ops)
    codes = np.full(exam.requests.n, -1, dtype=np.int64)
    rows = np.flatnonzero(asked.recorded & (owner >= 0))
    codes[owner[rows]] = asked.codes[rows]
    return "input_lang", Codes(asked.values, codes)


def _signs(exam: Exam) -> list[BoolArray]:
    """Another language than the question's by itself, and any sign of a useless answer."""
    requests = exam.requests
    slipped = requests.true("lang_mismatch")
    starved = requests.true("empty_retrieval") | requests.true("prompt_unresolved")  # for want of documents, or of the question itself
    unhappy = slipped | ((requests.true("refusal") | (requests.number("feedback_thumb") < 0)) & ~starved)
    return [one for one in (slipped, unhappy) if one.any()] or [unhappy]


def _worst(exam: Exam, dim: str, spoken: Codes, gates: PropGates) -> Found:
    """The locale that a new version treats worst; where none does, the locale that got worst."""
    requests, ops = exam.requests, exam.ops("llm")
    best: Found | None = None
    new = [(one, exam.evidence.requests_with(ops, one.new), exam.evidence.requests_with(ops, one.before)) for one in editions(exam, ops)]
    for wrong in _signs(exam):
        for edition, now, then in new:
            hit = np.bincount(spoken.codes[now & wrong & spoken.recorded], minlength=len(spoken.values))
            for code in np.flatnonzero(hit >= LEAST):
                cell = spoken.codes == code
                past = then & cell if int((then & cell).sum()) >= gates.n_baseline else then  # a rare locale: the prompt's own past
                measured = compared_rate(exam, requests, wrong, past, now & cell, gates)
                if measured.grade in PASSED and (best is None or better(measured, best.moved.measured)):
                    where = {dim: spoken.values[code], **{key: value for key, value in edition.where.items() if key == "prompt_version"}}
                    best = Found(Moved(measured, where, cell & now, past, now & cell), wrong, edition)
    if best is not None:
        return best
    by = ((dim,),) if dim in requests.texts else ()
    for wrong in _signs(exam):
        moved = risen(exam, requests, wrong, by=by, gates=gates, whole=False)
        if best is None or (bool(moved.where), better(moved.measured, best.moved.measured)) > (bool(best.moved.where), False):
            best = Found(moved, wrong, None)
    assert best is not None  # there is always one sign to read
    return best


def _alone(exam: Exam, best: Found, holds: float) -> Measured:
    """Whether the locale has most of the excess while the rest have less than half of what their requests would give."""
    ts, cell = exam.requests.number("ts"), best.moved.cell
    now = best.moved.now
    if not best.moved.where or not now.any():
        return Measured(test="SLICE", grade=Grade.NONE, n=exam.requests.n, numbers={"excess_in_locale": 0.0})
    since = float(ts[now].min())
    latest = float(ts[best.moved.then].max()) if best.moved.then.any() else since
    rest_now, rest_then = ~cell & (ts >= since) & (ts < exam.evidence.windows.now), ~cell & (ts <= latest)
    mine, theirs = _excess(best.wrong, best.moved.then, now), _excess(best.wrong, rest_then, rest_now)
    held = mine / (mine + theirs) if mine + theirs > 0 else 0.0
    rest = float(rest_now.sum()) / max(1.0, float(rest_now.sum() + now.sum()))
    grade = Grade.STRONG if held >= holds and rest > 0 and 1.0 - held <= FAIR * rest else Grade.NONE
    return Measured(test="SLICE", grade=grade, effect=held, n=exam.requests.n, numbers={"excess_in_locale": round(held, 3)})


def _in_one_region(exam: Exam, best: Found, held: float, wanted: float) -> Measured:
    """STRONG when a region with few of the requests holds nearly all of the excess, and more of it than the locale."""
    ts, now, most = exam.requests.number("ts"), best.moved.now, 0.0
    if best.edition is not None or not now.any() or not best.moved.then.any():  # a version that brought it is known to have
        return Measured(test="SLICE", grade=Grade.NA, reason="a version brought it, or nothing did")
    after = (ts >= float(ts[now].min())) & (ts < exam.evidence.windows.now)
    before = ts <= float(ts[best.moved.then].max())
    whole = _excess(best.wrong, before, after)
    regions = exam.requests.text("region")
    for code in range(len(regions.values)):
        cell = regions.codes == code
        if whole > 0 and float((cell & after).sum()) <= WIDE * float(after.sum()):
            most = max(most, min(1.0, _excess(best.wrong, before & cell, after & cell) / whole))
    grade = Grade.STRONG if most >= wanted and most > held else Grade.NONE
    return Measured(test="SLICE", grade=grade, effect=most, n=exam.requests.n, numbers={"excess_in_region": round(most, 3)})


def _excess(bad: BoolArray, then: BoolArray, now: BoolArray) -> float:
    base = float((bad & then).sum()) / max(1.0, float(then.sum()))
    return max(0.0, float((bad & now).sum()) - base * float(now.sum()))
