"""A runbook's text -> sections, the passages that are embedded, and the lines that open it."""

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.model.runbook import Passage, Runbook

PASSAGES_LIMIT = 200  # passages of one file: a hostile file must not fill the index
PASSAGE_CHARS = 1000  # about 250 word pieces: all-MiniLM-L6-v2 reads 256 and drops the rest
TITLE_LIMIT = 200  # characters; what one line of a card shows
OPENING_LINES = 3  # sentences that open a runbook; with 8, 16 or all of them refusals were no better on the public sets
OPENING_CHARS = 300  # of one of them
LEAD_CHARS = 200  # of the opening that goes before every passage: enough to say what the runbook is about
SECTION_CHARS = 20_000  # of a section, looked through for its first sentences
KEPT = 8  # bodies whose sections are remembered: title, opening and passages of one runbook are read one after the other
LEAST_SENTENCE = 16  # characters; what is shorter is a label ("How it works:")

_FENCE = re.compile(r"^\s{0,3}(```|~~~)")
_HEADING = re.compile(r"^\s{0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_CODE = re.compile(r"^\s{0,3}(```|~~~).*?(?:^\s{0,3}\1|\Z)", re.S | re.M)
_SENTENCE_ENDS = re.compile(r"(?<=[.!?:])\s+|\n\s*\n|\n\s*(?:[-*+]|\d+[.)])\s+")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_ADDRESS = re.compile(r"https?://[^\s/)>\]\"']+/(?:[^\s)>\]\"'?#]*/)?([^\s/)>\]\"'?#]+)")
ADDRESS_WORDS = 3  # words in the last part of an address that make it a line: debugging-out-of-order-samples
_LETTERS = re.compile(r"[^\W\d_]{2,}")


@lru_cache(KEPT)
def sections(body: str) -> tuple[tuple[str, str], ...]:
    """(heading, text below it) in order; the text before the first heading has the heading "". Fenced code holds no headings."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line, heading in _headings(body):
        if heading is None:
            found[-1][1].append(line)
        else:
            found.append((heading, []))
    return tuple((heading, "\n".join(lines).strip()) for heading, lines in found if heading or any(line.strip() for line in lines))


def first_heading(body: str) -> str | None:
    """The first that says anything, read no further than to it."""
    return next((heading for _, heading in _headings(body) if heading), None)


def _headings(body: str) -> Iterator[tuple[str, str | None]]:
    """Every line, and its heading where it is one."""
    fence = ""
    for line in body.splitlines():
        heading = None
        if line.lstrip()[:1] in ("#", "`", "~"):  # of ten lines nine are neither, and need no pattern to tell
            mark = _FENCE.match(line)
            if mark is not None and (not fence or mark.group(1) == fence):
                fence = "" if fence else mark.group(1)
            heading = None if fence else _HEADING.match(line)
        yield line, None if heading is None else heading.group(2)[:TITLE_LIMIT]


def openings(runbook: Runbook) -> tuple[str, ...]:
    """The lines that say what a runbook is for: its title, its first sentences one by one, and the first two together. Never empty."""
    title = telling_title(runbook)
    lines = _first_sentences(runbook.body)
    together = f"{title}\n{' '.join(lines[:2])}".strip()
    found = dict.fromkeys(line for line in (title, *lines, together) if line)
    return tuple(found) or (runbook.title,)


def telling_title(runbook: Runbook) -> str:
    """The title, or "" where it tells nothing: a file called d017.md without a heading."""
    return runbook.title if _LETTERS.search(runbook.title) else ""


@lru_cache(KEPT)
def _first_sentences(body: str) -> tuple[str, ...]:
    """Of a stub, which has fewer, what its links lead to, in words: often all that it says about itself."""
    found = _sentences(body)
    return tuple(found if len(found) == OPENING_LINES else (found + _led_to(body))[:OPENING_LINES])


def _led_to(body: str) -> list[str]:
    """`https://host/blog/debugging-out-of-order-samples` -> `debugging out of order samples`."""
    lines = []
    for match in _ADDRESS.finditer(body[:SECTION_CHARS]):
        words = [word for word in re.split(r"[-_.+]|%20", match.group(1)) if word.isalpha()]
        if len(words) >= ADDRESS_WORDS:
            lines.append(" ".join(words)[:OPENING_CHARS])
    return list(dict.fromkeys(lines))


def _sentences(body: str) -> list[str]:
    found: list[str] = []
    for _, text in sections(body):
        prose = _LINK.sub(r"\1", _CODE.sub(" ", text[:SECTION_CHARS]))
        for part in _SENTENCE_ENDS.split(prose[: 8 * OPENING_CHARS]):
            sentence = " ".join(part.split())
            if len(sentence) >= LEAST_SENTENCE:
                found.append(sentence[:OPENING_CHARS])
            if len(found) == OPENING_LINES:
                return found
    return found


def passages(runbook: Runbook) -> Iterator[Passage]:
    """Sections, long ones cut between paragraphs. A heading with nothing below it joins no passage of its own."""
    about = " ".join(_first_sentences(runbook.body)[:2])[:LEAD_CHARS]
    ordinal = 0
    for heading, text in sections(runbook.body):
        for part in _cut(text):
            if ordinal >= PASSAGES_LIMIT:
                return
            yield _passage(runbook, ordinal, heading, part, about)
            ordinal += 1
    if ordinal == 0:  # an empty runbook is still found by its title
        yield _passage(runbook, 0, "", "", about)


def _passage(runbook: Runbook, ordinal: int, heading: str, text: str, about: str) -> Passage:
    return Passage(
        id=f"{runbook.path}#{ordinal}",
        path=runbook.path,
        title=runbook.title,
        heading=heading,
        text=text,
        about="" if about.startswith(text[:LEAD_CHARS]) else about,
        causes=runbook.causes,
        services=runbook.services,
        groups=runbook.groups,
    )


def path_of(passage_id: str) -> str:
    """The runbook a passage is from."""
    return passage_id.rsplit("#", 1)[0]


def to_embed(passage: Passage) -> str:
    """What is embedded: a passage alone often does not say what it is about, so the runbook's opening, title and the heading go first."""
    title = passage.title if _LETTERS.search(passage.title) else ""
    heading = "" if passage.heading == passage.title else passage.heading
    return "\n".join(part for part in (passage.about, title, heading, passage.text) if part) or passage.title


def _cut(text: str) -> Iterator[str]:
    """Pieces of at most PASSAGE_CHARS, cut at blank lines, else at line ends, else anywhere."""
    piece = ""
    for part in _lines(text):
        if piece and len(piece) + len(part) > PASSAGE_CHARS:
            yield piece.strip()
            piece = ""
        piece += part
    if piece.strip():
        yield piece.strip()


def _lines(text: str) -> Iterator[str]:
    for paragraph in re.split(r"(?<=\n)\n+", text):
        if len(paragraph) <= PASSAGE_CHARS:
            yield paragraph + "\n"
            continue
        for line in paragraph.splitlines(keepends=True):
            for start in range(0, len(line), PASSAGE_CHARS):
                yield line[start : start + PASSAGE_CHARS]
