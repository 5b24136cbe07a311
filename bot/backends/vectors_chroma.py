"""Vectors: Chroma's persistent client in a folder. It gets vectors from us and never an embedding model of its own."""

import asyncio
import hashlib
import importlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from bot.errors import SourceUnavailable
from bot.model.runbook import Passage

BATCH = 5000  # passages a write; Chroma refuses more than about 5,400
EF_BUILD = 40  # candidates the graph keeps while building; with 100 it takes 1.6 times as long and finds 1 in 100 neighbours more
EF_SEARCH = 200  # while searching: the default of 100 misses neighbours once a filter is on
SYNC = 2500  # passages after which the graph goes to disk; what is newer is read from the log at the next opening, a second for so many

T = TypeVar("T")


class ChromaVectors:
    """One collection an embedder: vectors of different models cannot be compared, nor have they one length.

    Chroma blocks, so every call runs in one thread of its own. Its failures become SourceUnavailable.
    """

    def __init__(self, folder: Path, embedder: str, thread: ThreadPoolExecutor) -> None:
        self._folder = folder
        # 2: the form of what is kept; a collection of another form is not looked at
        self._name = "passages-2-" + hashlib.sha256(embedder.encode()).hexdigest()[:16]
        self._thread = thread
        self._client: Any = None
        self._collection: Any = None

    async def put(self, passages: Sequence[Passage], vectors: Sequence[Sequence[float]]) -> None:
        def write() -> None:
            for start in range(0, len(passages), BATCH):
                part = passages[start : start + BATCH]
                self._opened().upsert(
                    ids=[passage.id for passage in part],
                    embeddings=np.asarray(vectors[start : start + BATCH], dtype=np.float32),
                    metadatas=[_metadata(passage) for passage in part],
                )

        await self._run(write, f"put {len(passages)} passages")

    async def near(self, vector: Sequence[float], k: int, groups: frozenset[str]) -> tuple[tuple[str, float], ...]:
        def read() -> tuple[tuple[str, float], ...]:
            collection = self._opened()
            least = min(k, collection.count())
            if least < 1:
                return ()
            asked = np.asarray([vector], dtype=np.float32)
            found = collection.query(query_embeddings=asked, n_results=least, include=["distances", "metadatas"])
            if not all(_may_read(told, groups) for told in found["metadatas"][0]):  # its filter lists every passage: five times the time
                found = collection.query(query_embeddings=asked, n_results=least, where=readable(groups), include=["distances"])
            hits = [(str(id_), 1.0 - float(distance)) for id_, distance in zip(found["ids"][0], found["distances"][0], strict=True)]
            return tuple(sorted(hits, key=lambda hit: (-hit[1], hit[0])))

        return await self._run(read, f"nearest {k} for {len(groups)} groups")

    async def ids(self) -> frozenset[str]:
        return await self._run(lambda: frozenset(str(id_) for id_ in self._opened().get(include=[])["ids"]), "ids")

    async def remove(self, ids: Sequence[str]) -> None:
        def drop() -> None:
            for start in range(0, len(ids), BATCH):
                self._opened().delete(ids=list(ids[start : start + BATCH]))

        await self._run(drop, f"remove {len(ids)} passages")

    def _opened(self) -> Any:
        """Opened at first use, in the thread: importing Chroma takes two seconds."""
        if self._collection is None:
            chromadb = importlib.import_module("chromadb")
            config = importlib.import_module("chromadb.config")
            self._folder.mkdir(parents=True, exist_ok=True)
            self._client = chromadb.PersistentClient(str(self._folder), settings=config.Settings(anonymized_telemetry=False))
            self._collection = self._client.get_or_create_collection(
                self._name,
                embedding_function=None,
                configuration={"hnsw": {"space": "cosine", "ef_construction": EF_BUILD, "ef_search": EF_SEARCH, "sync_threshold": SYNC}},
            )
        return self._collection

    async def _run(self, work: Callable[[], T], asked: str) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except Exception as error:
            raise SourceUnavailable(f"vector store: {type(error).__name__}: {error}", source="vectors", asked=asked) from error

    def close(self) -> None:
        if self._client is not None:
            self._client.close()


@asynccontextmanager
async def chroma_vectors(folder: Path, embedder: str) -> AsyncIterator[ChromaVectors]:
    """`embedder` is the name of the embedder whose vectors these are."""
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="vectors")
    vectors = ChromaVectors(folder, embedder, thread)
    try:
        yield vectors
    finally:
        await asyncio.get_running_loop().run_in_executor(thread, vectors.close)
        thread.shutdown(wait=True)


def readable(groups: frozenset[str]) -> dict[str, Any]:
    """Chroma's filter: open to all, or to one of the groups. Never an empty list, which Chroma refuses."""
    clauses: list[dict[str, Any]] = [{"public": True}, *({"groups": {"$contains": group}} for group in sorted(groups))]
    return clauses[0] if len(clauses) == 1 else {"$or": clauses}


def _may_read(told: Mapping[str, Any], groups: frozenset[str]) -> bool:
    """What `readable` asks of a passage, for one that was found without asking."""
    return bool(told.get("public")) or not groups.isdisjoint(told.get("groups") or ())


def _metadata(passage: Passage) -> dict[str, Any]:
    """Only what the filter needs: a text kept here would be indexed word by word. Chroma takes lists of texts, but no empty one."""
    return {"public": not passage.groups, **({"groups": list(passage.groups)} if passage.groups else {})}
