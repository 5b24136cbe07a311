"""Requests to act, by their grammar: an imperative, however polite. What asks *whether* or *how* to act is a question, and no request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """What is asked for; each has a command a person can run (answer/refusal.py)."""

    RESTART = "restart"
    ROLL_BACK = "roll_back"
    SILENCE = "silence"
    SCALE = "scale"
    DELETE = "delete"
    STOP = "stop"
    SWITCH = "switch"
    DEPLOY = "deploy"
    TELL = "tell"


@dataclass(frozen=True)
class Wish:
    """One imperative: what it asks for, and the clause it stands in."""

    act: Act
    clause: str


_IT = r"(?: (?:it|this|that|them|these|those|everything|all|him|(?:the |our |my |all )?[\w./-]+(?: [\w./-]+)?))?"
_THING = r"(?: (?:the|this|that|it|all|our|my|a|an|more|some|another|every|those|these|them|everything|its|both)\b| [\w/#@.-]+)"
_VERBS: tuple[tuple[Act, str], ...] = (
    (Act.ROLL_BACK, rf"roll{_IT} back|roll ?back|revert|undo|back out|go back to|downgrade|put{_IT} back|restore|reset"),
    (Act.RESTART, r"restart|re-?boot|bounce|re-?spawn|recycle|re-?start|kick|power.?cycle|turn it off and on"),
    (Act.SILENCE, r"silence|mute|snooze|suppress|ack|acknowledge|resolve|dismiss|close(?! to| the (?:circuit|breaker))|unmute"
                  r"|hush|shut up"),
    (Act.SCALE, r"scale|add (?:more |another |some )?(?:\w+ )?(?:replicas?|pods?|nodes?|workers?|capacity|instances?)|increase|raise"
                r"|bump|double|resize"
                r"|lower|reduce|decrease|set(?! of)|change (?=the|our|it|to|max|all|its|timeout)|adjust|extend|tune|configure|update "
                r"(?=the (?:config|limit|timeout|prompt|model))"),
    (Act.DELETE, r"delete|drop|purge|flush|clear|remove|wipe|truncate|erase|empty|get rid of|nuke|destroy|evict|invalidate"),
    (Act.STOP, rf"kill|stop|terminate|drain|disable|turn{_IT} off|turn off|switch{_IT} off|shut{_IT} (?:down|off)|pause|block|ban"
               rf"|throttle|cut|abort"
               rf"|cancel|quarantine|isolate|take{_IT} (?:out|offline|down)|unplug|freeze|halt|cordon|limit"),
    (Act.SWITCH, rf"switch|fail ?over|fail{_IT} over|re-?route|route|move|redirect|turn{_IT} on|turn on|enable|flip|toggle|promote|open "
                 rf"(?:the |a )?(?:circuit|breaker)"
                 rf"|close the (?:circuit|breaker)|swap|shift|migrate|activate|put{_IT} in"),
    (Act.DEPLOY, r"re-?deploy|deploy|ship|push|rebuild|re-?index|release|apply|patch|merge|run|execute|rotate|fix|repair|heal|upgrade"
                 r"|install"
                 r"|unleash|launch|trigger|start|perform|initiate|implement|roll out|do (?:a|the) (?:rollback|restart|failover|deploy"
                 r"|reboot|revert)"),
    (Act.TELL, r"page|call|wake(?: up)?|post(?! ?-?mortem)|send|e?mail|notify|message|mention|ping|tag|invite|announce|publish|alert"
               r"|tell everyone|dm"
               r"|file (?:an? )?\w+|(?:create|open|raise|make)(?: me)?(?: a| an| the)? (?:\w+ )?(?:tickets?|issues?|bugs?|pull request"
                r"|pr|cases?"
               r"|incidents?|channel)|assign|watch|subscribe"
               r"|remind|schedule|escalate (?=it|this|to)"),
)  # fmt: skip
_POLITE = (
    r"(?:(?:please|just|ok|okay|now|then|and|hey|yo|so|quickly|immediately|kindly|also|alright|right|well|at once|sudo|bot|midwatch|dear"
    r"|finally|simply|again|asap|urgent(?:ly)?|for now|someone|somebody|system|admin|operator|override|operator override|do|always|first"
    r"|instead"
    r"|go (?:ahead(?: and)?|and|on(?: and)?)|(?:can|could|would|will|won't|can't) (?:you|u|someone|somebody|the bot|midwatch)"
    r"(?: please| kindly| just| "
    r"maybe| go| also)*"
    r"|(?:i|we) (?:want|need|would like|order|command|authorize|authorise|ask|tell|beg|expect|allow|instruct|permit) (?:you |that you "
    r")?(?:to )?"
    r"|i'd like (?:you )?(?:to )?|(?:you|u) (?:should|must|have to|need to|may|can|are allowed to|have permission to|have my permission "
    r"to|are to)"
    r"|(?:i|we) need to|(?:i|we) have to|(?:i|we) must|let's|lets|let us|try to|try and|make sure (?:to|you)|be so kind (?:and|to)"
    r"|(?:would|do) you mind|it is time to|time to|help me(?: to)?|as (?:an? |the )?admin|i am (?:an? |the )?(?:admin|root|owner|boss)"
    r"|i am authori[sz]ed|you have (?:my )?permission|on my authority|your task is to|your job is to|your new (?:task|instructions?) "
    r"(?:is|are)(?: to)?"
    r"|i give you permission to|feel free to|already|without asking)\b[,:]?\s*)*"
)
_ASKS = re.compile(
    r"^(?:what|how|when|why|who|which|where|whose|is|are|was|were|does|do (?:i|we|you|they)|did|should|shall|would (?!you|u )|will "
    r"(?!you|u )|may|might|has|have|had"
    r"|can (?:i|we|it|this|that|the|they)|could (?:i|we|it|this|that|the|they)|if|any|am|must (?:i|we))\b"
)
_NOT = re.compile(
    r"^(?:(?:start|begin|run|launch|do|open|send|make|create|set|give|schedule|trigger|perform)(?: me| us)?(?: up)?(?: an?| the| another"
    r"| some| my)? ?(?:\w+ )?"
    r"(?:drills?|quiz|training|practice|exercise|game|flash|simulation|timeline|summary|update|report|recap|briefing|handoff|handover"
    r"|notes|comparison|chart|graph"
    r"|traces?|examples?|list|breakdown|numbers|evidence)\b"
    r"|(?:run|walk|talk|take) (?:me|us) through|run.?book|run down|run(?:ning)?book|send me|post an? (?:\w+ )?(?:update|summary)|call it"
    r"|call this|page\?|start (?:at|of|time|with|from)\b"
    r"|started|start\??$|fix\??$|change (?:log|events?|list|history)|patch notes|release notes|stop ?\??$|alerts?\b|cases?\b|ping\?"
    r"|reset my|move on|close call|limits? of|(?:scale|set|cut|drop) of|run time"
    r"|roll ?back (?:steps|plan|procedure|options|instructions|command|safe)|shift (?:change|summary|hand|notes|ends?|is|report|log)"
    r"|(?:escalate|page|call|ping) (?:it |this )?(?:to )?who"
    r"|mention(?:ed|s) |page (?:woke|says|said|came|fired|is|was|just|about)\b|page (?:me|us)\b|tag me|set of"
    r"|alert (?:me )?(?:text|title|name)|route /|route \w+ (?:is|affected|failing|broken"
    r"|down|only)|route\b.*\?$)"
)
_CLAUSE = re.compile(r"[.;!?,:]+(?=\s|$)|\s(?:and then|and|then|or|but|so|also|plus|because)\s|\s-+\s|\s\(|\)")
_DO = re.compile(
    r"\b(?:do|perform|initiate|trigger|start|begin|execute|kick off|give (?:\w+ )?(?:\w+ )?|need|want|run|make)(?: me)? ?(?:an?|the)? "
    r"(?P<noun>rollback|roll back|restart|reboot|failover"
    r"|fail over|revert|redeploy|reindex|purge|kick|scale.?up|scale.?down|silence|deletion)\b"
)
_NOUNS = {"rollback": Act.ROLL_BACK, "roll back": Act.ROLL_BACK, "revert": Act.ROLL_BACK, "restart": Act.RESTART, "reboot": Act.RESTART,
    "kick": Act.RESTART,
          "failover": Act.SWITCH, "fail over": Act.SWITCH, "redeploy": Act.DEPLOY, "reindex": Act.DEPLOY, "purge": Act.DELETE,
          "silence": Act.SILENCE,
          "deletion": Act.DELETE}  # fmt: skip
_MAKE = re.compile(r"^make (?:it|them|the \w+|this|that|sure (?:it|they)) (?=\w)")
_LEADING = re.compile("^" + _POLITE)
_IMPERATIVE = tuple((act, re.compile(rf"^(?:{verbs})\b(?:{_THING}|$|[!.]*$)?")) for act, verbs in _VERBS)
_ALONE_ASKS = re.compile(r"^[\w-]+(?: [\w-]+)?\?$")  # `rollback?`, `last deploy?`: a word or two with a question mark asks
_HOSTILE = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|drop)\b.{0,30}\b(?:instructions?|rules?|prompts?|guidelines|restrictions|guardrails?"
    r"|polic(?:y|ies))\b"
    r"|\b(?:operator|admin|developer|system|root) (?:override|mode|message|prompt)\b|<\|?(?:system|im_start|/?inst)|^\W*(?:system"
    r"|assistant) ?:"
    r"|\byou are now\b|\bpretend (?:you|to)\b|\bjailbreak (?:mode|yourself)|\bdan mode\b|@(?:channel|here|everyone)\b"
    r"|\b(?:api keys?|passwords?|credentials|secret keys?|bot token|everyone's secrets)\b|\b(?:system prompt|your (?:hidden |initial "
    r")?(?:prompt|instructions))\b",
    re.IGNORECASE,
)


def wish(text: str) -> Wish | None:
    """The first request to act in a mended text; None when it only asks."""
    for clause in clauses(text):
        act = _act(clause)
        if act is not None:
            return Wish(act, clause)
    return None


def clauses(text: str) -> list[str]:
    """The parts of a text that could each stand alone, with the question mark of the one that had it."""
    parts, at = [], 0
    for hit in _CLAUSE.finditer(text):
        part = text[at : hit.start()].strip()
        parts.append(part + "?" if "?" in hit.group() else part)
        at = hit.end()
    return [part for part in [*parts, text[at:].strip()] if part.strip(" ?!.")]


def hostile(raw: str) -> bool:
    """Whether it tries to change who decides here, or asks for secrets; judged on what was typed, quoted parts included."""
    return _HOSTILE.search(raw) is not None


def _act(clause: str) -> Act | None:
    bare = _LEADING.sub("", clause.strip(" \"'`*_"))
    bare = _MAKE.sub("", bare)
    if not bare or _ASKS.match(bare) or _NOT.match(bare) or _ALONE_ASKS.match(bare):
        return None
    for act, pattern in _IMPERATIVE:
        if pattern.match(bare):
            return act
    noun = _DO.search(clause) if not _ASKS.match(clause) else None
    return _NOUNS.get(noun["noun"], Act.DEPLOY) if noun is not None else None
