"""Traffic moved to a dearer model.

## Looks at
The share of calls that each family of models gets, in all and per route, prompt and tenant; what its calls cost a token against those
of the models it took them from, else what its name says of its size; cost per request taken apart.

## Why it matters
The bill triples while nothing is broken.

## Stays quiet when
No model's share moved by ten points, or the one that grew is no dearer.

## Told apart from
model.fallback_engaged (errors of the primary before it), model.silent_version_change (the same family, another version),
none.mix_shift (a dear route grew).
"""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from bot.engine.cells import asked, better, rate_in
from bot.engine.check import check
from bot.engine.costs import component
from bot.engine.exam import Exam
from bot.engine.failing import failed
from bot.engine.families import after_failure, family
from bot.engine.moving import cells
from bot.engine.needs import need
from bot.engine.parsing import troubled_calls
from bot.engine.prices import dearer, larger
from bot.engine.questions import PASSED
from bot.engine.rising import compared_rate
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.frame import BoolArray, Codes, Frame
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates

BY = (("route",), ("prompt_name",), ("tenant",), ("region",), ("route", "tenant"))
FAIR = 0.4  # of what a model gained a request that the others lost: less, and the calls are additional ones
FELT = 0.12  # rise of the cell's bill, from the share moved and the price ratio: less is the ordinary scatter of a bill
CLEAR = 5.0  # z of a cell among many: a router gives each tenant its own share


class Limits(Base):
    share: PropGates = Field(default=PropGates(floor=0.10, ratio=1.1, n_baseline=50))  # a router moves a few points by itself
    broken: PropGates = Field(default=PropGates(floor=0.05))  # of the calls to the models that were left: then they were fled from
    after: PropGates = Field(default=PropGates(floor=0.03))  # calls made again elsewhere after a failure


@dataclass(frozen=True)
class Grown:
    """A model whose share of a cell's calls grew."""

    measured: Measured
    where: dict[str, str]
    model: str
    mine: BoolArray  # calls of the model in the cell
    cell: BoolArray


@check(need("llm", "model_served", "model_requested"), need("llm", "cost_usd", "model_requested"), prior=4, limits=Limits)
def model_upsell(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    column = "model_requested" if exam.sees("llm", "model_requested") else "model_served"
    grown = _grown(exam, ops, column, limits)
    exam.require("share of calls of one model", Signal.CHANGE, grown.measured if grown is not None else exam.nothing(ops))
    if grown is None or grown.measured.grade is Grade.NA:  # without a share there is nothing whose price to ask for
        return exam.conclude("")
    left = grown.cell & ~grown.mine & ops.text(column).recorded
    exam.require("price per token", Signal.TOKENS, _price(ops, column, grown, left))
    exam.support("price in the cost", Signal.TOKENS, component(exam, "price"))
    exam.require("calls left the other models of their own accord", Signal.ORIGIN, _drawn(exam, ops, grown, left, limits))
    wrong = troubled_calls(exam.evidence, ops) & grown.mine
    then, now = grown.cell & exam.baseline(ops), grown.mine & exam.current(ops)
    exam.against("its answers are of no use", Signal.FORM, compared_rate(exam, ops, wrong, then, now, limits.broken))
    exam.affects(ops, grown.mine)
    exam.cell(grown.where)
    return exam.conclude(f"calls moved to {name(grown.where, 'a dearer model')}: {share(grown.measured)}")


def _grown(exam: Exam, ops: Frame, column: str, limits: Limits) -> Grown | None:
    """The family whose share of the calls grew most, over all calls or in one cell."""
    models = ops.text(column)
    names = [family(one) for one in models.values]
    everything = np.ones(ops.n, dtype=np.bool_)
    best: Grown | None = None
    for where, cell in [({}, everything), *cells(exam, ops, BY, models.recorded, least=20)]:
        for one in sorted(set(names)):
            mine = models.recorded & np.isin(models.codes, [i for i, other in enumerate(names) if other == one])
            if int((mine & cell & exam.current(ops)).sum()) < limits.share.n_current / 3:
                continue
            measured = rate_in(asked(exam.evidence, ops, mine, models.recorded), exam.evidence, cell, limits.share)
            if where and measured.grade in PASSED and (measured.z or 0.0) < CLEAR:
                measured = measured.model_copy(update={"grade": Grade.WEAK})
            if best is None or better(measured, best.measured):
                told = _commonest(models, mine & cell & exam.current(ops))
                best = Grown(measured, {column: told, **where}, told, mine & cell, cell)
    return best


def _commonest(models: Codes, rows: BoolArray) -> str:
    return models.values[int(np.bincount(models.codes[rows], minlength=len(models.values)).argmax())]


def _price(ops: Frame, column: str, grown: Grown, left: BoolArray) -> Measured:
    measured = dearer(ops, grown.mine, left)
    ratio = measured.numbers.get("price_ratio")
    if isinstance(ratio, float) and (grown.measured.effect or 0.0) * (ratio - 1.0) < FELT:
        return measured.model_copy(update={"grade": Grade.NONE})
    if measured.grade is not Grade.NA or not left.any():
        return measured
    told = larger(grown.model, _commonest(ops.text(column), left))
    if told is None:
        return measured
    numbers: dict[str, float | int | str | None] = {"larger": grown.model[:60] if told else None}
    return Measured(test="PRICE", grade=Grade.MODERATE if told else Grade.NONE, n=int(grown.mine.sum()), numbers=numbers)


def _drawn(exam: Exam, ops: Frame, grown: Grown, left: BoolArray, limits: Limits) -> Measured:
    """NONE when the other models failed, or lost nothing: calls were driven to the model, or came on top of the others."""
    bad = failed(ops)
    again = after_failure(ops, exam.evidence.request_of(ops), bad)
    fled = (
        compared_rate(exam, ops, bad, left & exam.baseline(ops), left & exam.current(ops), limits.broken),
        exam.rate_where(ops, again & grown.mine, grown.cell, limits.after),
    )
    gained, lost = _a_request(exam, ops, grown.mine), -_a_request(exam, ops, left)
    came = gained > 0 and lost >= FAIR * gained
    grade = Grade.STRONG if came and all(one.grade not in PASSED for one in fled) else Grade.NONE
    numbers: dict[str, float | int | str | None] = {"gained_a_request": round(gained, 4), "lost_a_request": round(lost, 4)}
    return Measured(test="MOVED", grade=grade, n=int((grown.mine & exam.current(ops)).sum()), numbers=numbers)


def _a_request(exam: Exam, ops: Frame, calls: BoolArray) -> float:
    """By how much the marked calls became more for each request."""
    now, then = float(exam.evidence.in_current.sum()), float(exam.evidence.in_baseline.sum())
    return float((calls & exam.current(ops)).sum()) / max(1.0, now) - float((calls & exam.baseline(ops)).sum()) / max(1.0, then)
