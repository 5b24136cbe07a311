"""In-memory twin of ports.Metrics."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.model.evidence import Interval, MetricSeries


@dataclass
class MemoryMetrics:
    """`held`: every sample of every series. None = metrics were not collected."""

    held: Sequence[MetricSeries] | None

    async def names(self, interval: Interval) -> frozenset[str] | None:
        if self.held is None:
            return None
        return frozenset(one.name for one in self.held if interval.holds(one.ts).any())

    async def series(self, name: str, interval: Interval) -> tuple[MetricSeries, ...] | None:
        if self.held is None:
            return None
        found = []
        for one in sorted(self.held, key=lambda one: tuple(sorted(one.labels.items()))):
            rows = np.flatnonzero(interval.holds(one.ts))
            if one.name == name and len(rows):
                found.append(MetricSeries(name, dict(one.labels), one.ts[rows], one.values[rows]))
        return tuple(found)
