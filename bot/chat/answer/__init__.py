"""Answers, one function an intent: each takes an answer in the making and what was asked, and says what the report holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from bot.chat.answer.beside import drill, feedback, outside, readiness
from bot.chat.answer.comparing import compare
from bot.chat.answer.doing import next_action, owner, rollback, runbook, verify
from bot.chat.answer.extent import blast_radius, onset, slices
from bot.chat.answer.looking import traces
from bot.chat.answer.money import cost
from bot.chat.answer.past import changes, similar, timeline
from bot.chat.answer.reasons import blind, evidence, ruled_out, why
from bot.chat.answer.refusal import refuse
from bot.chat.answer.terms import explain, term_in
from bot.chat.answer.texts import handoff, summary
from bot.chat.answer.verdict import cause, layer, status, sureness
from bot.chat.case import Case
from bot.chat.charted import charted
from bot.chat.told import Told
from bot.chat.understand import Asked
from bot.model.reply import Reply

ANSWERS: Mapping[str, Callable[[Told, Asked], None]] = {
    "status": status, "layer": layer, "cause": cause, "why": why, "evidence": evidence, "onset": onset, "blast_radius": blast_radius,
    "slice": slices, "compare": compare, "changes": changes, "ruled_out": ruled_out, "not_checked": blind, "traces": traces,
    "runbook": runbook, "next_action": next_action, "verify": verify, "rollback": rollback, "owner": owner, "cost": cost,
    "confidence": sureness, "similar": similar, "explain_term": explain, "drill": drill, "readiness": readiness, "timeline": timeline,
    "summary": summary, "handoff": handoff, "feedback": feedback, "action_request": refuse, "out_of_scope": outside,
}  # fmt: skip
"""The intents of contract.md section 4."""
FACTUAL = frozenset(ANSWERS) - {"explain_term", "readiness", "out_of_scope"}
"""Answers that say something about the incident: each rests on a finding."""
READINGS: Mapping[str, str] = {
    "status": "what is broken now", "layer": "which layer it is", "cause": "what caused it", "why": "why I think so", "evidence":
        "the findings with their numbers",
    "onset": "when it began", "blast_radius": "how many are affected", "slice": "which part of the traffic it is in", "compare":
        "a comparison",
    "changes": "what changed", "ruled_out": "what else it could be", "not_checked": "what I cannot see", "traces": "traces to open",
        "runbook": "the runbook",
    "next_action": "what to do", "verify": "how to see that it is over", "rollback": "how to go back", "owner": "whom to call", "cost":
        "what it costs",
    "confidence": "how sure I am", "similar": "earlier incidents", "explain_term": "a term explained", "drill": "a drill", "readiness":
        "readiness",
    "timeline": "the course of events", "summary": "a text to paste", "handoff": "notes for the next shift", "feedback": "your feedback",
}  # fmt: skip
_LINK = re.compile(r"\b[a-z][a-z0-9+.-]*://\S+|\bwww\.\S+", re.IGNORECASE)
_MENTION = re.compile(r"<[!@#][^>]*>|@(?:channel|here|everyone)\b", re.IGNORECASE)


def answered(case: Case, asked: Sequence[Asked]) -> Reply:
    """The reply to one message: its questions answered one after another, each number beside the finding it comes from."""
    told = Told(case)
    first = asked[0]
    if first.close is not None and first.close in READINGS and first.intent in READINGS:
        told.say(f"Do you mean {READINGS[first.intent]}, or {READINGS[first.close]}? I take it as the first:")
    slots: dict[str, str] = {}
    for one in asked:
        ANSWERS[one.intent](told, one)
        if one.intent in FACTUAL and not told.evidence:
            told.cite(case.leading[:1])
        slots |= {slot: value for slot, value in named(one).items() if slot not in slots}
    return Reply(
        intent=first.intent,
        slots=dict(sorted(slots.items())),
        answer=defanged(told.text),
        evidence=tuple(told.evidence),
        refused=told.refused,
        queries=tuple(told.queries),
        also=tuple(one.intent for one in asked[1:]),
        clarify=(first.intent, first.close) if first.close is not None else (),
        picture=charted(told, asked),
    )


def named(asked: Asked) -> dict[str, str]:
    """The slots of the contract; the term only where a term is asked for."""
    slots = dict(asked.slots)
    if asked.intent == "explain_term":
        term = term_in(asked.text)
        if term is not None:
            slots["term"] = term.name
    return slots


def defanged(text: str) -> str:
    """No link and no mention leaves in an answer, whoever wrote it into a page, a span, a prompt or a runbook."""
    return _MENTION.sub("[mention removed]", _LINK.sub("[link removed]", text))
