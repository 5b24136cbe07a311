"""How fast Slack is called: no method before its Retry-After is over, and no channel faster than Slack lets people read it.

One of these a process: several workers share a channel by Slack's own answer, the 429, which each of them then honours.
"""

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Callable

from bot.errors import SourceUnavailable

POST = "chat.postMessage"
PER_SECOND = 1.0  # messages a second and channel that Slack promises
BURST = 5.0  # messages at once: Slack tolerates short bursts, and a bad minute opens a few incidents together
KEPT_FOR_CARDS = 2.0  # of the burst: replies with evidence wait while no more than this is left, so that a new card never waits for them
LONGEST_WAIT_S = 10.0  # a card is held for 60 s at most, so a longer wait is the caller's
CHANNELS = 1_000


class Bucket:
    """Tokens that refill with time. `take` says how many seconds to wait for the one just taken; tokens taken ahead are a debt."""

    def __init__(self, per_second: float, burst: float, now: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._tokens = burst
        self._at = now

    def wait(self, now: float, keep: float = 0.0) -> float:
        """Seconds until one can be taken with `keep` left."""
        return max(0.0, (1.0 + keep - self._level(now)) / self._per_second)

    def take(self, now: float) -> None:
        self._tokens, self._at = self._level(now) - 1.0, now

    def _level(self, now: float) -> float:
        return min(self._burst, self._tokens + max(0.0, now - self._at) * self._per_second)


class Throttle:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._closed: dict[str, float] = {}
        self._channels: OrderedDict[str, Bucket] = OrderedDict()
        self._cards: Counter[str] = Counter()  # cards that wait for a token of the channel: replies stand behind them

    def limited(self, method: str, seconds: float) -> None:
        """Slack answered 429: the method is not called again before `seconds` are over."""
        self._closed[method] = max(self._closed.get(method, 0.0), self._clock() + seconds)

    async def turn(self, method: str, channel: str | None = None, *, reply: bool = False) -> None:
        """Waits for it. SourceUnavailable, with the time to wait, when that would be long."""
        closed = self._closed.get(method, 0.0) - self._clock()
        if closed > LONGEST_WAIT_S:
            raise _later(method, closed)
        if closed > 0:
            await asyncio.sleep(closed)
        if method == POST and channel is not None:
            await self._channel(channel, reply)

    async def _channel(self, channel: str, reply: bool) -> None:
        bucket = self._bucket(channel)
        until = self._clock() + LONGEST_WAIT_S
        self._cards[channel] += not reply
        try:
            while (wait := self._wait(bucket, channel, reply)) > 0:
                if self._clock() + wait > until:
                    raise _later(POST, wait)
                await asyncio.sleep(wait)
            bucket.take(self._clock())
        finally:
            self._cards[channel] -= not reply

    def _wait(self, bucket: Bucket, channel: str, reply: bool) -> float:
        return bucket.wait(self._clock(), KEPT_FOR_CARDS + self._cards[channel] if reply else 0.0)

    def _bucket(self, channel: str) -> Bucket:
        bucket = self._channels.get(channel)
        if bucket is None:
            bucket = self._channels[channel] = Bucket(PER_SECOND, BURST, self._clock())
            if len(self._channels) > CHANNELS:
                self._channels.popitem(last=False)
        return bucket


def _later(method: str, seconds: float) -> SourceUnavailable:
    return SourceUnavailable(f"Slack lets nobody call {method} for {seconds:.0f} s", source="slack", asked=method, retry_after=seconds)
