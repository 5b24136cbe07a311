"""Spans in ClickHouse, in the table that the OpenTelemetry Collector's exporter writes. Implements the port Spans; see docs/backends.md.

ClickHouse chooses the traces of a scope, samples them by the hash DuckDB samples by, and counts; the rows of the sample are fetched and
translated here (decision 0002), so a dialect has one translation and not one per engine.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pyarrow as pa

from bot.backends import clickhouse_statements as statements
from bot.backends.clickhouse_http import Questions, clickhouse_http
from bot.backends.clickhouse_rows import canonical
from bot.backends.spans_fetched import Fetch, FetchedSpans, fetched
from bot.errors import BadSettings
from bot.model.frame import Frame, from_arrow
from bot.ports import Scope
from bot.telemetry.declared import NOTHING, Declared
from bot.telemetry.sampling import LARGEST, one_in

TABLE = "otel_traces"  # the exporter's default
PART = 5_000  # traces fetched at once: with the texts of their prompts some 100 MB
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,100}")


class ClickHouseOrigin:
    def __init__(self, questions: Questions, table: str, largest: int, declared: Declared) -> None:
        self._questions, self._table, self._largest, self._declared = questions, table, largest, declared

    async def fetch(self, scope: Scope) -> Fetch:
        counted = await self._questions.ask(statements.count(self._table, scope))
        requests = int(counted["requests"][0].as_py())
        step = one_in(requests, self._largest)
        exact = await self._exact(scope) if step > 1 else None
        return Fetch(self._parts(scope, requests // step, step), step, exact)

    async def _parts(self, scope: Scope, requests: int, step: int) -> AsyncIterator[pa.Table]:
        parts = -(-requests // PART)
        for part in range(parts):
            share = (part / parts, (part + 1) / parts)
            found = await self._questions.ask(statements.rows(self._table, scope, share, step))
            yield await asyncio.to_thread(canonical, found, self._declared)

    async def _exact(self, scope: Scope) -> Frame:
        return from_arrow(await self._questions.ask(statements.minutes(self._table, scope)))


@asynccontextmanager
async def spans_clickhouse(url: str, home: Path, *, declared: Declared = NOTHING, largest: int = LARGEST) -> AsyncIterator[FetchedSpans]:
    """`url`: http(s)://user:password@host:8123/database?table=otel_traces. `home`: where fetched spans are kept while they are read.

    BadSettings for a URL that cannot be used.
    """
    read = httpx.URL(url)
    database, table = read.path.strip("/") or "default", read.params.get("table", TABLE)
    if not _NAME.fullmatch(database) or not _NAME.fullmatch(table):
        raise BadSettings("database and table are plain names", place="MIDWATCH_SPANS_URL")
    async with clickhouse_http(read, database) as questions, fetched(ClickHouseOrigin(questions, table, largest, declared), home) as spans:
        yield spans
