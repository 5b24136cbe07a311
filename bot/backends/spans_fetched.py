"""Spans that live in a trace store of somebody else's: fetched for a scope, translated as at the OTLP door, read in an embedded engine.

So every back end gives the frames that DuckDB gives for the same spans. What the store can do better, it does itself: choosing traces,
sampling them, and counting.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bot.backends.spans_duckdb import DuckSpans, spans_duckdb
from bot.model.evidence import Coverage
from bot.model.frame import Frame
from bot.ports import Scope
from bot.telemetry.canonical import SCHEMA
from bot.telemetry.sampling import LARGEST

KEPT = 2  # fetched scopes: a triage reads one, or two when the paged service has another name in its traces
LEFT_S = 86_400.0  # nothing that is fetched is read for a day
ALL = 2**62  # requests: a store that has sampled is read in full


@dataclass(frozen=True)
class Fetch:
    """`parts`: tables of canonical.SCHEMA, repaired, each of whole traces. `one_in`: one in how many traces they are, None when the
    store cannot sample and gives all. `exact`: minute, requests, failed of all traces, when the parts are a sample."""

    parts: AsyncIterator[pa.Table]
    one_in: int | None = None
    exact: Frame | None = None


class Origin(Protocol):
    """Somebody else's trace store."""

    async def fetch(self, scope: Scope) -> Fetch:
        """All spans of the traces that may be of the scope. SourceUnavailable when it does not answer."""
        ...


@dataclass(frozen=True)
class _Held:
    """What was fetched for one scope."""

    store: DuckSpans
    stack: AsyncExitStack
    one_in: int
    exact: Frame | None


class FetchedSpans:
    """Port Spans. `requests` of a scope fetches anew, every other aggregate answers from what was fetched for its scope or for a wider
    one: so rows named by `request` stay the rows of the `requests` frame that was read first."""

    def __init__(self, origin: Origin, home: Path, largest: int) -> None:
        self._origin, self._home, self._largest = origin, home, largest
        self._held: OrderedDict[Scope, _Held] = OrderedDict()
        self._turn = asyncio.Lock()  # two triages of one page must not fetch its traces twice at once

    async def frame(self, aggregate: str, scope: Scope) -> Frame | None:
        async with self._turn:
            held = await self._of(scope, fresh=aggregate == "requests")
            frame = await held.store.frame(aggregate, scope)
            return _counted(frame, held) if aggregate == "series" and frame is not None and held.one_in > 1 else frame

    async def coverage(self, scope: Scope) -> Coverage | None:
        async with self._turn:
            held = await self._of(scope, fresh=False)
            found = await held.store.coverage(scope)
            if found is None or held.one_in == 1:
                return found
            return Coverage(found.share, {kind: n * held.one_in for kind, n in found.spans.items()}, held.one_in)

    async def _of(self, scope: Scope, *, fresh: bool) -> _Held:
        known = None if fresh else next((one for one in reversed(self._held) if _within(scope, one)), None)
        if known is not None:
            self._held.move_to_end(known)
            return self._held[known]
        if scope in self._held:
            await self._held.pop(scope).stack.aclose()
        while len(self._held) >= KEPT:
            await self._held.popitem(last=False)[1].stack.aclose()
        self._held[scope] = held = await self._fetched(scope)
        return held

    async def _fetched(self, scope: Scope) -> _Held:
        fetch = await self._origin.fetch(scope)
        async with AsyncExitStack() as stack:
            folder = await asyncio.to_thread(lambda: stack.enter_context(tempfile.TemporaryDirectory(dir=self._home, prefix="fetched-")))
            largest = self._largest if fetch.one_in is None else ALL
            store = await stack.enter_async_context(spans_duckdb(Path(folder) / "spans.duckdb", largest=largest))
            async for part in fetch.parts:
                if part.num_rows:
                    await store.add(_heavier(part, fetch.one_in or 1))
            return _Held(store, stack.pop_all(), fetch.one_in or 1, fetch.exact)

    async def close(self) -> None:
        async with self._turn:
            while self._held:
                await self._held.popitem()[1].stack.aclose()


def _within(scope: Scope, wider: Scope) -> bool:
    inner, outer = scope.interval, wider.interval
    return scope.service == wider.service and outer.start <= inner.start and inner.end <= outer.end


def _heavier(part: pa.Table, one_in: int) -> pa.Table:
    """Every span of a sample stands for `one_in` times as many."""
    if one_in == 1:
        return part
    weight = pc.multiply(pc.fill_null(part["weight"], 1.0), float(one_in))
    return part.set_column(part.schema.get_field_index("weight"), SCHEMA.field("weight"), weight)


def _counted(series: Frame, held: _Held) -> Frame:
    """The series of a sample with each count for all traces: requests as the store counted them, the kinds as the sample estimates."""
    if held.exact is None:
        return series
    exact = held.exact
    rows = np.searchsorted(exact.number("minute"), series.number("minute"))  # both sorted, and the sample has no minute that all have not
    numbers = {name: np.zeros(exact.n) for name in series.numbers}
    for name, column in series.numbers.items():
        numbers[name][rows] = column if name.endswith("_weighted") else column * held.one_in
    return replace(series, n=exact.n, numbers={**numbers, **exact.numbers})


def _swept(home: Path) -> None:
    """The folder, without what a process that was killed left behind; others may be reading what is young."""
    home.mkdir(parents=True, exist_ok=True)
    for left in home.glob("fetched-*"):
        if left.stat().st_mtime < time.time() - LEFT_S:
            shutil.rmtree(left, ignore_errors=True)


@asynccontextmanager
async def fetched(origin: Origin, home: Path, largest: int = LARGEST) -> AsyncIterator[FetchedSpans]:
    """`home`: where fetched spans are kept while they are read."""
    await asyncio.to_thread(_swept, home)
    spans = FetchedSpans(origin, home, largest)
    try:
        yield spans
    finally:
        await spans.close()
