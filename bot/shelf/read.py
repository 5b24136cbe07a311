"""Folders of Markdown, with front matter or without, become runbooks and passages. A file that cannot be read is a note, not a crash."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import BadInput
from bot.model.runbook import Passage, Runbook
from bot.redact import redact_runbook
from bot.shelf import front_matter
from bot.shelf.front_matter import Head
from bot.shelf.passages import TITLE_LIMIT, first_heading, openings, passages

SUFFIXES = frozenset({".md", ".markdown", ".mdx"})
FILE_LIMIT = 1024 * 1024  # bytes; a runbook of a megabyte is a log somebody renamed
FILES_LIMIT = 20_000  # files under one index; above it somebody has pointed at a home directory
SHARED_BY = 3  # documents with one first heading: then it is a section of a template ("Meaning"), not a title

_GROUPS = re.compile(r"^\s*[\"']?groups", re.M)


@dataclass(frozen=True)
class Document:
    """One file: its runbook, its passages, the lines that open it, and the hash of all that is embedded or kept of it."""

    runbook: Runbook
    passages: tuple[Passage, ...]
    openings: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class Shelved:
    """All documents by path, sorted; `notes` says which files were left out or read without their front matter, and why."""

    documents: tuple[Document, ...]
    notes: tuple[str, ...] = ()


def read_folders(roots: Sequence[Path]) -> Shelved:
    """Every Markdown file below the folders (a file stands for itself). BadInput when a root is not there."""
    books: dict[str, Runbook] = {}
    notes: list[str] = []
    for root in roots:
        if not root.exists():
            raise BadInput("no such folder", place=str(root))
        for file in _files(root):
            if len(books) >= FILES_LIMIT:
                raise BadInput(f"more than {FILES_LIMIT} files; point at the runbooks' own folder", place=str(root))
            path = file.name if root.is_file() else file.relative_to(root).as_posix()
            while path in books:  # two roots hold a file of that name: the second is told apart by its folder
                path = f"{root.name}/{path}"
            try:
                books[path] = read_file(file, path, notes)
            except (BadInput, OSError) as error:
                notes.append(f"left out: {error}")
    titled = _retitled([books[path] for path in sorted(books)])
    return Shelved(tuple(document(redact_runbook(runbook)) for runbook in titled), tuple(notes))


def document(runbook: Runbook) -> Document:
    """A runbook with what is embedded of it."""
    digest = hashlib.sha256(runbook.model_dump_json().encode()).hexdigest()
    return Document(runbook, tuple(passages(runbook)), openings(runbook), digest)


def _retitled(runbooks: Sequence[Runbook]) -> list[Runbook]:
    """A first heading that many documents share is no title; the file's name is."""
    shared = Counter(runbook.title for runbook in runbooks if runbook.title == first_heading(runbook.body))
    return [
        runbook.model_copy(update={"title": Path(runbook.path).stem[:TITLE_LIMIT]}) if shared[runbook.title] >= SHARED_BY else runbook
        for runbook in runbooks
    ]


def _files(root: Path) -> Iterator[Path]:
    """Markdown files below `root`, sorted; hidden folders (.git, .github) are passed over, links that lead out of it not followed."""
    if root.is_file():
        yield root
        return
    home = root.resolve()
    for folder, folders, names in os.walk(root):  # follows no link to a folder
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            if name.startswith(".") or file.suffix.lower() not in SUFFIXES or not file.is_file():
                continue
            if not file.is_symlink() or file.resolve().is_relative_to(home):
                yield file


def read_file(file: Path, path: str, notes: list[str]) -> Runbook:
    """One file -> Runbook. BadInput names file and line."""
    if file.stat().st_size > FILE_LIMIT:
        raise BadInput(f"larger than {FILE_LIMIT} bytes", place=path)
    raw = file.read_bytes()
    if b"\0" in raw:
        raise BadInput("not text", place=path)
    text = raw.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    block, body, line = front_matter.split(text)
    try:
        head = front_matter.parse(block, path) if block else Head()
    except BadInput as error:
        if _GROUPS.search(block):  # it may hold who must not read it: fail closed
            raise
        notes.append(f"read without its front matter: {error}")
        head = Head()
    return _runbook(head, body, path, line)


def _runbook(head: Head, body: str, path: str, line: int) -> Runbook:
    stem = Path(path).stem
    return Runbook(
        id=head.id or stem,
        path=path,
        title=(head.title or first_heading(body) or stem)[:TITLE_LIMIT],
        causes=head.causes,
        services=head.services,
        groups=head.groups,
        owner=head.owner,
        reviewed_on=head.reviewed_on,
        next=head.next,
        body=body.strip("\n"),
        starts=line + len(body) - len(body.lstrip("\n")),
    )
