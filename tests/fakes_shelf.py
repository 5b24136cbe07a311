"""In-memory twins of ports.Vectors and ports.Embedder."""

import hashlib
import math
from collections.abc import Sequence

from bot.model.runbook import Passage
from bot.shelf.words import words


class MemoryVectors:
    """Exact cosine over a dictionary."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[Passage, tuple[float, ...]]] = {}

    async def put(self, passages: Sequence[Passage], vectors: Sequence[Sequence[float]]) -> None:
        for passage, vector in zip(passages, vectors, strict=True):
            self.held[passage.id] = (passage, tuple(vector))

    async def near(self, vector: Sequence[float], k: int, groups: frozenset[str]) -> tuple[tuple[str, float], ...]:
        held = sorted(self.held.values(), key=lambda row: row[0].id)
        readable = [row for row in held if not row[0].groups or groups & set(row[0].groups)]
        hits = [(passage.id, cosine(vector, own)) for passage, own in readable]
        return tuple(sorted(hits, key=lambda hit: -hit[1])[:k])

    async def ids(self) -> frozenset[str]:
        return frozenset(self.held)

    async def remove(self, ids: Sequence[str]) -> None:
        for id_ in ids:
            self.held.pop(id_, None)


class WordEmbedder:
    """Hashes words into 64 buckets: texts that share words are near, and nothing is learned. Counts what it was asked."""

    def __init__(self, name: str = "words-64") -> None:
        self.name = name
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        self.asked += texts
        return tuple(_vector(text) for text in texts)


def _vector(text: str) -> tuple[float, ...]:
    buckets = [0.0] * 64
    for word in words(text) or ["nothing"]:
        buckets[hashlib.sha256(word.encode()).digest()[0] % 64] += 1.0
    length = math.sqrt(sum(number * number for number in buckets))
    return tuple(number / length for number in buckets)


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    dot = math.fsum(a * b for a, b in zip(one, other, strict=True))
    lengths = math.sqrt(math.fsum(a * a for a in one)) * math.sqrt(math.fsum(b * b for b in other))
    return dot / lengths if lengths else 0.0
