"""The narrator, where one is configured."""

from collections.abc import Callable
from contextlib import AsyncExitStack

from bot.backends.narrate import Budget, Narrated
from bot.backends.narrator_openai import openai_narrator
from bot.errors import BadSettings
from bot.ports import Narrate
from bot.settings import Settings


async def narrated(stack: AsyncExitStack, settings: Settings, clock: Callable[[], float]) -> Narrate | None:
    """None without MIDWATCH_NARRATOR_URL: templates alone, and no client is opened. BadSettings: it is no web address."""
    if settings.narrator_url is None:
        return None
    if not settings.narrator_url.startswith(("http://", "https://")):
        raise BadSettings("not an http(s) address", place="MIDWATCH_NARRATOR_URL")
    key = settings.narrator_key.get_secret_value() if settings.narrator_key is not None else None
    narrator = await stack.enter_async_context(
        openai_narrator(
            settings.narrator_url, settings.narrator_model, key, seconds=settings.narrator_seconds, tokens=settings.narrator_tokens
        )
    )
    return Narrated(narrator, Budget(settings.narrator_tokens_per_day, clock), clock, tokens=settings.narrator_tokens)
