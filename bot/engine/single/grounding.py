"""Answers that rest on nothing the run has seen: tools were there and meant to be used, none brought anything in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from bot.engine.single.blame import Blame, quoted
from bot.engine.single.run import answering, closing_name, heard, observed, outermost, turns
from bot.engine.single.tools import CODE, answers, invoked, meant, mentioned, offered
from bot.model.step import Step, Told

PLANS = 50  # turns before the answer searched for a plan: it is written at the start
PLAN_CHARS = 5_000  # of a turn searched for it

_LOOKUP = re.compile(
    r"^\s*(?:step\s*)?(?:\d{1,2}\s*[.):]|[-*•])\s.*?\b(search(?:ing)? (?:for|the)|look(?:ing)? up|locat(?:e|ing)|retriev(?:e|ing)"
    r"|research(?:ing)?|fetch|download|consult|browse|visit"
    r"|(?:obtain|gather|collect|get|find|extract|check|confirm|verify|identify) [^.\n]{0,120}?"
    r"\b(?:from|using|on|in|via) [^.\n]{0,60}?\b(?:web|internet|wikipedia|websites?|database|archives?|sources?"
    r"|records?|papers?|articles?))\b",
    re.I | re.M,
)
"""A step of a written plan that fetches something from outside; a heading such as "facts to look up" is none."""
_GUESS = re.compile(
    r"\b(assum(e|ed|ing|ption)|presum\w+|plausibl\w+|typical(ly)?|hypothe\w+"
    r"|simulat(?:e|ing|ed) (?:using|the (?:use|search|call)|a (?:search|call|response))"
    r"|i (recall|remember|know|believe)|guess\w*"
    r"|estimat\w+"
    r"|(well|widely|commonly)[- ]known|general(ly)? known|known (fact|to be)|common knowledge|presumably|most likely|it is likely"
    r"|fabricat\w+|(my|general|prior|background) (knowledge|understanding)"
    r"|based on (common|typical|general|publicly|well|known|my))\b",
    re.I,
)


def ungrounded(told: Told) -> Iterator[Blame]:
    """The first turn that answers although nothing was observed, where the run itself had named tools or sources to look in."""
    last = answering(told)
    names = offered(told)
    if last is None or not names:
        return
    own = turns(told, outermost(told)) or told.of("llm")
    at = next((turn for turn in own if answers(turn)), last)
    before = [turn for turn in own if told.rank[turn.span_id] < told.rank[at.span_id]]
    called = any(not closing_name(name) for turn in (*before, at) for name in turn.calls)  # ran, though no span of it was recorded
    if called or observed(told, at) or heard_anything(at, before) or invoked(at, names):
        return
    named = sorted({name for turn in before for name in mentioned(turn.said, names)})
    sought = next((found[1] for turn in before[:PLANS] if (found := _LOOKUP.search(turn.said[:PLAN_CHARS]))), "")
    if not named and not sought:
        return
    yield from _unsupported(at, named, sought, names, len(before))


def heard_anything(at: Step, before: list[Step]) -> bool:
    return any(heard(turn) for turn in (*before, at))


def _unsupported(at: Step, named: list[str], sought: str, names: tuple[str, ...], turns_before: int) -> Iterator[Blame]:
    shown = {"planned": named[:5], "looked_for": sought, "observations": 0, "turns_before": turns_before}
    means = f"to use {', '.join(named[:3])}" if named else f"to look things up (“{quoted(sought, 40)}”)"
    yield Blame(
        at.span_id,
        "prompt",
        "plan_skipped",
        f"The answer was given although the run had planned {means}, and no tool had returned anything.",
        shown,
    )
    yield Blame(
        at.span_id, "tool", "tool_not_called",
        f"None of {len(names)} tools that could have supplied the answer was called before it was given.",
        {"offered": list(names[:10]), **shown},
    )  # fmt: skip
    guess = _GUESS.search(at.said[:20_000])
    words = f", in its own words “{quoted(_around(at.said, guess), 80)}”" if guess else ""
    kind = "guessed_answer" if guess else "unsupported_answer"
    yield Blame(
        at.span_id,
        "model",
        kind,
        f"The answer rests on nothing the run has observed{words}.",
        {"quote": quoted(_around(at.said, guess)), **shown},
    )


def guesses(told: Told) -> Iterator[Blame]:
    """Turns that answer with something they say themselves is a guess, whatever had been observed."""
    for turn in told.of("llm"):
        found = _GUESS.search(_prose(turn.said))
        if found and answers(turn):
            yield Blame(
                turn.span_id, "model", "guess_given_as_answer",
                f"Gives an answer that it calls a guess: “{quoted(_around(_prose(turn.said), found), 80)}”.",
                {"quote": quoted(_around(_prose(turn.said), found))},
            )  # fmt: skip


def spoken_only(told: Told) -> Iterator[Blame]:
    """Turns that say they use a tool while nothing ran before the next turn: the request was written or printed, not made."""
    names = offered(told)
    for agent in sorted({*(step.span_id for step in told.of("agent")), ""}):
        own = turns(told, agent)
        for turn, following in pairwise(own):
            wanted = meant(turn, names)
            if not wanted or answers(turn) or invoked(turn, names) or observed(told, following, turn):
                continue
            if turn.failed or (heard(following) and not heard(turn)):
                continue
            shown = {"tool": wanted[0], "next_turn": following.span_id}
            yield Blame(
                turn.span_id, "tool", "call_not_made",
                f"Says that it uses {quoted(wanted[0], 40)}, but no tool ran before the next turn.",
                shown,
            )  # fmt: skip
            yield Blame(
                turn.span_id, "prompt", "step_not_carried_out",
                f"The step that needed {quoted(wanted[0], 40)} was not carried out.",
                shown,
            )  # fmt: skip


def _prose(said: str) -> str:
    """What a turn says, without the code it wrote: there, to assume is to handle a case."""
    return CODE.sub("", said[:20_000])


def _around(said: str, found: re.Match[str] | None) -> str:
    if found is None:
        return said.strip()[:200]
    return said[max(found.start() - 40, 0) : found.end() + 60].strip()
