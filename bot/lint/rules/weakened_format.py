"""What the answer must look like is asked for less strictly than before: `strictly valid JSON` -> `clean JSON` broke parsers."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, quoted, rule, warning
from bot.lint.sheet import Sheet

FORMAT = re.compile(
    r"(?i)\b(?:json|yaml|xml|csv|toml|schema|markdown|html|code ?blocks?|format|structure|fields?|keys?|array"
    r"|object|list|table|integer|boolean|enum|delimit\w*|tags?)\b"
)
MACHINE = re.compile(r"(?i)\b(?:json|yaml|xml|csv|toml|schema|array|enum)\b")
STRICT = re.compile(
    r"(?i)\b(?:strict(?:ly)?|valid|exact(?:ly)?|only|must|always|never|required|verbatim|precisely|well-formed"
    r"|parse?able|just|solely|nothing else|no other|without any|no (?:additional|extra|other|explanation\w*"
    r"|prose|commentary|markdown)|do not (?:include|add|write|wrap|use)|don't (?:include|add|write|wrap|use))\b"
)
SOFT = re.compile(
    r"(?i)\b(?:clean|nice(?:ly)?|neat(?:ly)?|preferabl[ey]|ideally|if possible|when possible|try to|feel free"
    r"|may|can|could|roughly|approximately|something like|similar to|or similar|usually|generally|should"
    r"|loosely|reasonable|good|some)\b"
)
PIECE = re.compile(r"(?<=[.!?;])\s+")


@rule
def weakened_format(sheet: Sheet) -> Iterator[Hit]:
    if sheet.edit is None:
        return
    for changed in sheet.edit.changed:
        if not (FORMAT.search(changed.before) and FORMAT.search(changed.after)):
            continue
        before, after = _said(STRICT, changed.before), _said(STRICT, changed.after)
        lost = before - after
        softened = _said(SOFT, changed.after) - _said(SOFT, changed.before)
        machine = MACHINE.search(changed.before) is not None
        if lost and (softened or (machine and not after - before and _same_rest(changed.before, changed.after))):
            yield warning(changed.line, f"the format is asked for less strictly: {quoted(', '.join(sorted(lost)))} is gone")
    yield from _gone(sheet)


def _said(pattern: re.Pattern[str], text: str) -> set[str]:
    return {hit.lower() for hit in pattern.findall(text)}


def _same_rest(before: str, after: str) -> bool:
    """Hardly anything new is said: words went, none came."""
    old = set(re.findall(r"\w+", before.lower()))
    come = [word for word in re.findall(r"\w+", after.lower()) if word not in old]
    return len(come) <= 2


def _gone(sheet: Sheet) -> Iterator[Hit]:
    """A whole demand for a machine's format went, and no line asks for that format as strictly."""
    assert sheet.edit is not None
    if sheet.edit.rewrites:
        return
    demands = [piece for line in sheet.text.lines for piece in PIECE.split(line) if STRICT.search(piece)]
    for line, text in sheet.edit.lost:
        for piece in PIECE.split(text):
            formats = _said(MACHINE, piece)
            if formats and STRICT.search(piece) and not any(formats & _said(MACHINE, one) for one in demands):
                yield warning(line, f"no line demands {quoted(', '.join(sorted(formats)))} any more: {quoted(piece)} is gone")
                return
