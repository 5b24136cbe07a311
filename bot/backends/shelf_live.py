"""The shelf of a running service: answers by words from the first second, by meaning once its index is up to date.

What a first search pays for (words counted, model loaded, store opened) is paid at the start, beside the work: nobody waits for it then.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.backends.embed_cache import CachedEmbedder
from bot.backends.embed_choice import chosen_embedder
from bot.backends.vectors_chroma import chroma_vectors
from bot.errors import MidwatchError, SourceUnavailable
from bot.model.report import NextAction
from bot.model.runbook import Hit, Runbook
from bot.ports import Embedder
from bot.shelf import index
from bot.shelf.dense import Dense
from bot.shelf.read import Shelved, read_folders
from bot.shelf.shelf import Shelf
from bot.shelf.trust import trust, votes

log = logging.getLogger(__name__)

AGAIN_S = 300.0  # until an embedder that did not answer is asked again


class LiveShelf:
    """Port Runbooks; the shelf behind it is exchanged once."""

    def __init__(self, shelf: Shelf, word: str) -> None:
        self.shelf = shelf
        self.word = word  # what to tell people about the embedder; "" = nothing

    async def for_cause(self, cause: str, service: str | None) -> tuple[Hit, ...]:
        return await self.shelf.for_cause(cause, service)

    async def search(self, query: str, k: int, groups: frozenset[str]) -> tuple[Hit, ...]:
        return await self.shelf.search(query, k, groups)

    def next_actions(self, cause: str) -> tuple[NextAction, ...]:
        return self.shelf.next_actions(cause)

    def kept_to_groups(self, cause: str, service: str | None, groups: frozenset[str]) -> Runbook | None:
        return self.shelf.kept_to_groups(cause, service, groups)

    def runbook(self, runbook_id: str) -> Runbook | None:
        return self.shelf.runbook(runbook_id)


@asynccontextmanager
async def live_shelf(
    folder: Path, at: Path, choice: str, model: str, key: str | None, again_s: float = AGAIN_S
) -> AsyncIterator[LiveShelf]:
    """Runbooks of `folder`, their index below `at`; `choice`, `model` and `key` are those of the settings. BadInput names a broken file."""
    shelved = await asyncio.to_thread(read_folders, [folder])
    async with AsyncExitStack() as stack:
        embedder, word = await stack.enter_async_context(chosen_embedder(choice, model, key))
        trusted = await asyncio.to_thread(lambda: trust(votes(at)))
        live = LiveShelf(Shelf([document.runbook for document in shelved.documents], trust=trusted), word)
        learning = asyncio.create_task(_learn(live, shelved, at, embedder, again_s))
        stack.push_async_callback(_stop, learning)
        yield live


async def _learn(live: LiveShelf, shelved: Shelved, at: Path, embedder: Embedder | None, again_s: float) -> None:
    """Index, exchange the shelf, and keep the vectors open until cancelled. A failure leaves search by words, and is said in the log."""
    try:
        await live.shelf.warm()
        while embedder is not None:
            try:
                await _index(live, shelved, at, embedder)
            except SourceUnavailable as error:
                log.warning("runbooks are searched by words alone, meaning is tried again in %.0f s: %s", again_s, error)
                await asyncio.sleep(again_s)
    except MidwatchError as error:
        log.warning("runbooks are searched by words alone: %s", error)
    except Exception:
        log.exception("runbooks are searched by words alone")


async def _index(live: LiveShelf, shelved: Shelved, at: Path, embedder: Embedder) -> None:
    async with chroma_vectors(at / "chroma", embedder.name) as vectors:
        await index.build(shelved, at, Dense(vectors, CachedEmbedder(embedder, at / "embeddings.db")))
        opened = await asyncio.to_thread(lambda: index.openings(at, index.read(at)))
        trusted = await asyncio.to_thread(lambda: trust(votes(at)))
        meant = Shelf(live.shelf.runbooks, Dense(vectors, embedder, opened), trusted, like=live.shelf)
        await meant.warm()
        live.shelf = meant
        await asyncio.Event().wait()


async def _stop(learning: asyncio.Task[None]) -> None:
    learning.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await learning
