"""One incident, one message: who shows the card, in which order, and how often."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from bot.model.incident import Incident, Progress
from bot.ports import Cards, Digests, Surface

log = logging.getLogger(__name__)

HOLD_S = 60.0  # longer than any single call to a surface; after it a worker that died with the card in hand is out
TURN_S = 0.25  # how often another worker's turn is looked at; a turn is one call to the surface
EDIT_EVERY_S = 1.0  # people cannot read faster, and Slack allows about one edit a second and channel
DIGEST_EVERY_S = 10.0  # a storm's message is edited in this often: fifty verdicts a minute are one edit each time
LAST_EDIT_S = 3.0  # an edit in flight may end before the verdict is shown; one that hangs may not hold it up


class CardKeeper:
    """Shows an incident as it is stored at that moment; two callers never post or edit the same card at once."""

    def __init__(
        self,
        cards: Cards,
        surface: Surface,
        holder: str,
        clock: Callable[[], float] = time.time,
        *,
        hold_s: float = HOLD_S,
        failed: Callable[[str], None] | None = None,
        digests: Digests | None = None,
    ) -> None:
        self.digests = digests  # None: every incident has a card of its own
        self._failed = failed  # told the kind of every failure, for the metrics
        self._hold_s = hold_s
        self._cards = cards
        self._surface = surface
        self._holder = holder
        self._clock = clock
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._told: dict[int, None] = {}  # storms whose message this worker knows to be posted

    async def show(self, incident_id: str, progress: Progress | None = None) -> None:
        """SourceUnavailable or Refused as the surface says; nothing when there is no such incident."""
        turn = self._turns.setdefault(incident_id, asyncio.Lock())
        async with turn:
            incident = await self._taken(incident_id)
            if incident is None:
                return
            if self.digests is not None and incident.digest is not None and incident.message is None:
                await self._cards.drop(incident_id, self._holder)
                await self._in_digest(incident.digest)
                return
            async with self._giving_up(lambda: self._cards.drop(incident_id, self._holder)):
                message = await self._surface.show(incident, progress)
            await self._cards.give_back(incident.model_copy(update={"message": message}), self._holder, self._clock())

    @asynccontextmanager
    async def _giving_up(self, drop: Callable[[], Coroutine[object, object, None]]) -> AsyncIterator[None]:
        """What could not be shown is counted, and others may try."""
        try:
            yield
        except BaseException as error:
            if self._failed is not None and isinstance(error, Exception):
                self._failed(type(error).__name__)
            await asyncio.shield(drop())
            raise

    async def _in_digest(self, number: int) -> None:
        """A storm's first incident posts its message; what changes after that waits for the sweep."""
        if number not in self._told:
            await self.show_digest(number, only_new=True)
            self._told[number] = None

    async def show_digest(self, number: int, *, only_new: bool = False) -> None:
        """Post or edit it, unless another worker does so now; `only_new` leaves one that is posted as it is."""
        if self.digests is None:
            return
        async with self._turns.setdefault(f"digest {number}", asyncio.Lock()):
            now = self._clock()
            taken = await self.digests.take_digest(number, self._holder, now, now + self._hold_s)
            if taken is None:
                return
            digest, told = taken
            if only_new and digest.message is not None:
                await self.digests.drop_digest(number, self._holder)
                return
            digests = self.digests
            async with self._giving_up(lambda: digests.drop_digest(number, self._holder)):
                message = await self._surface.show_digest(digest, told)
            await self.digests.give_back_digest(number, told, message, self._holder, self._clock())

    async def _taken(self, incident_id: str) -> Incident | None:
        deadline = self._clock() + self._hold_s + TURN_S
        while self._clock() < deadline:
            now = self._clock()
            incident = await self._cards.take(incident_id, self._holder, now, now + self._hold_s)
            if incident is not None:
                return incident
            await asyncio.sleep(TURN_S)
        return None


class Watch:
    """Turns a triage's progress into at most one edit a second; a surface that fails or hangs never slows the triage."""

    def __init__(self, keeper: CardKeeper, incident_id: str) -> None:
        self._keeper = keeper
        self._incident_id = incident_id
        self._latest: Progress | None = None
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Watch":
        self._task = asyncio.create_task(self._edit_until_over())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._over.set()
        await asyncio.wait({self._task}, timeout=LAST_EDIT_S)
        self._task.cancel()
        await asyncio.wait({self._task})

    async def note(self, progress: Progress) -> None:
        self._latest = progress

    async def _edit_until_over(self) -> None:
        while not await self._over_within(EDIT_EVERY_S):  # waits first: the card was shown a moment ago
            if self._latest is None:
                continue
            progress, self._latest = self._latest, None
            try:
                await self._keeper.show(self._incident_id, progress)
            except Exception:
                log.warning("progress of %s was not shown", self._incident_id, exc_info=True)

    async def _over_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._over.wait(), seconds)
        except TimeoutError:
            return False
        return True
