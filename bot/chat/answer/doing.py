"""What to do: runbook, next action, verification, the way back, whom to call."""

from __future__ import annotations

import re

from bot.chat.about import layers_in
from bot.chat.acting import Act
from bot.chat.answer.refusal import command
from bot.chat.told import Told
from bot.chat.understand import Asked
from bot.model.report import Verdict
from bot.wording.evidence import could_not_check
from bot.wording.literal import one_line, several_lines
from bot.wording.verdict import cause_name, conclude, layer_word

STEP = 400  # characters of one step of a runbook
EXCERPT = 900  # characters of a runbook's first steps
LEAKS = re.compile(r"(?:another|each other|other tenant|leak|someone else)")
RESTART = re.compile(r"\b(?:re-?start|re-?boot|pods?|bounce)\b")
SCALE = re.compile(r"\b(?:scal|replica|capacity)\w*")
SWITCHING = re.compile(r"\b(?:fail ?over|switch|another provider|anthropic|openai|claude|gpt|move to)\b")
HELPED_BY_RESTART = frozenset({"infra.app_deploy"})
HELPED_BY_SCALE = frozenset({"infra.traffic_surge"})
HELPED_BY_FAILOVER = frozenset(
    {"model.provider_incident", "model.rate_limited", "model.quota_exhausted", "model.ttft_regression", "model.decode_slowdown"}
)


def runbook(told: Told, _: Asked) -> None:
    """The one that is bound to the cause, with its first steps; or that there is none."""
    case, report = told.case, told.case.report
    if not report.runbooks:
        told.say(f"No runbook matches {conclude(report).title.lower()}; the nearest ones are worse than none.", *case.leading[:1])
        return
    book = report.runbooks[0]
    if case.withheld:
        told.say("There is a runbook, but not one that you may read.", *case.leading[:1])
        return
    told.say(f"{one_line(book.title, 150)} ({one_line(book.id, 80)}; {one_line(book.why, 120)}).", *case.leading[:1])
    for step in report.next[:3]:
        told.say(f"• {one_line(step.action, STEP)}", *case.leading[:1])
    if case.runbook is not None:
        first = _section(case.runbook.body, "confirm") or _section(case.runbook.body, "first")
        told.block(several_lines(first, EXCERPT)) if first and not report.next else None
        told.say(
            f"{one_line(case.runbook.path, 150)}, owner {one_line(case.runbook.owner or 'not stated', 60)}, reviewed "
            f"{one_line(case.runbook.reviewed_on or 'never', 20)}."
        )


def _section(body: str, name: str) -> str:
    hit = re.search(rf"^##+ [^\n]*{name}[^\n]*\n(.*?)(?=^##|\Z)", body, re.IGNORECASE | re.MULTILINE | re.DOTALL)
    return hit[1].strip() if hit else ""


def next_action(told: Told, asked: Asked) -> None:
    """The first step with how to check it and the way back; and whether what the question proposes would help."""
    case, report = told.case, told.case.report
    _proposed(told, asked)
    if LEAKS.search(asked.said):
        told.say(
            "Containment first, whatever the cause: treat it as the highest severity, take the cache or index that mixed them out of the "
            "path, call security,"
        )
        told.say("and put no content of anybody's data into a channel.")
    if report.verdict is Verdict.NO_FAULT:
        told.say(
            f"Nothing to repair: {conclude(report).title.lower()}. Look at the alert's threshold, and watch until the next bucket.",
            *case.leading[:1],
        )
    elif report.verdict is Verdict.INSUFFICIENT:
        told.say(
            f"First make it visible: {could_not_check(report) or 'too few requests'}. Until then act by the service's own runbook.",
            *case.leading[:2],
        )
    for number, step in enumerate(report.next[:3], start=1):
        told.say(f"• {one_line(step.action, STEP)}", *case.leading[:1])
        if number == 1:
            told.say(f"   Then verify: {one_line(step.verify, STEP)}")
            told.say(f"   Way back: {one_line(step.rollback, STEP)}")
    if not report.next and report.verdict is Verdict.FAULT:
        told.say(
            f"No runbook is bound to {conclude(report).title.lower()}. Take the evidence to whoever owns the "
            f"{layer_word(report.layer).lower()} layer.",
            *case.leading[:2],
        )
    told.say("I change nothing myself; each step is yours to run.")


def _proposed(told: Told, asked: Asked) -> None:
    case, report = told.case, told.case.report
    cause = report.cause or ""
    named = cause_name(cause) if cause else conclude(report).title
    for pattern, helped, words in (
        (RESTART, HELPED_BY_RESTART, "A restart"),
        (SCALE, HELPED_BY_SCALE, "More replicas"),
        (SWITCHING, HELPED_BY_FAILOVER, "Failing over"),
    ):
        if pattern.search(asked.said) or pattern.search(asked.text.lower()):
            if cause in helped:
                told.say(f"{words} may help against {named}.", *case.leading[:1])
            else:
                told.say(f"{words} will most likely not help, because what I see is {named}.", *case.leading[:1])
            if words == "Failing over":
                told.say(
                    "Before that: is the prompt validated on the other model, and is there room under its limits? I have no proof of "
                    "either."
                )
            return


def verify(told: Told, _: Asked) -> None:
    """What must be seen when it is over, step by step, and the finding that must go away."""
    case, report = told.case, told.case.report
    for step in report.next[:2]:
        told.say(f"• {one_line(step.verify, STEP)}", *case.leading[:1])
    for finding in case.leading[:1]:
        if report.verdict is Verdict.FAULT:
            told.claim(finding, lead="What has to go back to its baseline: ")
    if case.runbook is not None and not case.withheld:
        query = re.search(r"^## verify\s*\n```(?:sql)?\n(.*?)```", case.runbook.body, re.IGNORECASE | re.MULTILINE | re.DOTALL)
        if query:
            told.block(several_lines(query[1], EXCERPT))
    if report.verdict is Verdict.NO_FAULT:
        told.say(f"There was nothing to fix: {conclude(report).title.lower()}.", *case.leading[:1])
    elif report.verdict is Verdict.INSUFFICIENT:
        told.say(f"It cannot be verified with what is recorded: {could_not_check(report) or 'too few requests'}.", *case.leading[:2])
    told.say("Look at the volume too: a low error rate with hardly any requests proves nothing. I have not looked after the page came.")


def rollback(told: Told, asked: Asked) -> None:
    """The way back of the proposed step; what a rollback of a change would touch; never done here."""
    case, report = told.case, told.case.report
    suspect = next((change for change in report.changes if change.suspect), None)
    if suspect is not None:
        told.say(
            f"The change to take back: {one_line(suspect.kind, 20)} {one_line(suspect.object, 80)} of {suspect.time:%Y-%m-%d %H:%M} UTC.",
            *case.leading[:1],
        )
        told.say(command(case, Act.ROLL_BACK, asked).replace("\n", " "))
    else:
        told.say(f"No change is a suspect, so rolling one back will most likely not help: {conclude(report).title}.", *case.leading[:2])
    for step in report.next[:2]:
        told.say(f"• {one_line(step.action, STEP)} Way back: {one_line(step.rollback, STEP)}")
    if re.search(r"break|consequence|safe|touch", asked.said):
        told.say(
            "What a rollback touches: sessions in mid-flight, caches filled by the newer version, and whatever else reads the same "
            "prompt, index or schema."
        )
        told.say("Who consumes it is not in what I was given; ask its owner before you do it.")


def owner(told: Told, asked: Asked) -> None:
    """The owner as the runbook or the service's file names it, with the evidence to bring."""
    case, report = told.case, told.case.report
    if re.search(r"acknowledg|on it|has it|ball|already|working|looking", asked.said):
        told.say("Somebody has acknowledged it." if case.acknowledged_by else "Nobody has acknowledged it here yet.")
    if case.runbook is not None and case.runbook.owner and not case.withheld:
        told.say(
            f"{layer_word(report.layer)} layer: {one_line(case.runbook.owner, 80)}, who owns the runbook "
            f"{one_line(case.runbook.title, 120)}.",
            *case.leading[:1],
        )
    if case.owner:
        told.say(f"Service {one_line(case.service or '', 60)}: {one_line(case.owner, 80)}.")
    if not told.lines or (not case.owner and (case.runbook is None or not case.runbook.owner)):
        layer = (
            layer_word(report.layer)
            if report.layer
            else (layer_word(next(iter(layers_in(asked.text)), None)) if layers_in(asked.text) else "")
        )
        told.say(
            f"No owner is declared for {one_line(case.service or 'this service', 60)}{f' or for the {layer} layer' if layer else ''}; "
            "playbooks/service/*.yaml is where it is said.",
            *case.leading[:1],
        )
    if report.verdict is Verdict.FAULT:
        told.say(f"Bring the evidence: {conclude(report).title} ({conclude(report).certainty}).", *case.leading[:2])
    elif report.verdict is Verdict.NO_FAULT:
        told.say(f"I would wake nobody for this: {conclude(report).title.lower()}.", *case.leading[:1])
    else:
        told.say("There is no layer to escalate to yet; take it to the service's own on-call.", *case.leading[:1])
