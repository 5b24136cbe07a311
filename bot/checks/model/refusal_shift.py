"""The model refuses what it used to answer.

## Looks at
Refusals and content-filter finishes of calls that had their context, per model and prompt; how many prompts share it.

## Why it matters
No error, no latency, and customers are told that the assistant cannot help.

## Stays quiet when
The share is within 1.5 points or twice its own past: some refusals are normal for every product.

## Told apart from
retrieval.* (no documents, so "I have no information" is a consequence), infra.guardrail_overblock (our own policy blocks),
prompt.safety_section_missing (fewer, not more).
"""

import numpy as np
from pydantic import Field

from bot.engine.breadth import breadth
from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.versions import new_version
from bot.engine.words import name, share
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.015))  # two to eight in a hundred is normal for some products: own past decides
    breadth: float = 0.6  # of prompts on that model see it


@check(need("llm"), need("requests", "refusal"), prior=3, limits=Limits)
def refusal_shift(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    refused = ops.true("output_refusal") | ops.equals("finish", "refusal", "content_filter")
    empty = exam.requests.true("empty_retrieval") | (exam.requests.number("err_retrieval") > 0) | exam.requests.true("guardrail_blocked")
    rows = exam.evidence.request_of(ops)
    with_context = np.where(rows >= 0, ~empty[np.maximum(rows, 0)], True) if exam.requests.n else np.ones(ops.n, dtype=np.bool_)
    by = ("model_served", "model_requested", "provider", "prompt_name", "prompt_version", "locale", "route", "tenant")
    worst = exam.rate(ops, refused, among=with_context, by=by, gates=limits.gates, kind="llm")
    exam.require("refusals with good context", Signal.FORM, worst.measured)
    exam.support(
        "breadth over prompts", Signal.SLICE, breadth(exam.evidence, ops, refused & with_context, worst.cell, "prompt_name", limits.breadth)
    )
    version = new_version(exam, ops, refused & with_context, np.ones(ops.n, dtype=np.bool_))
    if version is not None:
        exam.against("a new prompt version", Signal.CHANGE, version[0])
    exam.affects(ops, refused & with_context)
    exam.cell(worst.where)
    return exam.conclude(f"{name(worst.where, 'the model')} refuses what it used to answer: {share(worst.measured)}")
