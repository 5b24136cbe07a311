"""Embedder around an embedder: a text embedded once is read from disk after that. For passages; questions are not kept."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from array import array
from collections.abc import Sequence
from pathlib import Path

from bot.ports import Embedder

ASKED = 500  # keys a query; SQLite took 999 values before it took 32,766


class CachedEmbedder:
    """One SQLite file; a row's key is the hash of the embedder's name and the text, so embedders can share a file."""

    def __init__(self, inner: Embedder, file: Path) -> None:
        self.name = inner.name
        self._inner = inner
        self._file = file

    async def embed(self, texts: Sequence[str]) -> tuple[array[float], ...]:
        keys = [hashlib.sha256(f"{self.name}\0{text}".encode()).digest() for text in texts]
        known = await asyncio.to_thread(self._load, keys)
        new = list(dict.fromkeys(text for key, text in zip(keys, texts, strict=True) if key not in known))
        if new:
            made = dict(zip(new, await self._inner.embed(new), strict=True))
            fresh = {key: array("f", made[text]) for key, text in zip(keys, texts, strict=True) if key not in known}
            await asyncio.to_thread(self._store, fresh)
            known |= fresh
        return tuple(known[key] for key in keys)

    def _connect(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._file)
        connection.execute("CREATE TABLE IF NOT EXISTS embedding (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
        return connection

    def _load(self, keys: Sequence[bytes]) -> dict[bytes, array[float]]:
        connection = self._connect()
        try:
            found: dict[bytes, array[float]] = {}
            wanted = list(dict.fromkeys(keys))
            for start in range(0, len(wanted), ASKED):
                part = wanted[start : start + ASKED]
                marks = ",".join("?" * len(part))
                rows = connection.execute(f"SELECT key, vector FROM embedding WHERE key IN ({marks})", part)  # noqa: S608, question marks alone
                found |= {key: array("f", vector) for key, vector in rows}
            return found
        finally:
            connection.close()

    def _store(self, vectors: dict[bytes, array[float]]) -> None:
        connection = self._connect()
        try:
            with connection:
                rows = [(key, vector.tobytes()) for key, vector in vectors.items()]
                connection.executemany("INSERT OR REPLACE INTO embedding VALUES (?, ?)", rows)
        finally:
            connection.close()
