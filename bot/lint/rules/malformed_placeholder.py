"""A variable whose delimiters do not close as they opened: it is not filled in, or the rendering fails."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, error, quoted, rule
from bot.lint.sheet import Sheet

HALF_OPEN = re.compile(r"(?<![{$\w\\])\{\{\s{0,2}(?P<name>[A-Za-z_][\w.]{0,60})\s{0,2}\}(?!\})")
HALF_CLOSED = re.compile(r"(?<![{$\w\\])\{\s{0,2}(?P<name>[A-Za-z_][\w.]{0,60})\s{0,2}\}\}(?!\})")
NEVER_CLOSED = re.compile(r"(?<![{\\])(?P<open>\$?\{{1,2})\s{0,2}(?P<name>[A-Za-z_][\w.]{0,60})(?P<rest>[^{}\n]{0,300})(?=\{|$)")
PROSE = re.compile(r"\s*$|[.,;:!?)\]\"'*]|\s+[A-Za-z]")
SENTENCE = re.compile(r"[.,;:!)]?\s+[a-z]+ [a-z]+")
NEVER_OPENED = re.compile(r"(?<![\w{.$%])(?P<name>[A-Za-z_]\w{1,60})\s{0,2}(?P<close>\}{1,2})(?![}\w])")
SPLIT = re.compile(
    r"(?<!\{)\{ (?P<name>[a-z_]\w{0,60}) \}(?!\})|\$\s\{(?P<dollar>[a-z_]\w{0,60})\}|\{\s\{\s{0,2}(?P<double>[a-z_]\w{0,60})\s{0,2}\}\s?\}"
)


@rule
def malformed_placeholder(sheet: Sheet) -> Iterator[Hit]:
    known, source = sheet.known, sheet.text.source
    for number, line in enumerate(sheet.text.lines, 1):
        opened, closed = line.count("{"), line.count("}")
        if opened != closed:
            yield from (error(number, claim) for claim in _uneven(line, opened > closed, known, source))
        if opened and not source:
            yield from (error(number, claim) for claim in _split(line, known))


def _uneven(line: str, left_open: bool, known: frozenset[str], source: str) -> Iterator[str]:
    for pattern in (HALF_OPEN, HALF_CLOSED):
        for hit in pattern.finditer(line):
            if _meant(hit["name"], known, source):
                yield f"{quoted(hit[0])} opens and closes differently"
    for hit in NEVER_CLOSED.finditer(line) if left_open else ():
        if source == "script" and not SENTENCE.match(hit["rest"]):
            continue  # an expression that goes on in the next line
        if hit["name"] in known or (PROSE.match(hit["rest"]) and _meant(hit["name"], known, source)):
            yield f"{quoted(hit['open'] + hit['name'])} is never closed"
    for hit in NEVER_OPENED.finditer(line) if not left_open else ():
        if hit["name"] in known and "{" not in line[: hit.start()][-200:].rpartition("}")[2]:
            yield f"{quoted(hit[0])} is never opened"


def _split(line: str, known: frozenset[str]) -> Iterator[str]:
    for hit in SPLIT.finditer(line):
        if next(text for text in hit.groups() if text) in known:
            yield f"{quoted(hit[0])} is not a variable: there is a space in its delimiters"


def _meant(name: str, known: frozenset[str], source: str) -> bool:
    """In a file of its own any such name is meant as a variable; source is full of braces, so there the name must be known."""
    return name in known or (not source and len(name) > 1)
