"""What goes on beside the work: forgetting what is too old, doing things again, the name of this worker."""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bot.backends.records import Records
from bot.backends.spans_choice import SpanStore
from bot.settings import Settings

log = logging.getLogger(__name__)

FORGET_EVERY_S = 3600.0  # what is too old is little beside what is not
REDELIVERED_S = 3 * 86400.0  # PagerDuty tries for two days, Slack for one


@asynccontextmanager
async def forgetting(
    kept: Records, store: SpanStore, retention_s: float, audit_s: float, clock: Callable[[], float]
) -> AsyncIterator[None]:
    """Drop old spans, delivery ids and lines of the audit log while inside."""

    async def forget() -> None:
        if store.forget is not None:
            await store.forget(clock() - retention_s)
        await kept.intake.forget(clock() - REDELIVERED_S)
        await kept.audit.forget(clock() - audit_s)

    async with repeating(forget, FORGET_EVERY_S, "old spans and deliveries were not dropped"):
        yield


@asynccontextmanager
async def repeating(work: Callable[[], Awaitable[object]], every_s: float, failed: str) -> AsyncIterator[None]:
    """`work` now and again while inside; what fails is tried again next time."""

    async def forever() -> None:
        while True:
            try:
                await work()
            except Exception:
                log.exception("%s; it is tried again", failed)
            await asyncio.sleep(every_s)

    task = asyncio.create_task(forever())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def worker_name(settings: Settings) -> str:
    """The worker's name: configured, or made once and kept, so that after a crash its own work is found again."""
    if settings.worker is not None:
        return settings.worker
    file = settings.home / "worker"
    file.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), file.open("x") as new:
        new.write(uuid.uuid4().hex[:12])
    return file.read_text().strip() or "worker"
