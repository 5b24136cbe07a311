"""Variables of a prompt's text: which of them an edit renamed, and which nobody provides."""

from __future__ import annotations

import re

from bot.model.evidence import Evidence, PromptText
from bot.model.finding import Grade, Measured

MARKS = re.compile(r"\{\{\s*([\w.]{1,60})\s*\}\}|\$\{\s*([\w.]{1,60})\s*\}|(?<![{$\w])\{([A-Za-z_][\w.]{0,59})\}(?!\})")
"""`{{name}}`, `${name}` and `{name}`: the placeholders of the template languages in use. JSON in a template has quotes in its braces."""
TOLD = 4  # names in a claim


def variables(text: str) -> frozenset[str]:
    """Names of a template's variables."""
    return frozenset(next(name for name in found if name) for found in MARKS.findall(text))


def variables_edit(evidence: Evidence, name: str | None, version: str) -> Measured:
    """STRONG: the version needs a variable that the registry says nobody provides; MODERATE: it lost one and gained another."""
    for known, texts in sorted((evidence.prompts or {}).items()):
        at = next((i for i, one in enumerate(texts) if one.version == version), None)
        if at is None or (name is not None and known != name):
            continue
        mine, provided = variables(texts[at].text), _provided(texts[: at + 1])
        unknown = sorted(mine - provided) if provided else []
        before = variables(texts[at - 1].text) if at else mine
        gained, lost = sorted(mine - before), sorted(before - mine)
        grade = Grade.STRONG if unknown else Grade.MODERATE if gained and lost else Grade.WEAK if gained else Grade.NONE
        numbers: dict[str, float | int | str | None] = {"gained": ", ".join(gained[:TOLD]) or None, "lost": ", ".join(lost[:TOLD]) or None}
        return Measured(test="STATIC", grade=grade, n=len(mine), numbers={**numbers, "not_provided": ", ".join(unknown[:TOLD]) or None})
    return Measured(test="STATIC", grade=Grade.NA, missing=("prompts",), reason="the version is not in the registry")


def _provided(texts: tuple[PromptText, ...]) -> frozenset[str]:
    named: set[str] = set()
    for one in texts:
        wanted = one.meta.get("variables")
        named |= {item for item in wanted if isinstance(item, str)} if isinstance(wanted, list | tuple) else set()
    return frozenset(named)
