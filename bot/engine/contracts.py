"""Whether an edit of a prompt touched what its consumers rely on: quoted literals, key names, formats, delimiters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured

WORDS = re.compile(r"(?i)\b(json|yaml|xml|csv|schema|object|array|field|key|keys|valid|strictly|exactly|only|format|enum|null|markdown)\b")
LITERALS = re.compile(r"\"[^\"\n]{1,60}\"|'[^'\n]{1,60}'|`[^`\n]{1,60}`|\{\{?[\w. ]{1,40}\}?\}|</?[\w-]{1,40}>|```")


def tokens(text: str) -> frozenset[str]:
    """The contract tokens of a template."""
    return frozenset(word.casefold() for word in WORDS.findall(text)) | frozenset(LITERALS.findall(text))


def contract_edit(evidence: Evidence, where: Mapping[str, str]) -> Measured:
    """Whether the newest version of the prompt in `where` changed contract tokens against its predecessor."""
    name, version = where.get("prompt_name"), where.get("prompt_version")
    for known, versions in sorted((evidence.prompts or {}).items()):
        if len(versions) < 2 or (name is not None and known != name):
            continue
        last = next((i for i, one in enumerate(versions) if one.version == version), len(versions) - 1 if name else 0)
        if last == 0:
            continue
        before, after = tokens(versions[last - 1].text), tokens(versions[last].text)
        changed = sorted(before ^ after)[:6]
        grade = Grade.STRONG if changed else Grade.NONE
        return Measured(test="STATIC", grade=grade, n=len(versions), numbers={"changed_tokens": ", ".join(changed)[:200]})
    return Measured(test="STATIC", grade=Grade.NA, missing=("prompts",), reason="no two versions of the prompt in the registry")
