"""Embedder: any OpenAI-compatible `/v1/embeddings` endpoint, through httpx."""

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
from pydantic import BaseModel, ValidationError

from bot.backends.guarded import guarded
from bot.errors import SourceUnavailable

BATCH = 64  # texts a request; every server seen takes this many
TEXT_CHARS = 8000  # about 2,000 tokens: below the smallest window of the models served this way
TIMEOUT_S = 20.0  # a batch on a CPU server takes seconds; past this search goes on by words
ANSWER_LIMIT = 32 * 1024 * 1024  # bytes; 64 vectors of 4,096 numbers as text are about 6 MB
DIMENSIONS_LIMIT = 8192  # numbers in a vector; the largest model served today has 4,096


class _Row(BaseModel):
    index: int
    embedding: list[float]


class _Answer(BaseModel):
    data: list[_Row]


class RemoteEmbedder:
    """SourceUnavailable when the endpoint does not answer, refuses, or answers with something that is no vectors."""

    def __init__(self, client: httpx.AsyncClient, url: str, model: str) -> None:
        self.name = f"{model} at {url}"
        self._client = client
        self._url = url
        self._model = model

    async def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        vectors: list[tuple[float, ...]] = []
        for start in range(0, len(texts), BATCH):
            # An empty text is a 400 at most servers; a blank one is not.
            vectors += await self._ask([text[:TEXT_CHARS] or " " for text in texts[start : start + BATCH]])
        return tuple(vectors)

    async def _ask(self, texts: list[str]) -> list[tuple[float, ...]]:
        body = {"model": self._model, "input": texts, "encoding_format": "float"}
        try:
            async with self._client.stream("POST", self._url, json=body) as response:
                raw = await self._read(response)
        except httpx.HTTPError as error:
            raise self._failed(f"no answer: {type(error).__name__}", len(texts)) from error
        if response.status_code != httpx.codes.OK:
            raise self._failed(f"HTTP {response.status_code}", len(texts))
        try:
            rows = sorted(_Answer.model_validate_json(raw).data, key=lambda row: row.index)
        except ValidationError as error:
            raise self._failed("the answer holds no embeddings", len(texts)) from error
        if [row.index for row in rows] != list(range(len(texts))):
            raise self._failed(f"{len(rows)} vectors for {len(texts)} texts", len(texts))
        return [self._unit(row.embedding, len(texts)) for row in rows]

    async def _read(self, response: httpx.Response) -> bytes:
        raw = bytearray()
        async for part in response.aiter_bytes():
            raw += part
            if len(raw) > ANSWER_LIMIT:
                raise self._failed(f"the answer is larger than {ANSWER_LIMIT} bytes", 0)
        return bytes(raw)

    def _unit(self, vector: list[float], asked: int) -> tuple[float, ...]:
        """Length 1, so that cosine and dot product agree whatever the server does."""
        length = math.sqrt(math.fsum(number * number for number in vector))
        if not 0 < len(vector) <= DIMENSIONS_LIMIT or not math.isfinite(length) or length == 0:
            raise self._failed("a vector is empty, too long, zero or not finite", asked)
        return tuple(number / length for number in vector)

    def _failed(self, why: str, asked: int) -> SourceUnavailable:
        return SourceUnavailable(f"embeddings: {why}", source="embeddings", asked=f"POST {self._url} model={self._model} texts={asked}")


@asynccontextmanager
async def remote_embedder(url: str, model: str, key: str | None) -> AsyncIterator[RemoteEmbedder]:
    """`url` is the endpoint itself, or the server's root, in which case /v1/embeddings is added."""
    endpoint = url if url.rstrip("/").endswith("/embeddings") else url.rstrip("/") + "/v1/embeddings"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(transport=guarded(), timeout=TIMEOUT_S, headers=headers, follow_redirects=False) as client:
        yield RemoteEmbedder(client, endpoint, model)
