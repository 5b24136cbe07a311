"""Aggregates as statements in an engine's SQL, kept: Ibis takes longer to write one than DuckDB to run it, and products seldom change."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa
from ibis.expr.types import StringValue, Table

from bot.model.evidence import Interval
from bot.ports import Scope
from bot.telemetry import aggregates
from bot.telemetry.aggregates import LONGEST_S
from bot.telemetry.canonical import EXTRA, FLAGS, SCHEMA
from bot.telemetry.dimensions import Dimensions
from bot.telemetry.sampling import within

TABLE = "spans"
STORED = "stored"  # the table with the number of each row
BATCH = "batch"  # number of the insert a row came with: what a snapshot sees of a table that grows
KEPT = 1024  # statements: some twenty a product and set of recorded columns, times the snapshots
DUCKDB, CLICKHOUSE = "duckdb", "clickhouse"
ALWAYS = ("span_id", "parent_id", "kind", "ts", "end", "duration_ms", FLAGS, EXTRA)

BLANK, NO_BATCH = Interval(4_000_000_001.5, 5_000_000_002.5), 6_000_000_003  # what a statement is written for, once; see _filled
_NUMBERS = (BLANK.start, BLANK.end, BLANK.start - LONGEST_S, BLANK.end + LONGEST_S, NO_BATCH)
_BLANKS = re.compile("'(?:[^']|'')*'|" + "|".join(rf"(?<![\w.]){re.escape(str(number))}(?![\w.])" for number in _NUMBERS))

_hex = ibis.udf.scalar.builtin(lambda raw: None, name="hex", signature=((dt.binary,), dt.string))  # ClickHouse's own
DIGEST: Mapping[str, Callable[[StringValue], StringValue]] = {
    DUCKDB: lambda text: text.hexdigest("md5"),
    CLICKHOUSE: lambda text: _hex(text.hashbytes("md5")).lower(),
}
"""What samples are cut from: the MD5 of an id in lower-case hex."""


def stored() -> str:
    return f"select *, rowid as arrival from {TABLE}"  # noqa: S608  a constant


def traces(scope: Scope, batch: int, dialect: str = DUCKDB) -> str:
    """trace_id, first: all traces of the scope."""
    return _filled(_traces(scope.service, dialect), scope.interval, batch)


@lru_cache(maxsize=KEPT)
def _traces(service: str | None, dialect: str) -> str:
    return _sql(aggregates.traces(_stored(NO_BATCH), service, BLANK.start, BLANK.end), dialect)


@lru_cache(maxsize=KEPT)
def numbered(traces_in: str, one_in: int, dialect: str = DUCKDB) -> str:
    """trace_id, first, no: a sample of one in so many of them, numbered from 0 in the order of their ids."""
    found = ibis.table({"trace_id": "string", "first": "float64"}, name=traces_in)
    if one_in > 1:
        found = found.filter(within(DIGEST[dialect](found.trace_id), 0.0, 1.0, one_in))
    return _sql(found.mutate(no=ibis.row_number().over(ibis.window(order_by="trace_id")).cast("int32")), dialect)


def copies(interval: Interval, batch: int, traces_in: str, dialect: str = DUCKDB) -> str:
    """arrival: rows that repeat another row's span."""
    return _filled(_copies(traces_in, dialect), interval, batch)


@lru_cache(maxsize=KEPT)
def _copies(traces_in: str, dialect: str) -> str:
    return _sql(aggregates.copies(_rows(traces_in)), dialect)


def scoped(
    interval: Interval,
    batch: int,
    traces_in: str,
    copies_in: str | None,
    columns: tuple[str, ...],
    one_in: int = 1,
    dialect: str = DUCKDB,
) -> str:
    """The rows of the scope's traces, each span once, with the trace's number in the place of its id: numbers group faster.

    Of a sample every row stands for `one_in` times as many.
    """
    return _filled(_scope_of(traces_in, copies_in, columns, one_in, dialect), interval, batch)


@lru_cache(maxsize=KEPT)
def _scope_of(traces_in: str, copies_in: str | None, columns: tuple[str, ...], one_in: int, dialect: str) -> str:
    rows = _rows(traces_in)
    if copies_in is not None:
        rows = rows.anti_join(ibis.table({"arrival": "int64"}, name=copies_in), "arrival")
    if one_in > 1:
        rows = rows.mutate(weight=rows.weight.fill_null(1.0) * float(one_in))
    return _sql(rows.select(*ALWAYS, *columns, trace_id="no"), dialect)


@lru_cache(maxsize=KEPT)
def ids(traces_in: str, dialect: str = DUCKDB) -> str:
    return _sql(ibis.table({"trace_id": "string", "no": "int32"}, name=traces_in).order_by("no").select("trace_id"), dialect)


@lru_cache(maxsize=KEPT)
def aggregate(name: str, table: str, columns: tuple[str, ...], dialect: str = DUCKDB) -> str:
    """`coverage`, `tree`, `series` or `attempts` of the rows in `table`, which has the named columns of canonical.COLUMNS."""
    return _sql(getattr(aggregates, name)(_scoped(table, columns)), dialect)


@lru_cache(maxsize=KEPT)
def keys(column: str, table: str, step: int, dialect: str = DUCKDB) -> str:
    """The use of a map column's keys in every `step`th trace."""
    rows = _scoped(table, ())
    return _sql(aggregates.map_keys(rows.filter(rows.trace_id % step == 0), column), dialect)


@lru_cache(maxsize=KEPT)
def requests(table: str, columns: tuple[str, ...], dims: Dimensions, kinds: frozenset[str], dialect: str = DUCKDB) -> str:
    return _sql(aggregates.requests(_scoped(table, columns), dict(dims.keys), dict(dims.flags), kinds), dialect)


@lru_cache(maxsize=KEPT)
def operations(kind: str, table: str, folded_in: str, columns: tuple[str, ...], dims: Dimensions, dialect: str = DUCKDB) -> str:
    folded = ibis.table(
        {"trace_id": "int32", "span_id": "string", "attempts": "int64", "first": "float64", "final": "float64", "last": "int8"},
        name=folded_in,
    )
    return _sql(aggregates.operations(_scoped(table, columns), folded, kind, dict(dims.keys), dict(dims.flags)), dialect)


def _stored(batch: int) -> Table:
    table = ibis.table(
        ibis.Schema.from_pyarrow(SCHEMA.append(pa.field(BATCH, pa.int64())).append(pa.field("arrival", pa.int64()))), name=STORED
    )
    return table.filter(table[BATCH] <= batch)


def _rows(traces_in: str) -> Table:
    """Near in time first: whole blocks of older spans are then not even read."""
    table = _stored(NO_BATCH)
    near = table.filter(aggregates.near(table, BLANK.start, BLANK.end))
    return near.join(ibis.table({"trace_id": "string", "no": "int32"}, name=traces_in), "trace_id")


def _scoped(table: str, columns: tuple[str, ...]) -> Table:
    fields = [SCHEMA.field(name) for name in (*ALWAYS, *columns)]
    return ibis.table(ibis.Schema.from_pyarrow(pa.schema([pa.field("trace_id", pa.int32()), *fields])), name=table)


def _sql(expression: Table, dialect: str) -> str:
    return str(ibis.to_sql(expression, dialect=dialect))


def _filled(sql: str, interval: Interval, batch: int) -> str:
    """The statement for this interval and batch; a text in quotes stays, whatever digits are in it."""
    said = (interval.start, interval.end, interval.start - LONGEST_S, interval.end + LONGEST_S, batch)
    values = {str(blank): str(value) for blank, value in zip(_NUMBERS, said, strict=True)}
    return _BLANKS.sub(lambda found: values.get(found[0], found[0]), sql)
