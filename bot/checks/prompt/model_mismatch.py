"""A prompt runs on a model it was never validated on.

## Looks at
Failures in the cell of one prompt version and one served model, against the prompt on other models and the model on other prompts.

## Why it matters
Each marginal looks healthy; the cell is often exactly the three percent that nobody sees.

## Stays quiet when
The interaction is below three-fold odds, or the cell holds less than half of the excess.

## Told apart from
prompt.contract_break (every model), model.silent_version_change (every prompt), model.fallback_engaged (the parent that moved the traffic).
"""

import math

import numpy as np
from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.pairs import Pair, worst_pair
from bot.engine.parsing import troubled_calls
from bot.engine.questions import PASSED
from bot.engine.rising import compared_rate
from bot.engine.words import name
from bot.model.finding import Examination, Measured, Signal
from bot.model.frame import BoolArray, Frame
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates

PROMPTS = ("prompt_name", "prompt_version", "prompt_hash", "system_hash")  # versions are often numbers that several prompts share
BACK = (2.0, 4.5)  # hours that a cell too thin for C is looked at as well: a router's few percent are two dozen calls an hour
HOUR = 3600.0
PAST = 30  # calls of the cell before: fewer are no past, and the prompt on its other models is the control


class Limits(Base):
    odds: float = Field(default=math.log(3.0))  # interaction of prompt and model on the log-odds scale
    excess: float = 0.5  # of all excess failures lie in the cell
    worse: PropGates = Field(
        default=PropGates(floor=0.05, n_current=20, n_baseline=PAST)
    )  # inside one cell: a small effect there is nothing of the whole
    moved: PropGates = Field(
        default=PropGates(floor=0.2, ratio=3.0)
    )  # everybody's calls moved to the model: its version changed, or another model fell out
    share: PropGates = Field(default=PropGates(floor=0.005, ratio=1.5))  # the cell grew


@check(need("llm", "model_served", "model_requested"), prior=4, limits=Limits)
def model_mismatch(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    bad = troubled_calls(exam.evidence, ops)
    prompts = [one for one in PROMPTS if exam.sees("llm", one)]
    if not prompts and not exam.sees("requests", "route"):
        exam.require("failures in one prompt on one model", Signal.SLICE, exam.not_recorded("llm", "prompt_version"))
        return exam.conclude("")
    pair, since = _worst(exam, ops, bad, prompts or ["route"], limits)  # a route has one prompt, or few
    exam.require("failures in one prompt on one model", Signal.SLICE, pair.measured)
    if pair.where:
        exam.require("the cell against its own past", Signal.FORM, _past(exam, ops, bad, pair, since, limits.worse))
        exam.support("share of calls in the cell", Signal.CHANGE, exam.rate(ops, pair.cell, gates=limits.share, slices=False).measured)
        exam.against("the model is new to other prompts too", Signal.CHANGE, _elsewhere(exam, ops, pair, limits.moved))
        exam.affects(ops, bad & pair.cell)
        exam.cell(pair.where)
    return exam.conclude(f"{name(pair.where, 'one prompt')} fails together, and neither fails alone: {pair.said}")


def _worst(exam: Exam, ops: Frame, bad: BoolArray, prompts: list[str], limits: Limits) -> tuple[Pair, float]:
    """The strongest pair of a prompt and a model, in C, else in the hours before; and since when it was looked at."""
    models = [one for one in ("model_served", "model_requested") if exam.sees("llm", one)]
    begin, now = exam.evidence.windows.current.start, exam.evidence.windows.now
    best: tuple[Pair, float] | None = None
    for since in (begin, *(now - hours * HOUR for hours in BACK)):
        if since > begin or (since < begin and exam.evidence.moved and exam.evidence.onset and since < exam.evidence.onset[0]):
            continue
        for dims in ((prompt, model) for prompt in prompts for model in models):
            back = since if since < begin else None
            pair = worst_pair(exam.evidence, ops, bad, dims, odds=limits.odds, excess=limits.excess, since=back)
            if best is None or better(pair.measured, best[0].measured) or (pair.where and not best[0].where):
                best = pair, since
        if best is not None and best[0].measured.grade in PASSED:
            break
    assert best is not None  # C is always looked at
    return best


def _past(exam: Exam, ops: Frame, bad: BoolArray, pair: Pair, since: float, gates: PropGates) -> Measured:
    """The cell now against its own past; a cell without one against the prompt on its other models."""
    ts = ops.number("ts")
    now = pair.cell & (ts >= since) & (ts < exam.evidence.windows.now)
    begin = exam.evidence.windows.current.start
    then = pair.cell & (exam.baseline(ops) if since == begin else ts < since)
    if int(then.sum()) < PAST:
        prompt, value = next(iter(pair.where.items()))
        then = exam.dim(ops, prompt).equals(value) & ~pair.cell
    return compared_rate(exam, ops, bad, np.asarray(then, dtype=np.bool_), now, gates)


def _elsewhere(exam: Exam, ops: Frame, pair: Pair, gates: PropGates) -> Measured:
    """Whether calls of the other prompts moved to the model as well."""
    (prompt, value), (model, served) = list(pair.where.items())[:2]
    others = exam.dim(ops, prompt)
    return exam.rate_where(ops, ops.equals(model, served), others.recorded & ~others.equals(value), gates)
