"""Builds and opens an index: one folder with the runbooks as read, and their passages' vectors in a store behind the port.

A file whose bytes did not change is not embedded again. An index belongs to one embedder; under another one everything is embedded anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bot.errors import BadInput
from bot.model.runbook import Passage, Runbook
from bot.model.value import Value
from bot.ports import Embedder, Vectors
from bot.shelf.read import Document, Shelved

FILE = "shelf.json"
FORMAT = 1
BATCH = 64  # passages embedded at once: about two seconds of work, so that a progress bar moves
NO_EMBEDDER = "lexical"  # the name of an index without vectors

Tell = Callable[[int, int], None]  # passages embedded so far, of how many


class Entry(Value):
    """One document of the index, and the passages the store holds of it."""

    runbook: Runbook
    digest: str
    passages: tuple[str, ...]


class Manifest(Value):
    format: int = FORMAT
    embedder: str
    documents: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Dense:
    """What it takes to search by meaning: a store, and the embedder its vectors are from."""

    vectors: Vectors
    embedder: Embedder


@dataclass(frozen=True)
class Built:
    documents: int
    passages: int
    embedded: int  # passages that were new
    notes: tuple[str, ...]


def read(folder: Path) -> Manifest:
    """The index's manifest. BadInput when there is none or it is not ours."""
    file = folder / FILE
    try:
        manifest = Manifest.model_validate_json(file.read_bytes())
    except OSError:
        raise BadInput("no runbook index here; build one with `midwatch runbooks index`", place=str(folder)) from None
    except ValidationError:
        raise BadInput("not an index of this version; build it again with `midwatch runbooks index`", place=str(file)) from None
    if manifest.format != FORMAT:
        raise BadInput(f"index of format {manifest.format}, this version reads {FORMAT}: build it again", place=str(file))
    return manifest


def _silent(_done: int, _of: int) -> None:
    pass


async def build(shelved: Shelved, folder: Path, dense: Dense | None, tell: Tell = _silent) -> Built:
    """Bring the index in `folder` in line with what was read. Safe to interrupt: the next run does what is missing."""
    name = dense.embedder.name if dense is not None else NO_EMBEDDER
    notes = list(shelved.notes)
    known = _known(folder, name, notes)
    embedded = await _renew(shelved, folder, known, dense, tell) if dense is not None else 0
    _write(folder, name, shelved.documents)
    count = sum(len(document.passages) for document in shelved.documents)
    return Built(len(shelved.documents), count, embedded, tuple(notes))


async def _renew(shelved: Shelved, folder: Path, known: dict[str, Entry], dense: Dense, tell: Tell) -> int:
    """Embed what is new, drop what is gone; the number of passages embedded."""
    stored = await dense.vectors.ids()
    fresh = {document.runbook.path for document in shelved.documents if _is_fresh(document, known, stored)}
    # What follows may be cut short: until it is done the changed files count as unknown.
    _write(folder, dense.embedder.name, [document for document in shelved.documents if document.runbook.path not in fresh])

    lasting = {passage.id for document in shelved.documents if document.runbook.path not in fresh for passage in document.passages}
    if gone := sorted(stored - lasting):
        await dense.vectors.remove(gone)
    passages = [passage for document in shelved.documents if document.runbook.path in fresh for passage in document.passages]
    await _embed(passages, dense, tell)
    return len(passages)


def _known(folder: Path, name: str, notes: list[str]) -> dict[str, Entry]:
    try:
        manifest = read(folder)
    except BadInput:
        return {}  # a new index, or one that cannot be read any more: build it whole
    if manifest.embedder != name:
        notes.append(f"the index was made with {manifest.embedder}, now it is {name}: every passage is embedded again")
        return {}
    return {entry.runbook.path: entry for entry in manifest.documents}


def _is_fresh(document: Document, known: dict[str, Entry], stored: frozenset[str]) -> bool:
    """New, changed, or not wholly in the store."""
    entry = known.get(document.runbook.path)
    if entry is None or entry.digest != document.digest:
        return True
    ids = {passage.id for passage in document.passages}
    return ids != set(entry.passages) or not ids <= stored


async def _embed(passages: Sequence[Passage], dense: Dense, tell: Tell) -> None:
    tell(0, len(passages))
    for start in range(0, len(passages), BATCH):
        batch = passages[start : start + BATCH]
        await dense.vectors.put(batch, await dense.embedder.embed([to_embed(passage) for passage in batch]))
        tell(start + len(batch), len(passages))


def to_embed(passage: Passage) -> str:
    """What is embedded: a passage alone often does not say what it is about, so its title and heading go first."""
    heading = "" if passage.heading in ("", passage.title) else f" > {passage.heading}"
    return f"{passage.title}{heading}\n{passage.text}"


def _write(folder: Path, name: str, documents: Sequence[Document]) -> None:
    """Whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = tuple(
        Entry(runbook=document.runbook, digest=document.digest, passages=tuple(passage.id for passage in document.passages))
        for document in documents
    )
    beside = folder / f"{FILE}.new"
    beside.write_text(Manifest(embedder=name, documents=entries).model_dump_json(), encoding="utf-8")
    beside.replace(folder / FILE)
