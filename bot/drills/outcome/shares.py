"""A share is never shown without the number behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from scipy.stats import binomtest

from bot.model.value import Value

FEW = 5  # below this a share is a count: "3 of 4"


class Share(Value):
    """k of n with its 95 % Wilson interval; `value` None when there is nothing to count."""

    k: int
    n: int

    @property
    def value(self) -> float | None:
        return self.k / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        if not self.n:
            return None
        found = binomtest(self.k, self.n).proportion_ci(method="wilson")
        return float(found.low), float(found.high)

    def words(self) -> str:
        """`12 of 16 (75 %, 51-90)`; only the count where it is a few."""
        interval = self.interval
        if interval is None:
            return "none to count"
        counted = f"{self.k} of {self.n}"
        if self.n < FEW:
            return counted
        low, high = interval
        return f"{counted} ({self.k / self.n:.0%}, {low * 100:.0f}-{high * 100:.0f})".replace("%", " %")


class Minutes(Value):
    """A median of minutes and how many it is over."""

    median: float | None
    n: int

    def words(self) -> str:
        return f"{self.median:.1f} min (n {self.n})" if self.median is not None else "none to count"


def share(found: Iterable[bool]) -> Share:
    each = list(found)
    return Share(k=sum(each), n=len(each))


def minutes(found: Sequence[float]) -> Minutes:
    return Minutes(median=round(float(median(found)), 2) if found else None, n=len(found))
