"""Requests to act: always refused, with the command a person can run and what to check before."""

from __future__ import annotations

import re

from bot.chat.acting import Act
from bot.chat.case import Case
from bot.chat.told import Told
from bot.chat.understand import Asked
from bot.wording.literal import one_line
from bot.wording.verdict import conclude

SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")  # what may stand in a command: nothing a shell would read as more than a word
COMMANDS: dict[Act, str] = {
    Act.RESTART: "kubectl rollout restart deployment/{service}",
    Act.ROLL_BACK: "kubectl rollout undo deployment/{service}",
    Act.SILENCE: "amtool silence add service={service} --duration=<how long> --comment='<why>'",
    Act.SCALE: "kubectl scale deployment/{service} --replicas=<how many>",
    Act.DELETE: "# nothing to copy: a deletion has no way back. Ask the owner, and take a snapshot first",
    Act.STOP: "<flags> set {object}.enabled=false   # your feature flags or breaker",
    Act.SWITCH: "<gateway> route {service} --to <validated target>",
    Act.DEPLOY: "<your pipeline> deploy {service}   # after its own checks",
    Act.TELL: "midwatch ask <bundle> 'give me a status update'   # the text to paste; sending it is yours",
}
PROMPT_BACK = "<prompt registry> label set production {version}   # the last good version"
WORDS: dict[Act, str] = {
    Act.RESTART: "restart anything", Act.ROLL_BACK: "roll anything back", Act.SILENCE: "silence, acknowledge or close pages", Act.SCALE:
        "scale or set anything",
    Act.DELETE: "delete anything", Act.STOP: "stop, block or disable anything", Act.SWITCH: "switch or reroute anything", Act.DEPLOY:
        "deploy, run or repair anything",
    Act.TELL: "page, post, send, open tickets or watch for anybody",
}  # fmt: skip


def refuse(told: Told, asked: Asked) -> None:
    """Says that it will not, the command for a person, and what the report says about doing it."""
    case, report = told.case, told.case.report
    act = asked.act or Act.DEPLOY
    told.refused = True
    told.say(f"No: I only read, and never {WORDS[act]}. A person can run:")
    told.block(f"  {command(case, act, asked)}")
    if report.next:
        first = report.next[0]
        told.say(f"What the runbook proposes first: {one_line(first.action, 300)}", *case.leading[:1])
        told.say(f"Then verify: {one_line(first.verify, 300)}")
        told.say(f"Way back: {one_line(first.rollback, 300)}")
    told.say(f"What I see: {conclude(report).title} ({conclude(report).certainty}).", *case.leading[:1])
    if act is Act.SILENCE:
        told.say("Silence it only with an end and a condition, and not while the signal still burns.")


def command(case: Case, act: Act, asked: Asked) -> str:
    """A command in which every word that came from outside is a plain word, or a placeholder."""
    service = _plain(case.service or case.page.service, "<service>")
    thing = _plain(
        asked.slots.get("tool") or asked.slots.get("tenant") or asked.slots.get("model") or asked.slots.get("route", "").strip("/"),
        "<feature>",
    )
    suspect = next((change for change in case.report.changes if change.suspect), None)
    prompts = "prompt_version" in asked.slots or "prompt" in asked.said or (suspect is not None and suspect.kind == "prompt")
    if act is Act.ROLL_BACK and prompts:
        version = _plain(asked.slots.get("prompt_version"), "<version>") if re.search(r"\bto\b", asked.said) else "<version>"
        return PROMPT_BACK.format(version=version)
    return COMMANDS[act].format(service=service, object=thing)


def _plain(text: str | None, otherwise: str) -> str:
    return text if text and SAFE.fullmatch(text) else otherwise
