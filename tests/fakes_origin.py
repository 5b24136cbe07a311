"""In-memory twin of somebody else's trace store, and the spans that are fetched from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pyarrow as pa

from bot.backends.spans_fetched import Fetch, FetchedSpans, fetched
from bot.errors import SourceUnavailable
from bot.model.evidence import Coverage
from bot.model.frame import Frame
from bot.ports import Scope
from bot.telemetry.canonical import SCHEMA
from bot.telemetry.sampling import LARGEST
from tests.fakes_spans import MemorySpans, table


class MemoryOrigin:
    """Holds canonical spans, and gives all of them, trace by trace; `broken` = it does not answer."""

    def __init__(self) -> None:
        self.held = MemorySpans()
        self.fetches: list[Scope] = []
        self.broken = False

    async def fetch(self, scope: Scope) -> Fetch:
        self.fetches.append(scope)
        if self.broken:
            raise SourceUnavailable("the store: no answer", source="spans", asked="everything")
        return Fetch(self._parts())

    async def _parts(self) -> AsyncIterator[pa.Table]:
        for half in ("01234567", "89abcdefghijklmnopqrstuvwxyz"):
            yield table(row for row in self.held.rows if row["trace_id"][-1] in half)
        yield SCHEMA.empty_table()


class Elsewhere:
    """Spans and SpanIntake of a store elsewhere: what is added there is fetched here."""

    def __init__(self, origin: MemoryOrigin, spans: FetchedSpans) -> None:
        self.origin, self.spans = origin, spans

    async def add(self, spans: pa.Table) -> int:
        return await self.origin.held.add(spans)

    async def forget(self, before: float) -> int:
        return await self.origin.held.forget(before)

    async def frame(self, aggregate: str, scope: Scope) -> Frame | None:
        return await self.spans.frame(aggregate, scope)

    async def coverage(self, scope: Scope) -> Coverage | None:
        return await self.spans.coverage(scope)


@asynccontextmanager
async def elsewhere(home: Path, largest: int = LARGEST) -> AsyncIterator[Elsewhere]:
    origin = MemoryOrigin()
    async with fetched(origin, home, largest) as spans:
        yield Elsewhere(origin, spans)
