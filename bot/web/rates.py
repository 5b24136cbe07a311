"""How much one sender may ask for. What is over the rate is told to come again (503: senders keep it), and nothing is lost.

Refusals have a budget too, a caller: who guesses at tokens gets 429 and no more lines in the log. A right delivery always passes,
because behind a proxy the guesser and the alerting system have one address.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import MidwatchError

BURST_S = 10.0  # seconds' worth that may come at once: a storm begins with everything
KEYS = 10_000  # callers remembered; the longest unseen goes first
REFUSALS_PER_S = 0.5
REFUSALS_AT_ONCE = 30.0


class TooMany(MidwatchError):
    """Too many deliveries at once; send again."""


@dataclass
class _Bucket:
    level: float
    at: float


class Rate:
    """Token buckets by key. `clock`: seconds, of any origin."""

    def __init__(self, per_s: float, at_once: float, clock: Callable[[], float]) -> None:
        self._per_s, self._at_once, self._clock = per_s, at_once, clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str) -> bool:
        """Whether there is one left for this key now; takes it."""
        now = self._clock()
        bucket = self._buckets.get(key) or _Bucket(self._at_once, now)
        bucket.level = min(self._at_once, bucket.level + max(now - bucket.at, 0.0) * self._per_s)
        bucket.at = now
        allowed = bucket.level >= 1.0
        bucket.level -= 1.0 if allowed else 0.0
        self._buckets[key] = bucket
        self._buckets.move_to_end(key)
        if len(self._buckets) > KEYS:
            self._buckets.popitem(last=False)
        return allowed


def of_deliveries(per_s: float, clock: Callable[[], float]) -> Rate:
    return Rate(per_s, per_s * BURST_S, clock)


def of_refusals(clock: Callable[[], float]) -> Rate:
    return Rate(REFUSALS_PER_S, REFUSALS_AT_ONCE, clock)
