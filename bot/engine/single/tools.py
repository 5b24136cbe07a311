"""Which tools an agent had, and whether it meant to use one, used it, or only talked about it."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.engine.single.run import closing_name
from bot.model.step import Step, Told

MOST_TOOLS = 200  # names looked for in a text; agents have a dozen

_LISTED = re.compile(r"^\s*[-*]\s*`?([a-z][a-z0-9]*_[a-z0-9_]{1,40})`?\s*[:(]", re.M)
_INTENT = re.compile(
    r"\b(i will|i['’]ll|i need to|i must|i['’]m going to|i am going to|let me|let['’]s|i should|now,? i"
    r"|i (now )?(ask|call|use|pass|send))\b",
    re.I,
)
CODE = re.compile(r"```(?:\w+)?\n(.*?)(?:```|\Z)", re.S)


def offered(told: Told) -> tuple[str, ...]:
    """Names of all tools and team members that any agent of the trace had, those that only hand over an answer left out."""
    names: dict[str, None] = {}
    for step in told.steps:
        names.update(dict.fromkeys(step.offered))
        if step.kind == "tool":
            names[step.tool] = None
        for one in step.asked:
            if one.role in ("system", "developer"):
                names.update(dict.fromkeys(_LISTED.findall(one.text[:50_000])))  # longer prompts list their tools in their first part
    kept = [name for name in names if len(name) >= 4 and name.isascii() and not closing_name(name)]
    return tuple(sorted(kept)[:MOST_TOOLS])


@lru_cache(maxsize=1_000)
def _pattern(name: str) -> re.Pattern[str]:
    """The name as written or with spaces, as people write it."""
    return re.compile(r"(?<![\w])" + re.escape(name).replace("_", r"[_\s-]") + r"(?![\w])", re.I)


def mentioned(text: str, names: tuple[str, ...]) -> list[str]:
    cut = text[:20_000]
    return [name for name in names if _pattern(name).search(cut)]


def meant(turn: Step, names: tuple[str, ...]) -> list[str]:
    """Tools that a turn says it is about to use."""
    said = turn.said
    return mentioned(said, names) if _INTENT.search(said[:20_000]) else []


def invoked(turn: Step, names: tuple[str, ...]) -> list[str]:
    """Tools that a turn calls, as a structured call or in the code that it wrote; a comment or a text is no call."""
    found = set(turn.calls)
    for block in CODE.findall(turn.said[:50_000]):
        for line in block.splitlines():
            bare = re.sub(r"\"[^\"]*\"|'[^']*'", '""', line).partition("#")[0]
            found.update(name for name in names if re.search(r"\b" + re.escape(name) + r"\s*\(", bare))
    return sorted(found)


def answers(turn: Step) -> bool:
    """Whether a turn hands an answer over by a closing tool, in a structured call or in its text."""
    if any(closing_name(name) for name in turn.calls):
        return True
    return re.search(r"\b\w*(final|submit|finish)_?\w*(answer|result|response)?\w*\s*\(", turn.said[:50_000]) is not None
