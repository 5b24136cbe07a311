"""Personal data stands in a prompt that is in use.

## Looks at
The texts in use: addresses of people, phone numbers, cards, bank accounts, identity numbers, secrets.

## Why it matters
Every call sends them to a provider and may repeat them to a customer; nothing fails, and it must stop now.

## Stays quiet when
There are only addresses of roles (support@), reserved example names, or a phone number alone: a hotline is nobody's data.

## Told apart from
infra.cache_wrong_hit (another user's live answer). Whatever changed for good has another cause: this one moves no rate.
"""

import re

import numpy as np

from bot.engine.check import check
from bot.engine.exam import Exam
from bot.engine.live import live_texts
from bot.engine.needs import need
from bot.model.finding import Examination, Grade, Measured, Signal
from bot.model.value import Limits
from bot.redact import redact

CAP = 60  # characters of a stranger's words in a claim
MARK = re.compile(r"\[redacted ([a-z ]{1,20})\]")
ROLE = re.compile(
    r"(?i)\b(?:support|help|info|contact|sales|team|hello|service|privacy|security|legal|press|jobs|billing|no-?reply|admin|office)"
    r"@[\w.-]{1,200}"
)
RESERVED = re.compile(r"(?i)[\w.+-]{1,64}@(?:[\w-]{1,63}\.){0,4}(?:example(?:\.[a-z]{2,6})?|test|invalid|localhost)\b")
"""Names that belong to nobody (RFC 2606). With a phone number beside it, such an address is a record all the same."""
RECORD = 2  # kinds of data about one person: by themselves a hotline and a reserved name are harmless


@check(need("prompts"), prior=1)
def pii_in_examples(exam: Exam, limits: Limits) -> Examination:
    live = live_texts(exam)
    found = [(one, kinds) for one in live for kinds in [_kinds(ROLE.sub("", one.text.text))] if kinds]
    people = [(one, kinds) for one, kinds in found if len(kinds) >= RECORD or _kinds(_without_reserved(one.text.text)) - {"phone"}]
    grade = Grade.STRONG if people else Grade.WEAK if found else Grade.NONE
    kinds = sorted({kind for _, some in people or found for kind in some})
    numbers: dict[str, float | int | str | None] = {"texts": len(live), "kinds": ", ".join(kinds) or None}
    exam.require("texts in use without personal data", Signal.CHANGE, Measured(test="STATIC", grade=grade, n=len(live), numbers=numbers))
    moved = Grade.STRONG if exam.evidence.moved else Grade.NONE
    exam.against("a signal changed for good", Signal.SLICE, Measured(test="ONSET", grade=moved))
    if not people:
        return exam.conclude("", "no personal data in the texts in use")
    first = people[0][0].text
    exam.affects(exam.requests, np.logical_or.reduce([one.requests for one, _ in people]))
    exam.cell({"prompt_name": first.name})
    return exam.conclude(f"{first.name[:CAP]} {first.version[:CAP]} holds personal data or secrets: {', '.join(kinds)}")


def _kinds(text: str) -> set[str]:
    """What a redaction of the text takes out, by kind; marks that the author wrote are no finding."""
    return set(MARK.findall(redact(MARK.sub("", text))))


def _without_reserved(text: str) -> str:
    return RESERVED.sub("", ROLE.sub("", text))
