"""The team's own code breaks around the AI calls.

## Looks at
Requests that failed in application, parser or harness spans, per application version; the old version while both are live.

## Why it matters
It looks like an AI incident, and a roll-back of one release ends it.

## Stays quiet when
The failures sit in model, retrieval or tool spans, or both live versions fail alike.

## Told apart from
prompt.contract_break (the prompt's version moved, the code's did not), tool.error (the tool).
"""

import numpy as np
from pydantic import Field

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.questions import PASSED
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.value import Limits as Base
from bot.stats.novel import NovelGates
from bot.stats.proportion import PropGates

OWN = ("app", "request", "workflow", "chain", "agent", "other", "parser", "http", "db", "memory")


class Limits(Base):
    rollout: NovelGates = Field(default=NovelGates(near=3600.0))  # a roll-out takes up to an hour to bite
    gates: PropGates = Field(default=PropGates(floor=0.01))
    contrast: PropGates = Field(default=PropGates(floor=0.01, ratio=3.0))  # new against old version, both live
    alike: float = 1.5  # times the old version's share: below it both fail alike, and it is not the new one


@check(need("requests", "failed"), prior=6, limits=Limits)
def app_deploy(exam: Exam, limits: Limits) -> Examination:
    requests = exam.requests
    kinds = exam.evidence.origins.get("kind")
    here = kinds.equals(*OWN) if kinds is not None else np.zeros(requests.n, dtype=np.bool_)
    own = requests.true("failed") & here
    worst = exam.rate(requests, own, by=("app_version", "pod", "route"), gates=limits.gates)
    exam.require("requests that fail in our own code", Signal.ORIGIN, worst.measured)
    where = worst.where
    if exam.sees("requests", "app_version"):
        fresh = exam.new_values(requests, "app_version")
        new = exam.novelty(requests, "app_version", onset=exam.evidence.onset, gates=limits.rollout)
        held = exam.held(new, own & exam.current(requests), fresh)
        alone = int((exam.current(requests) & ~fresh).sum()) < 30
        held = exam.require("a new application version", Signal.CHANGE, _without_control(held) if alone else held)
        if not where and held.grade in PASSED:  # a new version has no past to be compared with, so no cell of its own was measured
            where = {"app_version": str(held.numbers["value"])}
        exam.against("the new version ran well before", Signal.SLICE, exam.ran_well_before(requests, own, fresh))
        old = ~fresh & exam.dim(requests, "app_version").recorded
        if fresh.any() and int((exam.current(requests) & old).sum()) >= 30:
            contrast = exam.contrast(requests, own, fresh, old, limits.contrast)
            put = exam.require if _alike(contrast, limits.alike) else exam.support
            put("new against old version, both live", Signal.SLICE, contrast)
    else:
        exam.require("a new application version", Signal.CHANGE, exam.not_recorded("request", "app_version"))
    grade = (
        Grade.STRONG
        if exam.sees("llm", "prompt_version") and exam.novelty(exam.ops("llm"), "prompt_version").grade is Grade.STRONG
        else Grade.NA
    )
    exam.against("a new prompt version at the same time", Signal.CHANGE, Measured(test="NOVEL", grade=grade, n=requests.n))
    if exam.sees("requests", "failed") and exam.unexplained(own):
        exam.cap(0.6)  # nobody recorded what failed: a missing child span puts the blame on its parent
    exam.affects(requests, own)
    exam.cell(where)
    since = f" with {name(where, 'a new version')}" if where != worst.where else ""
    return exam.conclude(f"requests of {name(worst.where, 'the application')} fail in our own code{since}: {share(worst.measured)}")


def _without_control(held: Measured) -> Measured:
    """When everything runs the new version, that the bad requests do says little: releases are many, and one always came last."""
    return held.model_copy(update={"grade": Grade.MODERATE}) if held.grade is Grade.STRONG else held


def _alike(contrast: Measured, times: float) -> bool:
    """Whether the old version fails about as often as the new one; False where too few requests of it are left to say."""
    new, old = contrast.numbers.get("rate"), contrast.numbers.get("baseline_rate")
    if contrast.grade is Grade.NA or not isinstance(new, int | float) or not isinstance(old, int | float):
        return False
    return new < times * old
