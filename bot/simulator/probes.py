"""Golden queries asked of the retriever every few minutes, and the incidents this service has had before."""

from __future__ import annotations

import numpy as np

from bot.model.value import moment, rfc3339

Json = dict[str, object]
QUERIES = 12
EVERY = 600.0
HEALTHY = 0.93  # recall of a healthy index against pinned ids: the corpus moves a little


def golden(rng: np.random.Generator, now: float, hours: float, onset: float, recall: float | None) -> list[Json]:
    """Results in order of time; from `onset` (relative to now) on, each expected document is found with probability `recall`."""
    pinned = [[f"gold-{q}-{i}" for i in range(3)] for q in range(QUERIES)]
    rows: list[Json] = []
    for at in np.arange(-hours * 3600.0, 0.0, EVERY).tolist():
        q = int(rng.integers(QUERIES))
        p = recall if recall is not None and at >= onset else HEALTHY
        found = [one for one in pinned[q] if rng.random() < p]
        others = [f"doc-{int(rng.integers(900))}" for _ in range(5 - len(found))]
        rows.append(
            {
                "time": rfc3339(moment(round(now + at))),
                "query": f"golden question {q}",
                "expected_ids": pinned[q],
                "returned_ids": [*found, *others],
            }
        )
    return rows


def earlier(rng: np.random.Generator, now: float, causes: tuple[str, ...]) -> list[Json]:
    """A handful of closed incidents of the last half year."""
    rows: list[Json] = []
    for days in sorted(rng.uniform(3, 180, int(rng.integers(1, 7))).tolist(), reverse=True):
        cause = causes[int(rng.integers(len(causes)))]
        rows.append({"closed_at": rfc3339(moment(round(now - days * 86400.0))), "cause": cause, "layer": cause.partition(".")[0]})
    return rows
