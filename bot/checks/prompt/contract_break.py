"""A prompt's output no longer keeps the form that its consumers rely on.

## Looks at
Outputs that do not parse or validate, at finish stop, per prompt name and version; the old version while both are live; the
contract tokens of the edit.

## Why it matters
Four words of an edit break every parser, tool description and rubric that reads the answer.

## Stays quiet when
The share is within a point of its past, or the failing outputs were cut off.

## Told apart from
model.truncated_output (finish length), model.silent_version_change (all prompts), prompt.model_mismatch (one model only),
infra.app_deploy (the parser changed, the prompt did not), tool.schema_break (tool arguments).
"""

from pydantic import Field

from bot.engine.cells import better
from bot.engine.check import check
from bot.engine.contracts import contract_edit
from bot.engine.editions import Edition, editions, tells_versions
from bot.engine.exam import Exam
from bot.engine.moving import Moved
from bot.engine.needs import need
from bot.engine.parsing import unparsed_calls
from bot.engine.questions import PASSED
from bot.engine.rising import compared_rate, risen
from bot.engine.versions import new_version
from bot.engine.words import name, share
from bot.model.finding import Examination, Grade, Signal
from bot.model.frame import BoolArray, Frame
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates

BY = (
    ("prompt_name",),
    ("prompt_version",),
    ("prompt_hash",),
    ("route",),
    ("prompt_name", "tenant"),
    ("prompt_name", "region"),
    ("route", "tenant"),
)
LIVE = 20  # calls of the old version beside the new one that make a control


class Limits(Base):
    gates: PropGates = Field(
        default=PropGates(floor=0.01, n_current=8, n_baseline=30)
    )  # a few in a thousand never parse; a point more is a broken consumer
    contrast: PropGates = Field(
        default=PropGates(floor=0.01, ratio=3.0, n_current=20, n_baseline=LIVE)
    )  # new against old version while both are live: the best evidence


@check(need("llm"), need("requests", "parse_failed"), prior=8, limits=Limits)
def contract_break(exam: Exam, limits: Limits) -> Examination:
    ops = exam.ops("llm")
    unread, readable = unparsed_calls(exam.evidence, ops)
    cut = ops.equals("finish", "length", "context_window")
    broken = unread & ~cut
    edition, worst = _worst(exam, ops, broken, readable, limits.gates)
    exam.require("outputs that do not parse", Signal.FORM, worst.measured)
    if worst.measured.grade is Grade.NA:
        return exam.conclude("")  # a new version alone breaks nothing
    if edition is not None:
        exam.require(
            "a new prompt version", Signal.CHANGE, exam.held(edition.novelty(), broken & (edition.new | edition.beside), edition.new)
        )
        if int((edition.beside & readable).sum()) >= LIVE:
            live = compared_rate(exam, ops, broken, edition.beside & readable, edition.new & readable, limits.contrast)
            exam.support("new against old version, both live", Signal.SLICE, live)
    elif tells_versions(exam, ops):
        told = new_version(exam, ops, broken, worst.cell | exam.same_prompt(ops, worst.cell))
        exam.require("a new prompt version", Signal.CHANGE, told[0] if told is not None else exam.nothing(ops))
    else:
        exam.require("a new prompt version", Signal.CHANGE, exam.not_recorded("llm", "prompt_version"))
    edit = contract_edit(exam.evidence, worst.where)
    if edit.grade is not Grade.NA:
        exam.support("the edit touched the contract", Signal.CHANGE, edit)
    if cut.any() and exam.current(ops).any():
        exam.against("cut-off outputs", Signal.TOKENS, exam.rate(ops, cut, slices=False, gates=PropGates(floor=0.02)).measured)
    exam.affects(ops, broken)
    exam.cell(worst.where)
    return exam.conclude(f"outputs of {name(worst.where, 'a prompt')} stopped parsing at finish stop: {share(worst.measured)}")


def _worst(exam: Exam, ops: Frame, broken: BoolArray, readable: BoolArray, gates: PropGates) -> tuple[Edition | None, Moved]:
    """The new version whose outputs parse least, against the calls before it; where none is worse, the worst cell."""
    found: tuple[Edition | None, Moved] | None = None
    for one in editions(exam, ops):
        then, now = one.before & readable, one.new & readable
        measured = compared_rate(exam, ops, broken, then, now, gates)
        if found is None or better(measured, found[1].measured):
            found = one, Moved(measured, one.where, one.new, then, now)
    if found is not None and found[1].measured.grade in PASSED:
        return found
    worst = risen(exam, ops, broken, by=BY, gates=gates, among=readable)
    return found if found is not None and better(found[1].measured, worst.measured) else (None, worst)
