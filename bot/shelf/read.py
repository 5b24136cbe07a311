"""Folders of Markdown, with front matter or without, become runbooks and passages. A file that cannot be read is a note, not a crash."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import BadInput
from bot.model.runbook import Passage, Runbook
from bot.redact import redact_runbook
from bot.shelf import front_matter
from bot.shelf.front_matter import Head

SUFFIXES = frozenset({".md", ".markdown", ".mdx"})
FILE_LIMIT = 1024 * 1024  # bytes; a runbook of a megabyte is a log somebody renamed
FILES_LIMIT = 20_000  # files under one index; above it somebody has pointed at a home directory
PASSAGES_LIMIT = 200  # passages of one file: a hostile file must not fill the index
PASSAGE_CHARS = 1000  # about 250 word pieces: all-MiniLM-L6-v2 reads 256 and drops the rest
TITLE_LIMIT = 200  # characters; what one line of a card shows

_FENCE = re.compile(r"^\s{0,3}(```|~~~)")
_HEADING = re.compile(r"^\s{0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_GROUPS = re.compile(r"^\s*[\"']?groups", re.M)


@dataclass(frozen=True)
class Document:
    """One file: its runbook, its passages, and the hash of its bytes."""

    runbook: Runbook
    passages: tuple[Passage, ...]
    digest: str


@dataclass(frozen=True)
class Shelved:
    """All documents by path, sorted; `notes` says which files were left out or read without their front matter, and why."""

    documents: tuple[Document, ...]
    notes: tuple[str, ...] = ()


def read_folders(roots: Sequence[Path]) -> Shelved:
    """Every Markdown file below the folders (a file stands for itself). BadInput when a root is not there."""
    documents: dict[str, Document] = {}
    notes: list[str] = []
    for root in roots:
        if not root.exists():
            raise BadInput("no such folder", place=str(root))
        for file in _files(root):
            if len(documents) >= FILES_LIMIT:
                raise BadInput(f"more than {FILES_LIMIT} files; point at the runbooks' own folder", place=str(root))
            path = file.name if root.is_file() else file.relative_to(root).as_posix()
            if path in documents:  # two roots hold a file of that name: the second is told apart by its folder
                path = f"{root.name}/{path}"
            try:
                documents[path] = read_file(file, path, notes)
            except (BadInput, OSError) as error:
                notes.append(f"left out: {error}")
    return Shelved(tuple(documents[path] for path in sorted(documents)), tuple(notes))


def _files(root: Path) -> Iterator[Path]:
    """Markdown files below `root`, sorted; links that lead out of it are not followed."""
    if root.is_file():
        yield root
        return
    home = root.resolve()
    for file in sorted(root.rglob("*")):
        if file.suffix.lower() in SUFFIXES and file.is_file() and file.resolve().is_relative_to(home):
            yield file


def read_file(file: Path, path: str, notes: list[str]) -> Document:
    """One file -> Document. BadInput names file and line."""
    if file.stat().st_size > FILE_LIMIT:
        raise BadInput(f"larger than {FILE_LIMIT} bytes", place=path)
    raw = file.read_bytes()
    if b"\0" in raw:
        raise BadInput("not text", place=path)
    text = raw.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    block, body, _ = front_matter.split(text)
    try:
        head = front_matter.parse(block, path) if block else Head()
    except BadInput as error:
        if _GROUPS.search(block):  # it may hold who must not read it: fail closed
            raise
        notes.append(f"read without its front matter: {error}")
        head = Head()
    runbook = redact_runbook(_runbook(head, body, path))
    return Document(runbook, tuple(_passages(runbook)), hashlib.sha256(raw).hexdigest())


def _runbook(head: Head, body: str, path: str) -> Runbook:
    stem = Path(path).stem
    return Runbook(
        id=head.id or stem,
        path=path,
        title=(head.title or _first_heading(body) or stem)[:TITLE_LIMIT],
        causes=head.causes,
        services=head.services,
        groups=head.groups,
        owner=head.owner,
        reviewed_on=head.reviewed_on,
        next=head.next,
        body=body.strip("\n"),
    )


def _first_heading(body: str) -> str | None:
    return next((heading for heading, _ in sections(body) if heading), None)


def sections(body: str) -> tuple[tuple[str, str], ...]:
    """(heading, text below it) in order; the text before the first heading has the heading "". Fenced code holds no headings."""
    found: list[tuple[str, list[str]]] = [("", [])]
    fence = ""
    for line in body.splitlines():
        mark = _FENCE.match(line)
        if mark is not None and (not fence or mark.group(1) == fence):
            fence = "" if fence else mark.group(1)
        heading = None if fence else _HEADING.match(line)
        if heading is None:
            found[-1][1].append(line)
        else:
            found.append((heading.group(2)[:TITLE_LIMIT], []))
    return tuple((heading, "\n".join(lines).strip()) for heading, lines in found if heading or any(line.strip() for line in lines))


def _passages(runbook: Runbook) -> Iterator[Passage]:
    """Sections, long ones cut between paragraphs. A heading with nothing below it joins no passage of its own."""
    ordinal = 0
    for heading, text in sections(runbook.body):
        for part in _cut(text):
            if ordinal >= PASSAGES_LIMIT:
                return
            yield Passage(
                id=f"{runbook.path}#{ordinal}",
                path=runbook.path,
                title=runbook.title,
                heading=heading,
                text=part,
                causes=runbook.causes,
                services=runbook.services,
                groups=runbook.groups,
            )
            ordinal += 1
    if ordinal == 0:  # an empty runbook is still found by its title
        yield Passage(
            id=f"{runbook.path}#0", path=runbook.path, title=runbook.title, heading="", text="",
            causes=runbook.causes, services=runbook.services, groups=runbook.groups,
        )  # fmt: skip


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
