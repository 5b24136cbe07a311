"""A guardrail blocks good requests.

## Looks at
Guardrail spans that block or modify, per policy version and category; the risk scores of the inputs as control.

## Why it matters
Refusals rise, the model is blamed, and a threshold moved.

## Stays quiet when
The share is within 1.5 points or twice its past, or inputs really got riskier.

## Told apart from
infra.abuse_injection (input risk up, concentrated), model.refusal_shift (the model's own finish).
"""

from pydantic import Field

from bot.engine.abusing import sender_of
from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.needs import need
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.frame import BoolArray
from bot.model.value import Limits as Base
from bot.stats.location import LocGates
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.015, moderate_z=3.5))  # own past decides: some block a lot; cells are many
    riskier: LocGates = Field(default=LocGates(theta=0.10, log_ratio=0.1, direction="up"))


@check(need("guardrail", "guardrail_action", "guardrail_verdict"), prior=3, limits=Limits)
def guardrail_overblock(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("guardrail")
    blocked = ops.equals("guardrail_action", "block", "modify") | ops.equals(
        "guardrail_verdict", "block", "blocked", "deny", "fail", "failed"
    )
    by = ("guardrail", "guardrail_policy_version", "guardrail_category", "route", "tenant")
    worst = exam.rate(ops, blocked, by=by, gates=limits.gates, kind="guardrail")
    exam.require("blocked requests", Signal.FORM, worst.measured)
    if exam.sees("guardrail", "guardrail_policy_version"):
        exam.support("a new policy version", Signal.CHANGE, exam.novelty(ops, "guardrail_policy_version"))
    riskier = exam.shift(ops, ops.number("guardrail_score"), among=worst.cell, gates=limits.riskier)
    exam.against("riskier inputs", Signal.VOLUME, riskier)
    exam.against("most of them are one sender's, who asks more", Signal.SLICE, _grown(exam, exam.evidence.requests_with(ops, blocked)))
    exam.affects(ops, blocked)
    exam.cell(worst.where)
    return exam.conclude(f"{name(worst.where, 'a guardrail')} blocks what it used to let through: {share(worst.measured)}")


def _grown(exam: Exam, blocked: BoolArray) -> Measured:
    """One sender who asks much more than before: then it is what is asked, and not how it is judged."""
    sender = sender_of(exam.evidence, blocked).measured
    return sender if sender.grade is Grade.STRONG else sender.model_copy(update={"grade": Grade.NONE})
