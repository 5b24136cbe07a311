"""A response cache answers questions with the answers to others.

## Looks at
Share of requests answered from a response or semantic cache; how alike a question had to be, for whom an answer may be reused, and how many
answers are repeats.

## Why it matters
Everything looks better: faster, cheaper, no errors. A customer reads another customer's answer.

## Stays quiet when
The share of hits is within ten points of its past, or it rose while likeness and scope are as they were: then people really ask the same.

## Told apart from
cost.cache_collapse (a prompt cache, and it falls), real repetition (the questions repeat as well).
"""

import numpy as np
from pydantic import Field

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.questions import PASSED
from bot.engine.repeating import repeats
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.frame import BoolArray, Frame
from bot.model.value import Limits as Base
from bot.stats.location import LocGates
from bot.stats.novel import NovelGates
from bot.stats.proportion import PropGates

ANSWERS = ("response", "semantic")


class Limits(Base):
    hits: PropGates = Field(default=PropGates(floor=0.10, ratio=1.2))  # a tenth more answers from memory is a setting, not a habit
    looser: LocGates = Field(default=LocGates(theta=0.10, log_ratio=0.01, direction="down", n=30))  # likeness lies between .8 and 1
    scope: NovelGates = Field(default=NovelGates(n=50))
    repeats: PropGates = Field(default=PropGates(floor=0.10, ratio=1.5))  # of answers
    asked: PropGates = Field(default=PropGates(floor=0.10, ratio=1.5))  # of questions: then people do repeat themselves


@check(need("cache", "cache_hit"), prior=2, limits=Limits)
def cache_wrong_hit(exam: Exam, limits: Limits) -> Examination:
    lookups = exam.ops("cache")
    hit = lookups.true("cache_hit")
    answers = ~lookups.text("cache_layer").recorded | lookups.equals("cache_layer", *ANSWERS)
    hits = exam.rate(
        lookups, hit, among=answers & lookups.recorded("cache_hit"), by=("route", "tenant", "locale", "region"), gates=limits.hits
    )
    exam.require("answers from the cache", Signal.VOLUME, hits.measured)
    exam.require("for other questions, or for others", Signal.FORM, _wrong(exam, lookups, hit & answers & hits.cell, limits))
    if exam.sees("llm", "input_hash"):
        exam.against("questions repeat as well", Signal.VOLUME, repeats(exam.evidence, exam.ops("llm"), "input_hash", limits.asked))
    exam.affects(lookups, hit & answers & hits.cell)
    exam.cell(hits.where)
    return exam.conclude(f"{name(hits.where, 'the cache')} answers what it used to pass on: {share(hits.measured)}")


def _wrong(exam: Exam, lookups: Frame, hit: BoolArray, limits: Limits) -> Measured:
    """The strongest sign that hits are of another kind than before; not assessable when none of them is recorded."""
    signs = []
    if lookups.recorded("cache_similarity").any():
        signs.append(exam.shift(lookups, lookups.number("cache_similarity"), among=hit, gates=limits.looser))
    if lookups.recorded("cache_key_scope").any():
        signs.append(exam.novelty(lookups, "cache_key_scope", among=hit, gates=limits.scope))
    if exam.sees("requests", "output_hash"):
        signs.append(repeats(exam.evidence, exam.requests, "output_hash", limits.repeats))
    known = [one for one in signs if one.grade is not Grade.NA]
    if not known:
        return exam.not_recorded("cache", "cache_similarity")
    return max(known, key=lambda one: (one.grade in PASSED, one.grade is Grade.STRONG, np.abs(one.z or 0.0)))
