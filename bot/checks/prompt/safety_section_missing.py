"""A section that must be in a prompt is gone from a version in use.

## Looks at
The sections that the registry requires of a prompt, against the texts in use; policy violations; refusals of risky requests.

## Why it matters
Few requests are harmed and gravely; the edit is often weeks old when somebody notices.

## Stays quiet when
Every text in use has its sections, or no version ever had them and no policy violation was seen: then the names differ, not the prompt.

## Told apart from
infra.abuse_injection (the prompt is whole, the inputs are hostile), model.refusal_shift (more refusals, not fewer),
infra.guardrail_overblock. A page about something else that did change speaks against it.
"""

import numpy as np
from pydantic import Field

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.live import Live, live_texts
from bot.engine.needs import need
from bot.engine.signals import BINARY
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.value import Limits as Base
from bot.stats.proportion import PropGates

OWN = tuple(BINARY[one][0] for one in ("policy_hit", "refusal"))  # signals that this cause moves itself
CAP = 60  # characters of a stranger's words in a claim


class Limits(Base):
    hits: PropGates = Field(default=PropGates(floor=0.001, z=3.1, min_bad=3))  # three where there were none: p .001 (catalogue 1.2)
    refusals: PropGates = Field(default=PropGates(floor=0.05, direction="down"))  # of risky requests: half as many


@check(need("prompts"), prior=2, limits=Limits)
def safety_section_missing(exam: Exam, limits: Limits) -> Examination:
    live = live_texts(exam)
    if not any(_required(one) for one in live):
        unknown = Measured(test="STATIC", grade=Grade.NA, missing=("prompts.required_sections",), reason="no required sections")
        exam.require("required sections in the texts in use", Signal.CHANGE, unknown)
        return exam.conclude("")
    requests = exam.requests
    hits = exam.rate(requests, requests.true("policy_hit"), among=requests.recorded("policy_hit"), gates=limits.hits, slices=False)
    lost = [(one, section) for one in live for section in _required(one) if section.casefold() not in one.text.text.casefold()]
    had = [(one, section) for one, section in lost if any(section.casefold() in past.text.casefold() for past in one.before)]
    told = had or lost
    grade = Grade.STRONG if had else Grade.NONE if not lost else Grade.MODERATE if hits.measured.grade is Grade.STRONG else Grade.WEAK
    numbers: dict[str, float | int | str | None] = {"texts": len(live), "missing": ", ".join(s[:CAP] for _, s in told)[:200] or None}
    exam.require("required sections in the texts in use", Signal.CHANGE, Measured(test="STATIC", grade=grade, n=len(live), numbers=numbers))
    exam.support("policy violations", Signal.FORM, hits.measured)
    risky = requests.recorded("risk_category")
    exam.support(
        "refusals of risky requests",
        Signal.FEEDBACK,
        exam.rate(
            requests, requests.true("refusal"), among=risky & requests.recorded("refusal"), gates=limits.refusals, slices=False
        ).measured,
    )
    other = exam.evidence.moved and exam.evidence.signal not in OWN and hits.measured.grade is not Grade.STRONG
    exam.against("another signal changed", Signal.SLICE, Measured(test="ONSET", grade=Grade.STRONG if other else Grade.NONE))
    if not told:
        return exam.conclude("", "every text in use has its required sections")
    first, section = told[0]
    used = np.logical_or.reduce([one.requests for one, _ in told])
    exam.affects(requests, used & requests.true("policy_hit"))
    exam.cell({"prompt_name": first.text.name})
    return exam.conclude(f"{first.text.name[:CAP]} {first.text.version[:CAP]} is in use without its section {section[:CAP]}")


def _required(one: Live) -> list[str]:
    """Sections that any version of the prompt is said to need, in order; the text itself is not asked."""
    named: list[str] = []
    for text in (*one.before, one.text):
        wanted = text.meta.get("required_sections")
        named += [item for item in wanted if isinstance(item, str) and item.strip()] if isinstance(wanted, list | tuple) else []
    return list(dict.fromkeys(named))
