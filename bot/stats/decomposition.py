"""DECOMP of catalogue 0.3: the log change of a bill as volume x calls per request x tokens per call x price per token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

TINY = 1e-12  # stands for nothing where a logarithm is asked


@dataclass(frozen=True)
class CostTotals:
    """Totals of one window, none negative; `cost` in any currency, `seconds` the window's length (equal windows may leave it)."""

    requests: float
    calls: float
    tokens: float
    cost: float
    seconds: float = 1.0


@dataclass(frozen=True)
class Parts:
    """Log changes that add up to the log change of the cost per second. The bill is a product: every Shapley order gives the same."""

    volume: float
    calls: float
    tokens: float
    price: float

    @property
    def total(self) -> float:
        return self.volume + self.calls + self.tokens + self.price


def decompose(b: CostTotals, c: CostTotals) -> Parts:
    """log of (cost_c / seconds_c) / (cost_b / seconds_b), taken apart. A total of zero stands for a vanishing one."""
    return Parts(
        volume=_log(c.requests, c.seconds) - _log(b.requests, b.seconds),
        calls=_log(c.calls, c.requests) - _log(b.calls, b.requests),
        tokens=_log(c.tokens, c.calls) - _log(b.tokens, b.calls),
        price=_log(c.cost, c.tokens) - _log(b.cost, b.tokens),
    )


def by_value(b: Mapping[str, CostTotals], c: Mapping[str, CostTotals]) -> dict[str, Parts]:
    """Each model's or route's part of the change of the whole bill per second, in currency per second, by component.

    Log-mean weights (LMDI) make the parts add up exactly, whatever the order of values or components.
    """
    empty = CostTotals(0.0, 0.0, 0.0, 0.0)
    found = {}
    for name in sorted({*b, *c}):
        then, now = b.get(name, empty), c.get(name, empty)
        before, after = max(then.cost / then.seconds, TINY), max(now.cost / now.seconds, TINY)
        weight = before if abs(after - before) <= TINY else (after - before) / float(np.log(after / before))
        parts = decompose(then, now)
        found[name] = Parts(*(weight * part for part in (parts.volume, parts.calls, parts.tokens, parts.price)))
    return found


def _log(over: float, under: float) -> float:
    return float(np.log(max(over, TINY) / max(under, TINY)))
