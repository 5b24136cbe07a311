"""Every wait on a port has a deadline; a late or failing port leaves a gap that people see, and the flow goes on."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.errors import SourceUnavailable

T = TypeVar("T")

SECONDS = 20.0  # an on-call reader gives up on a silent bot in about half a minute


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What a port gave, or None with the gap in words."""

    value: T | None
    gap: str | None = None


async def within(what: str, wait: Awaitable[T], seconds: float = SECONDS) -> Answer[T]:
    """Wait for a port; `what` names it in the gap that people read."""
    try:
        async with asyncio.timeout(seconds):
            return Answer(await wait)
    except TimeoutError:
        return Answer(None, f"could not look at {what}: no answer within {seconds:g} s")
    except SourceUnavailable as error:
        return Answer(None, f"could not look at {what}: {str(error)[:200]}")
