"""Two instructions that cannot both be followed: the model follows one of them, not always the same."""

import re
from collections.abc import Iterator

from bot.lint.rule import Hit, quoted, rule, warning
from bot.lint.sheet import Sheet

PIECE = re.compile(r"(?<=[.!?;])\s+")
FOR_IT = re.compile(
    r"(?i)^\W*(?:you (?:must|should)\s+)?(?:always|must(?! not| never)|make sure to|be sure to|ensure you"
    r"|please)\s+(?P<what>[a-z][^.!?;:\n]{6,160})"
)
AGAINST = re.compile(
    r"(?i)^\W*(?:you (?:must|should)\s+)?(?:never|do not|don't|must not|must never|avoid|should not|under no "
    r"circumstances)\s+(?P<what>[a-z][^.!?;:\n]{6,160})"
)
DROP = frozenset(
    {
        "the",
        "a",
        "an",
        "to",
        "any",
        "your",
        "you",
        "in",
        "of",
        "and",
        "or",
        "is",
        "it",
        "that",
        "this",
        "for",
        "with",
        "be",
        "on",
        "as",
        "their",
        "user",
        "s",
        "please",
        "always",
        "ever",
    }
)
SAME = 0.75  # of the words of the shorter one
FEWEST = 2  # words that carry meaning
FAR = 400  # lines apart: then they belong to two prompts of one file
NEAR = 150  # lines apart, when one of the two was just written

PAIRS = tuple(
    (re.compile(one), re.compile(other))
    for one, other in (
        (
            r"(?i)\b(?:only|just|nothing but|strictly)\b[^.\n]{0,30}\bjson\b|\bjson only\b",
            r"(?i)(?<!not )(?<!n't )(?<!never )\b(?:answer|respond|reply|return|write|output)\b(?! "
            r"only)[^.\n]{0,30}\b(?:plain text|in markdown|as markdown|prose|yaml|xml|free text)\b",
        ),
        (
            r"(?i)\bno (?:explanations?|commentary|prose|reasoning)\b|do not explain|without (?:any )?explanations?",
            r"(?i)(?:^|[.!] |- |\d[.)] )(?:always )?(?:explain (?:your|the) (?:reasoning|answer|decision|thinking)"
            r"|include (?:a|an|your) (?:explanation|reasoning))",
        ),
        (
            r"(?i)\b(?:be|keep (?:it|your answers?|answers|responses?)) (?:very |extremely )?(?:brief|concise|short)\b",
            r"(?i)\b(?:be|write|give|provide)\b[^.\n]{0,20}\b(?:as detailed as possible|extremely detailed|very long"
            r"|exhaustive|at least \d{3,5} words|as much detail as possible)\b",
        ),
        (
            r"(?i)\b(?:always|only) (?:answer|respond|reply|write) in english\b",
            r"(?i)\b(?:always |only )?(?:answer|respond|reply|write) in (?:the (?:user's|same|customer's) language|the "
            r"language of the user|spanish|french|german|portuguese)\b",
        ),
        (
            r"(?i)\b(?:never|do not|don't) (?:ask|request)\b[^.\n]{0,30}\b(?:questions?|clarification)",
            r"(?i)\balways ask\b[^.\n]{0,30}\b(?:questions?|clarification)",
        ),
    )
)
AT_MOST = re.compile(
    r"(?i)\b(?:at most|no more than|maximum of|up to|under|fewer than|not exceed|limit\w* (?:\w+ "
    r"){0,3}to)\s+(?P<n>\d{1,5})\s+(?P<unit>words?|sentences?|paragraphs?|characters?|bullet(?: point)?s?"
    r"|items?|lines?)"
)
AT_LEAST = re.compile(
    r"(?i)\b(?:at least|no fewer than|minimum of|more than|min(?:imum)? length (?:of"
    r"|is))\s+(?P<n>\d{1,5})\s+(?P<unit>words?|sentences?|paragraphs?|characters?|bullet(?: point)?s?|items?"
    r"|lines?)"
)


@rule
def contradiction(sheet: Sheet) -> Iterator[Hit]:
    pieces = [(number, piece) for number, line in sheet.text.prose for piece in PIECE.split(line.strip().lstrip("-*•0123456789.) "))]
    yield from _opposites(pieces)
    fresh = _fresh(sheet)
    for one, other in PAIRS:
        first = [(number, piece) for number, piece in pieces if one.search(piece)]
        second = [(number, piece) for number, piece in pieces if other.search(piece) and not one.search(piece)]
        clash = next(((a, b) for a in first for b in second if fresh is None or (fresh & {a[0], b[0]} and abs(a[0] - b[0]) <= NEAR)), None)
        if clash is not None:
            yield warning(max(clash[0][0], clash[1][0]), f"{quoted(clash[0][1])} and {quoted(clash[1][1])} cannot both be followed")
    yield from _numbers(pieces, bool(sheet.text.source))


def _fresh(sheet: Sheet) -> frozenset[int] | None:
    """Lines that may clash: those the edit wrote. None for every line; in source many prompts stand beside each other, so there no line."""
    if sheet.edit is not None:
        return frozenset({line for line, _ in sheet.edit.new} | {one.line for one in sheet.edit.changed})
    return frozenset() if sheet.text.source else None


def _opposites(pieces: list[tuple[int, str]]) -> Iterator[Hit]:
    demands = [(number, _core(hit["what"]), piece) for number, piece in pieces if (hit := FOR_IT.match(piece))]
    bans = [(number, _core(hit["what"]), piece) for number, piece in pieces if (hit := AGAINST.match(piece))]
    for a, wanted, one in demands:
        for b, banned, other in bans:
            fewer = min(len(wanted), len(banned))
            if fewer >= FEWEST and len(wanted & banned) >= SAME * max(len(wanted), len(banned)) and abs(a - b) <= FAR:
                yield warning(max(a, b), f"{quoted(one)} and {quoted(other)} cannot both be followed")


def _core(text: str) -> frozenset[str]:
    return frozenset(word for word in re.findall(r"[a-z']+", text.lower()) if word not in DROP)


def _numbers(pieces: list[tuple[int, str]], source: bool) -> Iterator[Hit]:
    """A least that is above a most, of the same unit, in one template."""
    if source:
        return
    most = [(number, int(hit["n"]), hit["unit"].lower().rstrip("s"), hit[0]) for number, piece in pieces for hit in AT_MOST.finditer(piece)]
    least = [
        (number, int(hit["n"]), hit["unit"].lower().rstrip("s"), hit[0]) for number, piece in pieces for hit in AT_LEAST.finditer(piece)
    ]
    for a, upper, unit, one in most:
        for b, lower, other_unit, other in least:
            if unit == other_unit and lower > upper:
                yield warning(max(a, b), f"{quoted(one)} and {quoted(other)} cannot both be followed")
