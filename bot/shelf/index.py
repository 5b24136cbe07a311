"""Builds and opens an index: a folder with the runbooks and the vectors of their opening lines; those of passages are behind the port.

A runbook that did not change is not embedded again. An index belongs to one embedder; under another one everything is embedded anew.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from bot.errors import BadInput
from bot.model.runbook import Runbook
from bot.model.value import Value
from bot.ports import Embedder
from bot.shelf.dense import Dense, Matrix
from bot.shelf.passages import to_embed
from bot.shelf.read import Document, Shelved

FILE = "shelf.json"
FORMAT = 2
BATCH = 128  # texts embedded at once: some four seconds of work, so that a progress bar moves
WRITE = 1000  # passages a write: the embedded store holds the interpreter while it writes, half a second for so many
NO_EMBEDDER = "lexical"  # the name of an index without vectors

Tell = Callable[[int, int], None]  # texts embedded so far, of how many


class Entry(Value):
    """One document of the index, the passages the store holds of it, and how many rows of the openings' file are its own."""

    runbook: Runbook
    digest: str
    passages: tuple[str, ...]
    openings: int = 0


class Manifest(Value):
    format: int = FORMAT
    embedder: str
    openings: str = ""  # the file of the opening lines' vectors, rows in the order of the documents; "" = none
    documents: tuple[Entry, ...] = ()


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


def openings(folder: Path, manifest: Manifest) -> dict[str, Matrix]:
    """Path -> vectors of its opening lines. BadInput when the file does not fit the manifest."""
    if not manifest.openings:
        return {}
    file = folder / Path(manifest.openings).name
    try:
        rows = np.load(file, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot be read: {error}; build the index again", place=str(file)) from None
    if rows.ndim != 2 or len(rows) != sum(entry.openings for entry in manifest.documents):
        raise BadInput("does not fit the index; build it again", place=str(file))
    found, start = {}, 0
    for entry in manifest.documents:
        found[entry.runbook.path] = np.asarray(rows[start : start + entry.openings], dtype=np.float32)
        start += entry.openings
    return found


def _silent(_done: int, _of: int) -> None:
    pass


async def build(shelved: Shelved, folder: Path, dense: Dense | None, tell: Tell = _silent) -> Built:
    """Bring the index in `folder` in line with what was read. Safe to interrupt: the next run does what is missing."""
    notes = list(shelved.notes)
    embedded = 0
    if dense is None:
        _known(folder, NO_EMBEDDER, notes)  # for its note
        _write(folder, NO_EMBEDDER, shelved.documents, {})
    else:
        embedded = await _renew(shelved, folder, dense, notes, tell)
    count = sum(len(document.passages) for document in shelved.documents)
    return Built(len(shelved.documents), count, embedded, tuple(notes))


async def _renew(shelved: Shelved, folder: Path, dense: Dense, notes: list[str], tell: Tell) -> int:
    """Embed what is new, drop what is gone; the number of passages embedded."""
    name = dense.embedder.name
    known, opened = _known(folder, name, notes)
    stored = await dense.vectors.ids()
    fresh = [document for document in shelved.documents if _is_fresh(document, known, opened, stored)]
    changed = {document.runbook.path for document in fresh}
    lasting = [document for document in shelved.documents if document.runbook.path not in changed]
    # What follows may be cut short: until it is done the changed files count as unknown.
    _write(folder, name, lasting, opened)

    kept = {passage.id for document in lasting for passage in document.passages}
    if gone := sorted(stored - kept):
        await dense.vectors.remove(gone)
    await _embed(fresh, dense, opened, tell)
    _write(folder, name, shelved.documents, opened)
    return sum(len(document.passages) for document in fresh)


async def _embed(fresh: Sequence[Document], dense: Dense, opened: dict[str, Matrix], tell: Tell) -> None:
    """The passages of new documents into the store, their opening lines into `opened`."""
    passages = [passage for document in fresh for passage in document.passages]
    lines = [line for document in fresh for line in document.openings]
    of = len(passages) + len(lines)
    tell(0, of)
    writing: asyncio.Task[None] | None = None
    try:
        for start in range(0, len(passages), WRITE):
            part = passages[start : start + WRITE]
            vectors = await _vectors([to_embed(passage) for passage in part], dense.embedder, tell, start, of)
            if writing is not None:
                await writing
            writing = asyncio.create_task(dense.vectors.put(part, vectors))
        rows = await _vectors(lines, dense.embedder, tell, len(passages), of)
    finally:
        if writing is not None:
            await writing
    start = 0
    for document in fresh:
        opened[document.runbook.path] = np.array(rows[start : start + len(document.openings)], dtype=np.float32)
        start += len(document.openings)


async def _vectors(texts: Sequence[str], embedder: Embedder, tell: Tell, before: int, of: int) -> list[Sequence[float]]:
    found: list[Sequence[float]] = []
    for start in range(0, len(texts), BATCH):
        found += await embedder.embed(texts[start : start + BATCH])
        tell(before + len(found), of)
    return found


def _known(folder: Path, name: str, notes: list[str]) -> tuple[dict[str, Entry], dict[str, Matrix]]:
    """What the index in `folder` holds that is still of use: its entries, and the vectors of their opening lines."""
    try:
        manifest = read(folder)
        opened = openings(folder, manifest)
    except BadInput:
        return {}, {}  # a new index, or one that cannot be read any more: build it whole
    if manifest.embedder != name:
        notes.append(f"the index was made with {manifest.embedder}, now it is {name}: every passage is embedded again")
        return {}, {}
    return {entry.runbook.path: entry for entry in manifest.documents}, opened


def _is_fresh(document: Document, known: Mapping[str, Entry], opened: Mapping[str, Matrix], stored: frozenset[str]) -> bool:
    """New, changed, or not wholly in the store."""
    entry = known.get(document.runbook.path)
    if entry is None or entry.digest != document.digest:
        return True
    ids = {passage.id for passage in document.passages}
    whole = len(opened.get(document.runbook.path, ())) == len(document.openings)
    return not whole or ids != set(entry.passages) or not ids <= stored


def _write(folder: Path, name: str, documents: Sequence[Document], opened: Mapping[str, Matrix]) -> None:
    """Whole or not at all: the manifest is exchanged last, and names the file that fits it."""
    folder.mkdir(parents=True, exist_ok=True)
    held = [opened[document.runbook.path] for document in documents if document.runbook.path in opened]
    file = ""
    if held:
        digest = hashlib.sha256(name.encode() + "".join(document.digest for document in documents).encode()).hexdigest()
        file = f"openings-{digest[:16]}.npy"
        with (folder / f"{file}.new").open("wb") as new:
            np.save(new, np.concatenate(held))
        (folder / f"{file}.new").replace(folder / file)
    entries = tuple(
        Entry(
            runbook=document.runbook,
            digest=document.digest,
            passages=tuple(passage.id for passage in document.passages),
            openings=len(opened.get(document.runbook.path, ())),
        )
        for document in documents
    )
    beside = folder / f"{FILE}.new"
    beside.write_text(Manifest(embedder=name, openings=file, documents=entries).model_dump_json(), encoding="utf-8")
    beside.replace(folder / FILE)
    for old in folder.glob("openings-*.npy"):
        if old.name != file:
            old.unlink(missing_ok=True)
