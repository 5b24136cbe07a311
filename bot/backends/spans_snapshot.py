"""Frames of one scope, cut by the aggregates from what DuckDB held at one moment."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Protocol

import duckdb
import pyarrow as pa

from bot.backends import spans_statements as statements
from bot.backends.spans_frame import frame_of, with_request
from bot.model.evidence import Coverage
from bot.model.frame import EMPTY, Frame
from bot.ports import Scope
from bot.telemetry.aggregates import ESSENTIAL, TREE
from bot.telemetry.canonical import COLUMNS, EXTRA, FLAGS, KINDS
from bot.telemetry.dimensions import Dimensions, KeyUse, dimensions
from bot.telemetry.sampling import one_in

KEPT = 3  # snapshots: a triage reads its look-back and its windows, and another one may be under way
TOLD = tuple(name for name in COLUMNS if name in {*TREE, *ESSENTIAL})  # what a tree is made of
LOOKED_AT = 8_000  # traces read to find undeclared dimensions: enough to know a share of a fifth within a hundredth


class Reader(Protocol):
    """An engine that a snapshot is read with."""

    dialect: str  # of its SQL, as spans_statements calls it

    def read(self, sql: str) -> pa.Table: ...

    def keep(self, what: str, name: str, sql: str) -> str:
        """A temporary table or view (`what`) of that name, in the place of an older one."""
        ...

    def count(self, name: str) -> int:
        """Rows of what was kept."""
        ...


class DuckReader:
    """The reading connection. Used from one thread."""

    dialect = statements.DUCKDB

    def __init__(self, connection: duckdb.DuckDBPyConnection, threads: int) -> None:
        self._connection = connection
        self._threads = threads
        self.keep("view", statements.STORED, statements.stored())

    def read(self, sql: str) -> pa.Table:
        return self._connection.sql(sql).to_arrow_table()

    def keep(self, what: str, name: str, sql: str) -> str:
        self._connection.execute(f"create or replace temp {what} {name} as {sql}")
        return name

    def count(self, name: str) -> int:
        return int(self._connection.execute(f"select count(*) from {name}").fetchall()[0][0])  # noqa: S608  a name of ours

    @contextmanager
    def all_threads(self) -> Iterator[None]:
        """Idle threads of DuckDB wait by spinning, which makes small inserts twice as dear: they live only while somebody reads."""
        self._connection.execute(f"set threads = {self._threads}")
        try:
            yield
        finally:
            self._connection.execute("set threads = 1")

    def close(self) -> None:
        self._connection.close()


class Snapshot:
    """The spans of a scope as of one insert. Only the ids of its traces are copied; the rows are read where they are.

    Of more than `largest` traces a sample is read, with weights; only `series` counts them all.
    """

    def __init__(self, reader: Reader, place: int, scope: Scope, batch: int, largest: int) -> None:
        self.batch = batch
        self._reader, self._place, self._interval, self._dialect = reader, place, scope.interval, reader.dialect
        self._all = reader.keep("table", f"found_{place}", statements.traces(scope, batch, reader.dialect))
        self._one_in = one_in(reader.count(self._all), largest)
        self._traces = reader.keep("table", f"traces_{place}", statements.numbered(self._all, self._one_in, reader.dialect))
        self._rows = (scope.interval, batch, self._traces, self._copies("copies", self._traces))
        self._wide = reader.keep("view", f"wide_{place}", statements.scoped(*self._rows, tuple(COLUMNS), dialect=reader.dialect))

    def frame(self, aggregate: str) -> Frame:
        """`requests`, `tree`, `series` or `ops:<kind>`; ValueError for anything else."""
        if aggregate == "requests":
            return self.requests
        if aggregate == "tree":
            return frame_of(self._reader.read(statements.aggregate(aggregate, self._wide, TOLD, self._dialect)), self.traces)
        if aggregate == "series":
            return frame_of(self._reader.read(statements.aggregate(aggregate, self._whole, self._columns, self._dialect)))
        name, _, kind = aggregate.partition(":")
        if name != "ops" or kind not in KINDS:
            raise ValueError(f"no aggregate {aggregate}")
        return self._operations(kind)

    @cached_property
    def requests(self) -> Frame:
        """Cached: every frame of operations points at its rows."""
        kinds = frozenset(self.coverage.spans)
        found = self._reader.read(statements.requests(self._table, self._columns, self._dimensions, kinds, self._dialect))
        return frame_of(found, self.traces, self._dimensions.names)

    @cached_property
    def traces(self) -> tuple[str, ...]:
        """Ids in the order of their numbers, which is their own order."""
        return tuple(self._reader.read(statements.ids(self._traces, self._dialect)).column(0).to_pylist())

    @cached_property
    def _whole(self) -> str:
        """The rows of all traces, each as heavy as it was recorded."""
        if self._one_in == 1:
            return self._table
        traces = self._reader.keep("table", f"every_{self._place}", statements.numbered(self._all, 1, self._dialect))
        given = (self._interval, self.batch, traces, self._copies("every_copy", traces), self._columns)
        return self._reader.keep("view", f"whole_{self._place}", statements.scoped(*given, dialect=self._dialect))

    def _copies(self, name: str, traces: str) -> str | None:
        """Rows that repeat a span; None where there are none."""
        table = self._reader.keep("table", f"{name}_{self._place}", statements.copies(self._interval, self.batch, traces, self._dialect))
        return table if self._reader.count(table) else None

    @cached_property
    def _folded(self) -> str:
        return self._reader.keep(
            "table", f"folded_{self._place}", statements.aggregate("attempts", self._table, self._columns, self._dialect)
        )

    @cached_property
    def _dimensions(self) -> Dimensions:
        step = max(1, len(self.traces) // LOOKED_AT)
        extra, flags = (
            [KeyUse(**row) for row in self._reader.read(statements.keys(column, self._table, step, self._dialect)).to_pylist()]
            for column in (EXTRA, FLAGS)
        )
        return dimensions(extra, flags, -(-len(self.traces) // step))

    def _operations(self, kind: str) -> Frame:
        if not self.coverage.spans.get(kind):
            return EMPTY
        dims = self._dimensions.of(kind)
        found = self._reader.read(statements.operations(kind, self._table, self._folded, self._columns, dims, self._dialect))
        return with_request(frame_of(found, self.traces, dims.names), self.requests)

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        """Recorded ones: reading the others would be most of the work."""
        recorded = {column for _, column in self.coverage.share} | set(ESSENTIAL) | ({"weight"} if self._one_in > 1 else set())
        return tuple(name for name in COLUMNS if name in recorded)

    @cached_property
    def _table(self) -> str:
        """The rows with those columns, each as heavy as the traces it stands for."""
        rows = statements.scoped(*self._rows, self._columns, self._one_in, self._dialect)
        return self._reader.keep("view", f"scoped_{self._place}", rows)

    @cached_property
    def coverage(self) -> Coverage:
        rows = self._reader.read(statements.aggregate("coverage", self._wide, tuple(COLUMNS), self._dialect)).to_pylist()
        share = {(row["kind"], name): row[name] / row["spans"] for row in rows for name in COLUMNS if row[name]}
        return Coverage(share, {row["kind"]: row["spans"] * self._one_in for row in rows}, self._one_in)


class Snapshots:
    """The few last snapshots, by scope."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, threads: int, largest: int) -> None:
        self._reader = DuckReader(connection, threads)
        self._largest = largest
        self._kept: OrderedDict[Scope, tuple[int, Snapshot]] = OrderedDict()

    def frame(self, aggregate: str, scope: Scope, batch: int) -> Frame:
        """As of insert `batch` for `requests`, else as of the scope's snapshot when it has one."""
        with self._reader.all_threads():
            return self._of(scope, batch, fresh=aggregate == "requests").frame(aggregate)

    def coverage(self, scope: Scope, batch: int) -> Coverage:
        with self._reader.all_threads():
            return self._of(scope, batch, fresh=False).coverage

    def _of(self, scope: Scope, batch: int, *, fresh: bool) -> Snapshot:
        known = self._kept.pop(scope, None)
        place, snapshot = known or (self._free(), None)
        if snapshot is None or (fresh and snapshot.batch < batch):
            snapshot = Snapshot(self._reader, place, scope, batch, self._largest)
        self._kept[scope] = place, snapshot  # the newest use last
        return snapshot

    def _free(self) -> int:
        """A place nobody uses, else that of the longest unused snapshot."""
        if len(self._kept) == KEPT:
            self._kept.popitem(last=False)
        return min(set(range(KEPT)) - {place for place, _ in self._kept.values()})

    def close(self) -> None:
        self._reader.close()
