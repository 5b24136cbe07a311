"""Answers are cut off at the output limit.

## Looks at
Finish reason length, per prompt, route and model; whether failed parses are the cut ones. Where no finish reason is recorded, or it
never says anything but stop: lengths that pile up at one limit.

## Why it matters
Cut JSON does not parse, and a cut answer misleads with HTTP 200.

## Stays quiet when
The share is within two points or twice its past.

## Told apart from
prompt.contract_break (parses fail at finish stop), prompt.verbosity_drift (the parent, when answers grew below the cap),
cost.reasoning_growth.
"""

from pydantic import Field

from bot.engine.capped import at_limit
from bot.engine.check import check
from bot.engine.constants import constant
from bot.engine.exam import Exam
from bot.engine.indirect import stands_in
from bot.engine.needs import need
from bot.engine.questions import PASSED
from bot.engine.words import name, share
from bot.model.finding import Examination, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates


class Limits(Base):
    gates: PropGates = Field(default=PropGates(floor=0.02))  # some answers always hit the cap
    untold: float = 0.8  # of confidence where only the lengths say that answers were cut


BY = ("prompt_name", "prompt_version", "route", "model_requested", "model_served")


@check(need("llm"), need("llm", "finish", "tokens_output", "output_chars"), prior=4, limits=Limits)
def truncated_output(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    told = exam.sees("llm", "finish") and not constant(ops, "finish")
    cut = ops.equals("finish", "length") if told else at_limit(exam, ops)
    if cut is None:
        exam.require("answers cut off", Signal.FORM, exam.not_recorded("llm", "finish"))
        return exam.conclude("")
    worst = exam.rate(ops, cut, among=ops.recorded("finish") if told else None, by=BY, gates=limits.gates, kind="llm")
    if not told and worst.measured.grade not in PASSED:
        exam.require("answers cut off", Signal.FORM, exam.not_recorded("llm", "finish"))  # no pile-up is no proof that none was cut
        return exam.conclude("")
    exam.require("answers cut off", Signal.FORM, worst.measured if told else stands_in(worst.measured))
    if exam.sees("requests", "parse_failed"):
        broken = exam.requests.true("parse_failed")
        held = exam.evidence.requests_with(ops, cut)
        exam.support("cut answers do not parse", Signal.FORM, exam.contrast(exam.requests, broken, held, ~held))
    if not told:
        exam.cap(limits.untold)
    exam.affects(ops, cut)
    exam.cell(worst.where)
    return exam.conclude(f"answers of {name(worst.where, 'all prompts')} are cut off at the output limit: {share(worst.measured)}")
