"""Which span store the setting `spans_url` means: Midwatch's own, filled over OTLP, or somebody else's, read where it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pyarrow as pa

from bot.backends.spans_clickhouse import spans_clickhouse
from bot.backends.spans_duckdb import spans_duckdb
from bot.backends.spans_langfuse import spans_langfuse
from bot.backends.spans_phoenix import spans_phoenix
from bot.errors import BadInput, BadSettings
from bot.ports import SpanIntake, Spans
from bot.telemetry.declared import Declared

PLACE = "MIDWATCH_SPANS_URL"
STORES = {
    "clickhouse": ("ClickHouse", spans_clickhouse),
    "phoenix": ("Arize Phoenix", spans_phoenix),
    "langfuse": ("Langfuse", spans_langfuse),
}


@dataclass(frozen=True)
class SpanStore:
    """`forget`: drop the spans that started before a moment (epoch seconds); None where they are not ours to drop. `word`: for people."""

    spans: Spans
    intake: SpanIntake
    forget: Callable[[float], Awaitable[int]] | None
    word: str


class NoIntake:
    """SpanIntake where spans are read from somebody else's store: what came in here would never be looked at."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def add(self, spans: pa.Table) -> int:
        raise BadInput(f"spans are read from {self._name} ({PLACE}); send them there", place="/v1/traces")


@asynccontextmanager
async def span_store(url: str | None, home: Path, declared: Declared) -> AsyncIterator[SpanStore]:
    """`url` None = DuckDB in `home`; else clickhouse+http(s)://, phoenix+http(s):// or langfuse+http(s)://, see docs/backends.md.

    BadSettings for another URL; `declared` is what services declare of their own attributes.
    """
    if url is None:
        async with spans_duckdb(home / "spans.duckdb") as own:
            yield SpanStore(own, own, own.forget, f"DuckDB in {home}")
        return
    product, plus, rest = url.partition("+")
    if not plus or product not in STORES:
        raise BadSettings(f"starts with none of {', '.join(f'{name}+http' for name in sorted(STORES))}", place=PLACE)
    name, opened = STORES[product]
    try:
        httpx.URL(rest)
    except httpx.InvalidURL as error:
        raise BadSettings(f"not a URL: {error}", place=PLACE) from None
    async with opened(rest, home / "fetched", declared=declared) as spans:
        yield SpanStore(spans, NoIntake(name), None, name)
