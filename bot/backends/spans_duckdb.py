"""Spans in DuckDB: a file for the service, memory for a bundle. Implements the ports Spans and SpanIntake.

Writing and reading have a thread and a connection each: a DuckDB connection is not re-entrant, and a triage must not hold up exporters.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from bot.backends.spans_snapshot import Snapshots
from bot.backends.spans_statements import BATCH, TABLE
from bot.errors import SourceUnavailable
from bot.model.evidence import Coverage
from bot.model.frame import Frame
from bot.ports import Scope
from bot.telemetry.canonical import SCHEMA
from bot.telemetry.sampling import LARGEST

MEMORY = "640MB"  # beyond it DuckDB spills to disk; with the frames of 200,000 requests a triage stays below 1.5 GiB at 10 million spans
WAL = "64MB"  # what a reopen after a crash has to replay at the most; below DuckDB's default of 16 MB checkpoints cost more than inserts

T = TypeVar("T")


class DuckSpans:
    """Frames are cut from snapshots: `requests` of a scope takes a new one when spans have come in since, every other aggregate
    answers from the one its scope has. So rows named by `request` stay the rows of the `requests` frame that was read first.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, collected: bool, threads: int, largest: int) -> None:
        self._collected = collected
        self._writer = connection
        self._batch = int(connection.execute(f"select coalesce(max({BATCH}), 0) from {TABLE}").fetchall()[0][0])  # noqa: S608
        self._snapshots = Snapshots(connection.cursor(), threads, largest)
        self._writing = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spans-write")
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spans-read")

    async def add(self, spans: pa.Table) -> int:
        """Keep spans of canonical.SCHEMA; how many were kept. A span without ids or start is not; one sent twice counts once when read."""
        return await self._run(self._writing, partial(self._add, spans), f"add {spans.num_rows} spans")

    async def forget(self, before: float) -> int:
        """Drop the spans that started before; how many they were."""
        return await self._run(self._writing, partial(self._forget, before), f"forget before {before:.0f}")

    async def frame(self, aggregate: str, scope: Scope) -> Frame | None:
        if not self._collected:
            return None
        return await self._run(self._reading, partial(self._snapshots.frame, aggregate, scope, self._batch), f"{aggregate} of {scope}")

    async def coverage(self, scope: Scope) -> Coverage | None:
        if not self._collected:
            return None
        return await self._run(self._reading, partial(self._snapshots.coverage, scope, self._batch), f"coverage of {scope}")

    async def _run(self, thread: ThreadPoolExecutor, work: Callable[[], T], asked: str) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, work)
        except duckdb.Error as error:
            raise SourceUnavailable(f"the span store failed: {str(error)[:200]}", source="spans", asked=asked) from error

    def _add(self, spans: pa.Table) -> int:
        whole = pc.and_(pc.and_(spans["trace_id"].is_valid(), spans["span_id"].is_valid()), pc.is_finite(spans["ts"]))
        kept = spans.select(SCHEMA.names).filter(whole)  # a missing start is neither finite nor kept
        self._writer.register("incoming", kept)
        try:
            self._writer.execute(f"insert into {TABLE} by name select *, {self._batch + 1}::bigint as {BATCH} from incoming")  # noqa: S608
        finally:
            self._writer.unregister("incoming")
        self._batch += 1
        return int(kept.num_rows)

    def _forget(self, before: float) -> int:
        gone = self._writer.execute(f"delete from {TABLE} where ts < ?", [before]).fetchall()  # noqa: S608
        return int(gone[0][0])

    def close(self) -> None:
        self._writing.shutdown(wait=True)
        self._reading.shutdown(wait=True)
        self._snapshots.close()
        self._writer.close()


@asynccontextmanager
async def spans_duckdb(
    path: Path | None, *, collected: bool = True, threads: int | None = None, largest: int = LARGEST
) -> AsyncIterator[DuckSpans]:
    """`path` None = in memory. `collected` False = there is no source of traces: every frame is None, not empty.
    Of a scope with more than `largest` traces a sample is read.

    A file that another process holds, or that is no DuckDB file, is SourceUnavailable.
    """
    with tempfile.TemporaryDirectory(prefix="midwatch-spans-") as spill:
        try:
            connection = await asyncio.to_thread(_opened, path, spill)
        except (duckdb.Error, OSError) as error:
            raise SourceUnavailable(f"the span store cannot be opened: {str(error)[:200]}", source="spans", asked=f"open {path}") from error
        spans = DuckSpans(connection, collected, threads or os.cpu_count() or 1, largest)
        try:
            yield spans
        finally:
            await asyncio.to_thread(spans.close)


@asynccontextmanager
async def spans_of_bundle(table: pa.Table | None) -> AsyncIterator[DuckSpans]:
    """The spans of a bundle, in memory. None = the bundle has no traces folder; an empty table = nothing was in it."""
    async with spans_duckdb(None, collected=table is not None) as spans:
        if table is not None and table.num_rows:
            await spans.add(table)
        yield spans


def _opened(path: Path | None, spill: str) -> duckdb.DuckDBPyConnection:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    config: dict[str, str | int] = {"memory_limit": MEMORY, "temp_directory": spill, "checkpoint_threshold": WAL, "threads": 1}
    connection = duckdb.connect(str(path) if path else ":memory:", config=config)
    try:
        _migrated(connection)
    except duckdb.Error:
        connection.close()
        raise
    return connection


def _migrated(connection: duckdb.DuckDBPyConnection) -> None:
    """The table, with a column for every field: one that a newer version added is missing in what an older one stored."""
    connection.register("empty", SCHEMA.append(pa.field(BATCH, pa.int64())).empty_table())
    connection.execute(f"create table if not exists {TABLE} as select * from empty")  # noqa: S608  a constant
    known = {row[0] for row in connection.execute(f"describe {TABLE}").fetchall()}
    for name, type_, *_ in connection.execute("describe empty").fetchall():
        if name not in known:
            connection.execute(f'alter table {TABLE} add column "{name}" {type_}')
    connection.unregister("empty")
