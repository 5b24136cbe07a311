"""Statements are written once and filled in: each asks what was asked for, whatever was asked before."""

from __future__ import annotations

import ibis
import pytest

from bot.backends import spans_statements as statements
from bot.model.evidence import Interval
from bot.ports import Scope
from bot.telemetry import aggregates
from bot.telemetry.canonical import SCHEMA

STRANGE = ("checkout", "4000000001.5", "it's 6000000003 o'clock", "' or 5000000002.5 < 1 --", "4000000001.5'")
ASKED = (
    (Interval(1_772_417_220.123, 1_772_427_220.0), 5),
    (Interval(0.0, 1_772_417_220.000001), 0),
    (Interval(-10.5, 1e18), 2**40),
    (Interval(statements.BLANK.end, statements.BLANK.start), 6_000_000_003),
)


def written(scope: Scope, batch: int, dialect: str) -> str:
    """The same question, written for this one occasion."""
    columns = {"batch": "int64", "arrival": "int64"}
    table = ibis.table(ibis.Schema.from_pyarrow(SCHEMA) | ibis.schema(columns), name=statements.STORED)
    here = table.filter(table.batch <= batch)
    return str(ibis.to_sql(aggregates.traces(here, scope.service, scope.interval.start, scope.interval.end), dialect=dialect))


@pytest.mark.parametrize("dialect", [statements.DUCKDB, statements.CLICKHOUSE])
@pytest.mark.parametrize(("interval", "batch"), ASKED)
@pytest.mark.parametrize("service", [None, *STRANGE])
def test_a_filled_statement_is_the_one_that_ibis_writes(service: str | None, interval: Interval, batch: int, dialect: str) -> None:
    scope = Scope(service, interval)
    assert statements.traces(scope, batch, dialect).split() == written(scope, batch, dialect).split()  # long lines break elsewhere


def test_what_depends_on_the_scope_is_filled_everywhere() -> None:
    interval, batch = ASKED[0]
    for sql in (statements.copies(interval, batch, "traces_0"), statements.scoped(interval, batch, "traces_0", "copies_0", ("tool",), 3)):
        assert not [number for number in ("4000000001.5", "3999996401.5", "5000000002.5", "5000003602.5", "6000000003") if number in sql]
        assert "1772413620.123" in sql
        assert "1772430820.0" in sql
        assert '"batch" <= 5' in sql
