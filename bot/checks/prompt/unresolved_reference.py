"""Variables of a prompt reach the model, or the customer, unfilled.

## Looks at
Unresolved placeholders counted in rendered prompts and outputs; variables a template needs and nobody provided. Where nobody counts
them: a new version's text whose variables are not the ones its predecessor had, or the registry says are provided.

## Why it matters
Customers read "Hello {{first_name}}", and the model guesses what was meant.

## Stays quiet when
The share is within two in a thousand of its past or fewer than five were seen.

## Told apart from
braces typed by users (counted only in the template's own text), tool.selection_drift.
"""

from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.editions import Edition, editions
from bot.engine.exam import Exam
from bot.engine.moving import Moved
from bot.engine.placeholders import variables_edit
from bot.engine.questions import PASSED
from bot.engine.rising import compared_rate, risen
from bot.engine.words import name, share
from bot.model.finding import Examination, Signal
from bot.model.frame import BoolArray, Frame
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates

BY = (("prompt_name",), ("prompt_version",), ("route",), ("tenant",), ("locale",), ("region",), ("prompt_name", "tenant"))
CAP_TEXT = 0.60  # found in texts alone: nobody saw an unfilled variable


class Limits(Base):
    gates: PropGates = Field(
        default=PropGates(floor=0.002, n_current=8, n_baseline=30)
    )  # hardly ever happens at rest: two in a thousand are a defect
    refused: PropGates = Field(default=PropGates(floor=0.05, n_current=20, n_baseline=30))  # a model that lacks the question declines it


@check(prior=3, limits=Limits)
def unresolved_reference(exam: Exam, limits: Limits) -> Examination:
    kind = "prompt" if exam.sees("prompt", "prompt_unresolved") else "llm" if exam.sees("llm", "prompt_unresolved") else ""
    frame = exam.ops(kind) if kind else exam.requests
    counted = frame.recorded("prompt_unresolved") | frame.recorded("prompt_missing_vars")
    if not counted.any():
        return _by_text(exam, limits)
    left = (frame.number("prompt_unresolved") > 0) | (frame.number("prompt_missing_vars") > 0)
    edition, worst = _worst(exam, frame, left, counted, limits.gates)
    exam.require("unresolved variables", Signal.FORM, worst.measured)
    if edition is not None:
        exam.support("a new prompt version", Signal.CHANGE, edition.novelty())
    elif kind and exam.sees(kind, "prompt_version"):
        exam.support("a new prompt version", Signal.CHANGE, exam.novelty(frame, "prompt_version", among=worst.cell))
    if edition is not None and exam.evidence.prompts:
        exam.support(
            "the edit renamed a variable", Signal.CHANGE, variables_edit(exam.evidence, worst.where.get("prompt_name"), edition.version)
        )
    exam.affects(frame, left)
    exam.cell(worst.where)
    return exam.conclude(f"prompts of {name(worst.where, 'the product')} go out with unfilled variables: {share(worst.measured)}")


def _worst(exam: Exam, frame: Frame, left: BoolArray, counted: BoolArray, gates: PropGates) -> tuple[Edition | None, Moved]:
    """The new version with most unfilled variables, when it holds them; else the cell."""
    found: tuple[Edition, Moved] | None = None
    for one in editions(exam, frame) if frame is not exam.requests else ():
        then, now = one.before & counted, one.new & counted
        measured = compared_rate(exam, frame, left, then, now, gates)
        if measured.grade in PASSED and (found is None or better(measured, found[1].measured)):
            found = one, Moved(measured, one.where, one.new, then, now)
    return found or (None, risen(exam, frame, left, by=BY, gates=gates, among=counted))


def _by_text(exam: Exam, limits: Limits) -> Examination:
    """Nobody counts: the registry's texts of versions that are new in use."""
    ops = exam.ops("llm")
    best: Edition | None = None
    for one in editions(exam, ops) if exam.evidence.prompts else ():
        told = variables_edit(exam.evidence, one.where.get("prompt_name"), one.version)
        if told.grade in PASSED:
            exam.require("variables of the new text", Signal.FORM, told)
            best = one
            break
    if best is None:
        exam.require("unresolved variables", Signal.FORM, exam.not_recorded("prompt", "prompt_unresolved"))
        return exam.conclude("")
    refused = ops.true("output_refusal") | ops.equals("finish", "refusal")
    if refused.any():
        exam.support(
            "refusals of the new version", Signal.FEEDBACK, compared_rate(exam, ops, refused, best.before, best.new, limits.refused)
        )
    exam.support("a new prompt version", Signal.CHANGE, best.novelty())
    exam.affects(ops, best.new)
    exam.cell(best.where)
    exam.cap(CAP_TEXT)
    return exam.conclude(f"the new text of {name(best.where, 'a prompt')} asks for variables that its callers may not provide")
