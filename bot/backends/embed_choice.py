"""Which embedder the setting `embedder` means, and a word about it for people."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.backends import embed_local
from bot.backends.embed_remote import remote_embedder
from bot.errors import BadSettings
from bot.ports import Embedder

WITHOUT = "the extra `embeddings` is not installed: search is by words alone (pip install 'midwatch[embeddings]')"


@asynccontextmanager
async def chosen_embedder(choice: str, model: str, key: str | None) -> AsyncIterator[tuple[Embedder | None, str]]:
    """The setting -> the embedder (None = words alone) and what to tell people about it ("" = nothing). A folder holds a model."""
    if choice.startswith(("http://", "https://")):
        async with remote_embedder(choice, model, key) as remote:
            yield remote, ""
    elif choice == "lexical":
        yield None, ""
    elif choice in ("auto", "local"):
        if embed_local.installed():
            async with embed_local.local_embedder() as local:
                yield local, ""
        elif choice == "local":
            raise BadSettings(WITHOUT, place="MIDWATCH_EMBEDDER")
        else:
            yield None, WITHOUT
    elif "/" in choice and await asyncio.to_thread((Path(choice) / "modules.json").is_file):
        if not embed_local.installed(model=False):
            raise BadSettings(WITHOUT, place="MIDWATCH_EMBEDDER")
        async with embed_local.local_embedder(Path(choice)) as own:
            yield own, ""
    else:
        raise BadSettings(f"{choice!r} is none of auto, local, lexical, http(s)://..., a model's folder", place="MIDWATCH_EMBEDDER")
