"""The aggregates are written once: they compile for other engines, with every column and with next to none."""

import ibis
import pytest
from ibis.expr.types import Table

from bot.telemetry import aggregates
from bot.telemetry.aggregates import ESSENTIAL
from bot.telemetry.canonical import COLUMNS, KINDS, SCHEMA
from bot.telemetry.dimensions import VALUES, KeyUse, dimensions

STRUCTURE = ("trace_id", "span_id", "parent_id", "kind", "ts", "end", "duration_ms", "flags", "extra")
DIMS = {"own_0": "it's"}, {"flag_0": "new ui"}


def spans(*columns: str) -> Table:
    schema = ibis.Schema.from_pyarrow(SCHEMA)
    return ibis.table({name: schema[name] for name in dict.fromkeys((*STRUCTURE, *ESSENTIAL, *columns))}, name="spans")


@pytest.mark.parametrize("dialect", ["duckdb", "clickhouse"])
@pytest.mark.parametrize("columns", [tuple(COLUMNS), ()], ids=["rich", "bare"])
def test_every_aggregate_compiles(dialect: str, columns: tuple[str, ...]) -> None:
    table = spans(*columns)
    named = spans(*columns, "service")
    expressions = {
        "traces": aggregates.traces(named, "it's", 0.0, 60.0),
        "copies": aggregates.copies(table.mutate(arrival=ibis.row_number())),
        "requests": aggregates.requests(table, *DIMS),
        "tree": aggregates.tree(table),
        "series": aggregates.series(table),
        "coverage": aggregates.coverage(table),
        "attempts": aggregates.attempts(table),
        "extra": aggregates.map_keys(table, "extra"),
        **{kind: aggregates.operations(table, aggregates.attempts(table), kind, *DIMS) for kind in KINDS},
    }
    for name, expression in expressions.items():
        assert ibis.to_sql(expression, dialect=dialect).lstrip().startswith(("SELECT", "WITH")), name


def test_a_column_nobody_recorded_gives_no_result_of_its_own() -> None:
    bare, rich = aggregates.requests(spans()).columns, aggregates.requests(spans(*COLUMNS)).columns
    assert {"trace", "ts", "duration_ms", "failed", "has_root", "orphans", "n_llm", "err_tool"} <= set(bare)
    assert set(rich) - set(bare) >= {"tenant", "refusal", "tokens_input", "cost_usd", "user_ttft_ms", "eval_mean", "degraded"}


def uses(name: str, traces: int, values: int) -> list[KeyUse]:
    return [KeyUse("", name, traces * 2, traces, values), KeyUse("llm", name, traces * 2, traces, values)]


@pytest.mark.parametrize(
    ("traces", "values", "chosen"),
    [(20, 2, True), (19, 2, False), (100, 1, False), (100, VALUES[1], True), (100, VALUES[1] + 1, False)],
)
def test_a_key_on_a_fifth_of_the_traces_with_a_few_values_is_a_dimension(traces: int, values: int, chosen: bool) -> None:
    found = dimensions(uses("app.shelf", traces, values), (), 100)
    assert (found.names == {"own_0": "app.shelf"}) is chosen


@pytest.mark.parametrize("name", ["tenant", "TENANT", "trace", "n_llm", "", "x" * 101, "a\x00b", "a\nb"])
def test_a_key_that_is_a_name_of_ours_or_no_name_at_all_is_none(name: str) -> None:
    assert dimensions(uses(name, 100, 3), (), 100).names == {}


def test_the_most_carried_keys_come_first_and_forty_are_enough() -> None:
    many = [use for n in range(60) for use in uses(f"k{n:02}", 100 - n, 3)]
    found = dimensions(many, uses("ui", 50, 2), 100)
    assert [name for _, name in found.keys] == [f"k{n:02}" for n in range(40)]
    assert found.names["flag_0"] == "flag:ui"


def test_operations_carry_the_dimensions_their_own_kind_records() -> None:
    found = dimensions([KeyUse("", "shelf", 90, 90, 3), KeyUse("tool", "shelf", 90, 90, 3)], uses("ui", 50, 2), 100)
    assert found.of("tool").names == {"own_0": "shelf"}
    assert found.of("llm").names == {"flag_0": "flag:ui"}
