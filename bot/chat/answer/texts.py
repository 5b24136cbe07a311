"""Texts to paste: the update for the channel and for executives, the postmortem's draft, the hand-off."""

from __future__ import annotations

import re

from bot.chat.case import NEXT_UPDATE
from bot.chat.told import Told
from bot.chat.understand import Asked
from bot.model.report import Outcome, Verdict
from bot.wording.evidence import could_not_check, not_checked
from bot.wording.figures import clock
from bot.wording.literal import one_line
from bot.wording.verdict import cause_name, conclude, for_whom, impact, layer_word, since

EXECS = re.compile(r"\b(?:exec|management|leadership|boss|manager|ceo|cto|stakeholder|vp|director|customer|support|status page|public)\w*")
POSTMORTEM = re.compile(r"post.?mortem|incident review|\bpir\b|retro")


def summary(told: Told, asked: Asked) -> None:
    if POSTMORTEM.search(asked.said):
        postmortem(told)
    elif EXECS.search(asked.said):
        _for_execs(told)
    else:
        update(told)


def update(told: Told) -> None:
    """At most three sentences with what is uncertain, and when the next one comes."""
    case, report = told.case, told.case.report
    conclusion = conclude(report)
    service = one_line(case.service or case.page.service or "the service", 60)
    facts = [impact(report), since(report, case.paged_at), for_whom(report)]
    told.say(f"{service}: {conclusion.title} ({conclusion.certainty}); {'; '.join(fact for fact in facts if fact)}.", *case.leading[:2])
    if report.next and report.verdict is Verdict.FAULT:
        told.say(f"Next step: {one_line(report.next[0].action, 240)}")
    elif report.verdict is Verdict.INSUFFICIENT:
        told.say(f"Not known yet: {could_not_check(report)}.")
    else:
        told.say("No action is needed so far; we keep watching.")
    told.block(f"Nothing was changed by Midwatch. Next update by {clock(case.now + NEXT_UPDATE)}.")


def _for_execs(told: Told) -> None:
    """Impact first, no jargon, no promise of an end."""
    case, report = told.case, told.case.report
    service = one_line(case.service or case.page.service or "the assistant", 60)
    if report.verdict is Verdict.NO_FAULT:
        told.say(f"{service}: an alert fired, and no fault was found ({conclude(report).certainty}).", *case.leading[:1])
    elif report.verdict is Verdict.INSUFFICIENT:
        told.say(
            f"{service}: an alert fired; what is recorded does not allow to say yet whether customers are affected.", *case.leading[:1]
        )
    else:
        told.say(f"{service} is degraded for some requests: {impact(report)}.", *case.leading[:1])
        told.say(
            f"The {layer_word(report.layer).lower()} layer is the {'confirmed' if report.layer_confidence >= 0.9 else 'likely'} place; "
            "the on-call team has the first step."
        )
    told.block(f"There is no reliable time of recovery yet. Next update by {clock(case.now + NEXT_UPDATE)}.")


def postmortem(told: Told) -> None:
    """A draft to fill in: what is known is there, what is not is asked for. Blameless."""
    case, report = told.case, told.case.report
    conclusion = conclude(report)
    told.say(f"# Postmortem draft: {one_line(case.page.title, 120)}")
    told.say(f"## Summary\n{conclusion.title} ({conclusion.certainty}). {impact(report)}.", *case.leading[:1])
    rows = [(change.time, f"change {one_line(change.kind, 20)} {one_line(change.object, 80)}") for change in report.changes]
    rows += [(report.onset.at, f"onset of {one_line(report.signal, 60)}")] if report.onset else []
    rows += [(case.now, "page received, triage done")]
    told.say(
        "## Timeline (UTC)\n"
        + "\n".join(f"- {at:%Y-%m-%d %H:%M} {words}" for at, words in sorted(rows))
        + "\n- mitigated: ___\n- resolved: ___"
    )
    told.say("## Evidence")
    for finding in case.leading[:4]:
        told.claim(finding, lead="- ")
    told.say(
        "## Five whys\n- why did requests fail? see the evidence\n- why could that happen? ___\n- why did no test or gate stop it? "
        "___\n- why was it not seen earlier? ___\n- why does the system allow it again? ___"
    )
    told.say(f"## What could not be seen\n{could_not_check(report) or 'every check could run'}.")
    told.say("## Drills\nReplay this bundle as a drill, so that the next person has seen it (`midwatch drill`).")


def handoff(told: Told, _: Asked) -> None:
    """What stands, what is open, what to watch, what not to touch."""
    case, report = told.case, told.case.report
    conclusion = conclude(report)
    told.say(f"State: {conclusion.title} ({conclusion.certainty}).", *case.leading[:2])
    facts = [since(report, case.paged_at), for_whom(report), impact(report)]
    told.say("Facts: " + "; ".join(fact for fact in facts if fact) + "." if any(facts) else "")
    for step in report.next[:2]:
        told.say(f"Open: {one_line(step.action, 240)} Verify: {one_line(step.verify, 240)}")
    clean = [row for row in report.ruled_out if row.cause is not None][:3]
    if clean:
        told.say(
            f"Ruled out: {', '.join(cause_name(row.cause or '') for row in clean)}.",
            *(case.by_id[row.why] for row in clean if row.why in case.by_id),
        )
    missing = [words for words, row in zip(not_checked(report), report.not_checked, strict=True) if row.check][:3]
    told.say(f"Not checked: {'; '.join(missing)}." if missing else "", *(row for row in report.findings if row.outcome is Outcome.SKIPPED))
    told.say(f"{'Acknowledged' if case.acknowledged_by else 'Not acknowledged'} so far. Nothing was changed by Midwatch.")
