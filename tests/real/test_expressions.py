"""The compiled expressions on ClickHouse's own engine (chdb) and on DuckDB, over the same canonical spans: every frame, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pytest

from bot.backends import spans_statements as statements
from bot.backends.spans_duckdb import spans_duckdb
from bot.backends.spans_snapshot import Snapshot
from bot.model.evidence import Interval
from bot.model.frame import Frame
from bot.ports import Scope
from bot.telemetry.canonical import EXTRA, FLAGS, KINDS, SCHEMA
from tests.bench.traffic import DAY, START, day
from tests.clickhouse import Server, clickhouse
from tests.contract.test_spans import ALL, NOON, thrown
from tests.fakes_spans import table

pytestmark = pytest.mark.real

TYPES = {pa.string(): "Nullable(String)", pa.float64(): "Nullable(Float64)", pa.bool_(): "Nullable(Bool)"}
AGGREGATES = ("requests", "tree", "series", *(f"ops:{kind}" for kind in KINDS))


class ClickReader:
    """The engine of a snapshot: one ClickHouse, its tables kept in memory."""

    dialect = statements.CLICKHOUSE

    def __init__(self, server: Server) -> None:
        self._server = server

    def read(self, sql: str) -> pa.Table:
        answer = httpx.post(self._server.url, content=f"{sql}\nFORMAT ArrowStream", timeout=120)
        assert answer.status_code == 200, f"{answer.text[:1500]}\n{sql}"
        return pa.ipc.open_stream(answer.content).read_all()

    def keep(self, what: str, name: str, sql: str) -> str:
        self._server.run(f"DROP TABLE IF EXISTS {name}")
        self._server.run(f"CREATE {what} {name} {'ENGINE = Memory ' if what == 'table' else ''}AS {sql}")
        return name

    def count(self, name: str) -> int:
        return int(self._server.run(f"SELECT count() FROM {name}"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with clickhouse(tmp_path_factory.mktemp("clickhouse")) as running:
        running.run("SET join_use_nulls = 1")  # as Ibis sets it on the connections it opens itself
        running.run("SET aggregate_functions_null_for_empty = 1")  # SQL's own rule: the sum of nothing is not recorded
        yield running


def stored(server: Server, spans: pa.Table, folder: Path) -> None:
    """The table `stored`: what DuckDB's file holds after one insert."""
    own = dict.fromkeys((FLAGS, EXTRA), "Map(String, String)")
    columns = ", ".join(f"`{field.name}` {own.get(field.name) or TYPES[field.type]}" for field in SCHEMA)
    server.run("DROP TABLE IF EXISTS stored")
    server.run(f"CREATE TABLE stored ({columns}, batch Int64, arrival Int64) ENGINE = MergeTree ORDER BY arrival")
    n = spans.num_rows
    whole = spans.append_column("batch", pa.array(np.ones(n, np.int64))).append_column("arrival", pa.array(np.arange(n, dtype=np.int64)))
    file = folder / "spans.arrow"
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, whole.schema) as writer:
        writer.write_table(whole)
    server.run(f"INSERT INTO stored SELECT * FROM file('{file}', 'Arrow')")


CASES = {
    "random traces": (lambda: table(thrown(4, 250)), (ALL, Scope("b", Interval(NOON + 20, NOON + 200)))),
    "a day of an assistant": (lambda: day(20_000), (Scope("assistant", Interval(START, START + DAY)),)),
}


@pytest.mark.parametrize("largest", [10**6, 60], ids=["in full", "sampled"])
@pytest.mark.parametrize("case", CASES)
async def test_both_engines_give_the_same_features(server: Server, tmp_path: Path, case: str, largest: int) -> None:
    make, scopes = CASES[case]
    spans = make()
    stored(server, spans, tmp_path)
    async with spans_duckdb(None, largest=largest) as duck:
        await duck.add(spans)
        for scope in scopes:
            click = Snapshot(ClickReader(server), 0, scope, 1, largest)
            assert click.coverage == await duck.coverage(scope)
            for aggregate in AGGREGATES:
                ours = await duck.frame(aggregate, scope)
                assert ours is not None
                same(ours, click.frame(aggregate), f"{aggregate} {scope}")


def same(ours: Frame, theirs: Frame, what: str) -> None:
    """Texts, counts and yes/no alike; sums and quotients to the last few bits of a float."""
    assert ours.n == theirs.n, what
    assert set(ours.texts) | set(ours.numbers) == set(theirs.texts) | set(theirs.numbers), what
    for name in ours.numbers:
        np.testing.assert_allclose(theirs.number(name), ours.number(name), rtol=1e-12, atol=1e-9, err_msg=f"{what} {name}")
    for name in ours.texts:
        mine, others = ours.text(name), theirs.text(name)
        assert mine.values == others.values, f"{what} {name}"
        np.testing.assert_array_equal(mine.codes, others.codes, err_msg=f"{what} {name}")
