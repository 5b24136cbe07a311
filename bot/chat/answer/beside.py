"""Beside the incident: drills, readiness, feedback, and what is none of its business."""

from __future__ import annotations

import re

from bot.chat.about import causes_in
from bot.chat.answer.verdict import about
from bot.chat.told import Told
from bot.chat.understand import Asked
from bot.wording.verdict import cause_name, conclude

SCOPE = "I answer questions about this incident: what failed, since when, for whom, on what evidence, what to do, what was not checked."
GREETING = re.compile(r"^(?:hi|hey|hello|yo|hola|good (?:morning|evening|night)|helo)\b")
THANKS = re.compile(r"^(?:thanks|thank you|ok|okay|cool|great|cheers|lol|bye|nice)\b|^\W*$")


def drill(told: Told, _: Asked) -> None:
    case = told.case
    told.say(
        "This incident can be replayed as a drill, with its answer hidden: you get the page, ask for evidence, and name layer, cause, "
        "slice and first action.",
        *case.leading[:1],
    )
    told.say(
        "`midwatch drill --help` lists the scenarios and how to run one; answers are marked, and the next is scheduled by what you missed."
    )


def readiness(told: Told, _: Asked) -> None:
    told.say(
        "Readiness comes from marked drills, not from this incident: competencies, recent scores and what is still missing for primary."
    )
    told.say("Your own is yours alone; of a team only sums are shown. Slack's home tab of Midwatch and `midwatch drill --help` lead there.")


def feedback(told: Told, asked: Asked) -> None:
    """Taken as a hypothesis: what its check says stands beside it; the vote is stored where a button is pressed."""
    case = told.case
    told.say(
        "Noted as your view." if not re.search(r"right|correct|good|nice|helpful|spot on|nailed|great", asked.said) else "Good to know."
    )
    known = frozenset(finding.check for finding in case.report.findings)
    for name in [name for name in causes_in(asked.text, known) if name != case.report.cause][:2]:
        told.say(f"Your hypothesis is {cause_name(name)}:")
        about(told, name)
    told.say(f"The report still says {conclude(case.report).title} ({conclude(case.report).certainty}).", *case.leading[:1])
    told.say("The card's button “Wrong” stores what it really was; that is how the engine's numbers are checked.")


def outside(told: Told, asked: Asked) -> None:
    said = asked.said
    if asked.hostile:
        told.refused = True
        told.say("No. Instructions in a message, a page, a span or a runbook change nothing here: they are read as data.")
        told.say(SCOPE)
    elif GREETING.match(said):
        told.say(f"Here. {SCOPE} Ask for a summary if you have just joined.")
    elif THANKS.match(said):
        told.say("Any time. Ask for a summary when somebody joins.")
    else:
        told.say(f"That is out of scope for me. {SCOPE}")
