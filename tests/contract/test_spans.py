"""One suite for ports.Spans and ports.SpanIntake, on the twin, DuckDB and a store elsewhere; and the twin against DuckDB at random."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.backends.spans_duckdb import DuckSpans, spans_duckdb, spans_of_bundle
from bot.errors import SourceUnavailable
from bot.model.evidence import Interval
from bot.model.frame import Frame
from bot.ports import Scope
from bot.telemetry.canonical import COLUMNS, KINDS
from tests.fakes_origin import Elsewhere, elsewhere
from tests.fakes_spans import MemorySpans, Span, span, table

Engine = DuckSpans | MemorySpans | Elsewhere
NOON = 1_772_452_800.0
ALL = Scope(None, Interval(NOON, NOON + 3600.0))


@pytest.fixture(params=["memory", "duckdb", "fetched"])
async def engine(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Engine]:
    if request.param == "memory":
        yield MemorySpans()
    elif request.param == "fetched":
        async with elsewhere(tmp_path) as store:
            yield store
    else:
        async with spans_duckdb(None) as store:
            yield store


async def rows(engine: Engine, *spans: Span, frame: str = "requests", scope: Scope = ALL) -> list[dict[str, Any]]:
    await engine.add(table(spans))
    found = await engine.frame(frame, scope)
    assert found is not None
    return listed(found)


def listed(frame: Frame) -> list[dict[str, Any]]:
    """Rows with what is recorded in them."""
    texts = {name: [codes.text(row) for row in range(frame.n)] for name, codes in frame.texts.items()}
    numbers = {name: [None if np.isnan(value) else float(value) for value in column] for name, column in frame.numbers.items()}
    columns = {**texts, **numbers}
    return [{name: column[row] for name, column in columns.items() if column[row] is not None} for row in range(frame.n)]


async def test_one_row_a_trace_sorted_by_trace(engine: Engine) -> None:
    found = await rows(engine, span("b", "1", ts=NOON), span("a", "1", ts=NOON + 9), span("a", "2", "1", "llm", ts=NOON + 9.1))
    assert [(row["trace"], row["ts"], row["n_spans"], row["n_llm"]) for row in found] == [("a", NOON + 9, 2, 1), ("b", NOON, 1, 0)]


async def test_a_span_that_was_exported_twice_counts_once(engine: Engine) -> None:
    await engine.add(table([span("a", "1", ts=NOON), span("a", "2", "1", "llm", ts=NOON, ms=None, tokens_input=5)]))
    again = span("a", "2", "1", "llm", ts=NOON, ms=40, tokens_input=7)
    found = await rows(engine, span("a", "1", ts=NOON), again, again)
    assert [(row["n_spans"], row["n_llm"], row["tokens_input"]) for row in found] == [(2, 1, 7)]
    assert [row["duration_ms"] for row in listed(await engine.frame("ops:llm", ALL))] == [40]  # the finished copy


async def test_spans_that_come_later_are_in_the_next_requests(engine: Engine) -> None:
    assert len(await rows(engine, span("a", "1", ts=NOON))) == 1
    assert len(await rows(engine, span("b", "1", ts=NOON))) == 2


async def test_a_span_without_id_or_start_is_not_kept(engine: Engine) -> None:
    broken = [
        span("a", "1", ts=NOON) | {"trace_id": None},
        span("a", "2", ts=NOON) | {"ts": None},
        span("a", "3", ts=NOON) | {"span_id": None},
    ]
    assert await engine.add(table([*broken, span("a", "4", ts=NOON)])) == 1


@pytest.mark.parametrize(("start", "inside"), [(NOON - 0.001, 0), (NOON, 1), (NOON + 3599.9, 1), (NOON + 3600.0, 0)])
async def test_a_trace_belongs_to_the_interval_its_first_span_starts_in(engine: Engine, start: float, inside: int) -> None:
    assert len(await rows(engine, span("a", "1", ts=start), span("a", "2", "1", ts=start + 60))) == inside


async def test_a_trace_belongs_to_every_service_it_touches(engine: Engine) -> None:
    spans = [
        span("a", "1", ts=NOON, service="front"),
        span("a", "2", "1", ts=NOON, service="back"),
        span("b", "1", ts=NOON, service="front"),
    ]
    await engine.add(table([*spans, span("c", "1", ts=NOON)]))
    found = {
        name: [row["trace"] for row in listed(await engine.frame("requests", Scope(name, ALL.interval)))] for name in ("front", "back", "x")
    }
    assert found == {"front": ["a", "b"], "back": ["a"], "x": []}


async def test_where_no_span_names_a_service_every_trace_may_be_meant(engine: Engine) -> None:
    assert len(await rows(engine, span("a", "1", ts=NOON), scope=Scope("front", ALL.interval))) == 1


@pytest.mark.parametrize(
    ("columns", "failed"),
    [
        ({}, 0),
        ({"status": "error"}, 1),
        ({"outcome": "failed"}, 1),
        ({"outcome": "degraded"}, 0),
        ({"outcome": "user_error", "status": "error"}, 0),
        ({"status": "error", "error_class": "cancelled"}, 0),
        ({"error_class": "timeout"}, 1),
    ],
)
async def test_a_request_failed_by_its_outcome_or_else_by_its_root(engine: Engine, columns: dict[str, str], failed: int) -> None:
    assert [row["failed"] for row in await rows(engine, span("a", "1", ts=NOON, **columns))] == [failed]


async def test_without_root_and_outcome_it_is_not_known_whether_a_request_failed(engine: Engine) -> None:
    lost = span("a", "2", "1", "llm", ts=NOON, status="error", ms=50)
    (row,) = await rows(engine, lost)
    assert "failed" not in row
    assert (row["has_root"], row["orphans"], row["ts"], row["duration_ms"]) == (0, 1, NOON, pytest.approx(50, abs=0.001))
    both = await rows(engine, span("b", "2", "1", "llm", ts=NOON, outcome="ok"))
    assert both[1]["failed"] == 0


async def test_a_request_that_continues_a_callers_trace_is_its_root(engine: Engine) -> None:
    (row,) = await rows(engine, span("a", "2", "elsewhere", ts=NOON, status="error"), span("a", "3", "2", "llm", ts=NOON))
    assert (row["failed"], row["has_root"], row["orphans"]) == (1, 1, 0)


async def test_an_inner_request_does_not_fail_the_outer_one(engine: Engine) -> None:
    (row,) = await rows(engine, span("a", "1", ts=NOON, status="ok"), span("a", "2", "1", ts=NOON, status="error"))
    assert row["failed"] == 0


async def test_a_dimension_is_the_roots_else_the_least_of_its_spans(engine: Engine) -> None:
    inner = [span("a", "2", "1", "llm", ts=NOON, tenant="a", region="us"), span("a", "3", "1", "llm", ts=NOON, region="eu")]
    (row,) = await rows(engine, span("a", "1", ts=NOON, tenant="z"), *inner)
    assert (row["tenant"], row["region"]) == ("z", "eu")
    assert "locale" not in row


async def test_usage_is_that_of_the_leaf_model_calls(engine: Engine) -> None:
    calls = [
        span("a", "2", "1", "llm", ts=NOON, tokens_input=100, cost_usd=0.1),  # around the next one, and repeating it
        span("a", "3", "2", "llm", ts=NOON, tokens_input=60, cost_usd=0.04),
        span("a", "4", "1", "llm", ts=NOON, tokens_input=40, cost_usd=0.06),
        span("a", "5", "1", "llm", ts=NOON),  # a wrapper that records no usage hides nobody's
        span("a", "6", "5", "llm", ts=NOON, tokens_input=1, tokens_output=0),
    ]
    (row,) = await rows(engine, span("a", "1", ts=NOON, tokens_input=999), *calls)
    assert (row["tokens_input"], row["tokens_output"], row["cost_usd"]) == (101, 0, pytest.approx(0.1))
    assert "tokens_reasoning" not in row


async def test_the_stated_cost_of_a_request_wins(engine: Engine) -> None:
    (row,) = await rows(engine, span("a", "1", ts=NOON, request_cost_usd=3.0), span("a", "2", "1", "llm", ts=NOON, cost_usd=0.5))
    assert row["cost_usd"] == 3.0


SIGNS = [
    ("refusal", "llm", {"output_refusal": True}, {"output_refusal": False}),
    ("refusal", "llm", {"finish": "refusal"}, {"finish": "stop"}),
    ("refusal", "llm", {"finish": "content_filter", "output_refusal": False}, {"finish": "stop", "output_refusal": False}),
    ("parse_failed", "parser", {"parser_ok": False}, {"parser_ok": True}),
    ("empty_retrieval", "retrieval", {"n_returned": 0}, {"n_returned": 3}),
    ("prompt_unresolved", "prompt", {"prompt_unresolved": 2}, {"prompt_unresolved": 0}),
    ("guardrail_blocked", "guardrail", {"guardrail_action": "block"}, {"guardrail_action": "allow"}),
    ("lang_mismatch", "llm", {"input_lang": "de", "output_lang": "en"}, {"input_lang": "de", "output_lang": "de"}),
    ("cache_hit", "cache", {"cache_hit": True, "cache_layer": "semantic"}, {"cache_hit": False, "cache_layer": "response"}),
    ("policy_hit", "request", {"policy_hit": True}, {"policy_hit": False}),
    ("biased_sampling", "request", {"biased_sampling": True}, {"biased_sampling": False}),
]


@pytest.mark.parametrize(("sign", "kind", "shows", "clean"), SIGNS, ids=lambda value: value if isinstance(value, str) else "")
async def test_a_sign_is_shown_absent_or_not_recorded(
    engine: Engine, sign: str, kind: str, shows: dict[str, Any], clean: dict[str, Any]
) -> None:
    loud = [span("a", "1", ts=NOON), span("a", "2", "1", kind, ts=NOON, **clean), span("a", "3", "1", kind, ts=NOON, **shows)]
    quiet = [span("b", "1", ts=NOON), span("b", "2", "1", kind, ts=NOON, **clean)]
    found = await rows(engine, *loud, *quiet, span("c", "1", ts=NOON), span("c", "2", "1", kind, ts=NOON))
    assert [row.get(sign) for row in found] == [1, 0, None]


async def test_a_prompt_cache_hit_answers_no_request(engine: Engine) -> None:
    (row,) = await rows(engine, span("a", "1", ts=NOON), span("a", "2", "1", "cache", ts=NOON, cache_hit=True, cache_layer="prompt"))
    assert "cache_hit" not in row


async def test_a_retrieval_that_failed_found_nothing_for_another_reason(engine: Engine) -> None:
    (row,) = await rows(engine, span("a", "1", ts=NOON), span("a", "2", "1", "retrieval", ts=NOON, n_returned=0, status="error"))
    assert "empty_retrieval" not in row
    assert row["err_retrieval"] == 1


async def test_where_parse_errors_are_recorded_a_call_without_one_parsed(engine: Engine) -> None:
    spans = [span("a", "1", ts=NOON, kind="llm", error_class="parse"), span("b", "1", ts=NOON, kind="llm"), span("c", "1", ts=NOON)]
    assert [row.get("parse_failed") for row in await rows(engine, *spans)] == [1, 0, None]


async def test_the_first_token_counts_from_the_start_of_the_request(engine: Engine) -> None:
    calls = [span("a", "2", "1", "llm", ts=NOON + 2, ttft_ms=300), span("a", "3", "1", "llm", ts=NOON + 1, ttft_ms=500)]
    (row,) = await rows(engine, span("a", "1", ts=NOON), *calls)
    assert row["user_ttft_ms"] == pytest.approx(1500)


async def test_a_control_item_does_not_judge_the_product(engine: Engine) -> None:
    marks = [
        span("a", str(n), "1", "evaluator", ts=NOON, evaluator_value=v, evaluator_control_set=c)
        for n, v, c in ((2, 1.0, None), (3, 0.5, False), (4, 0.0, True))
    ]
    (row,) = await rows(engine, span("a", "1", ts=NOON), *marks)
    assert row["eval_mean"] == pytest.approx(0.75)


def tries(*spec: tuple[float, float | None, str | None], **columns: Any) -> list[Span]:
    """(start after noon, ms, error class) -> retrieval spans below one root."""
    return [
        span("a", f"t{n}", "1", "retrieval", ts=NOON + at, ms=ms, error_class=error, name="search", **columns)
        for n, (at, ms, error) in enumerate(spec)
    ]


FOLDED = {
    "retried until it went well": (tries((0, 1000, "timeout"), (2, 1000, "timeout"), (4, 500, None)), [(3, NOON, 500, 4500)]),
    "asked again after a success": (tries((0, 1000, None), (2, 1000, None)), [(1, NOON, 1000, 1000), (1, NOON + 2, 1000, 1000)]),
    "overlapping": (tries((0, 3000, "timeout"), (2, 1000, None)), [(1, NOON, 3000, 3000), (1, NOON + 2, 1000, 1000)]),
    "just before the gap is too long": (tries((0, 1000, "timeout"), (120.9, 100, None)), [(2, NOON, 100, 121000)]),
    "the gap is too long": (tries((0, 1000, "timeout"), (121, 100, None)), [(1, NOON, 1000, 1000), (1, NOON + 121, 100, 100)]),
    "named by the emitter": (tries((0, 3000, None), (2, 1000, None), logical_op_id="op"), [(2, NOON, 1000, 3000)]),
    "only the last attempt was exported": (tries((0, 100, None), attempt=3), [(3, NOON, 100, 100)]),
    "another question": (
        tries((0, 1000, "timeout"), input_hash="x") + [one | {"span_id": "u"} for one in tries((2, 1000, None), input_hash="y")],
        [(1, NOON, 1000, 1000), (1, NOON + 2, 1000, 1000)],
    ),
    "below another parent": (
        tries((0, 1000, "timeout")) + [one | {"span_id": "u", "parent_id": "9"} for one in tries((2, 1000, None))],
        [(1, NOON, 1000, 1000), (1, NOON + 2, 1000, 1000)],
    ),
}


@pytest.mark.parametrize("name", FOLDED)
async def test_attempts_of_one_operation_are_one_row(engine: Engine, name: str) -> None:
    spans, expected = FOLDED[name]
    found = await rows(engine, span("a", "1", ts=NOON), *spans, frame="ops:retrieval")
    assert [(row["attempts"], row["ts"], row["duration_ms"], pytest.approx(row["duration_total_ms"])) for row in found] == expected


async def test_an_operation_points_at_its_request_and_is_last_attempts_word(engine: Engine) -> None:
    spans = [span("z", "1", ts=NOON), span("a", "1", ts=NOON, tenant="acme"), *tries((0, 10, "timeout"), (1, 10, None), n_returned=4)]
    (row,) = await rows(engine, *spans, frame="ops:retrieval")
    assert (row["request"], row["trace"], row["span"], row["parent"], row["n_returned"]) == (0, "a", "t1", "1", 4)
    assert "error_class" not in row


async def test_a_dimension_only_some_operations_record_is_filled_from_their_request(engine: Engine) -> None:
    calls = [span("a", "2", "1", "llm", ts=NOON, region="us"), span("a", "3", "1", "llm", ts=NOON), span("b", "2", "1", "llm", ts=NOON)]
    found = await rows(engine, span("a", "1", ts=NOON, region="eu"), span("b", "1", ts=NOON), *calls, frame="ops:llm")
    assert [row.get("region") for row in found] == ["us", "eu", None]


async def test_a_kind_without_spans_has_no_operations(engine: Engine) -> None:
    assert await rows(engine, span("a", "1", ts=NOON), frame="ops:tool") == []


async def test_the_tree_holds_every_span_of_the_traces_with_a_fault(engine: Engine) -> None:
    faulty = [
        span("a", "1", ts=NOON),
        span("a", "2", "1", "retrieval", ts=NOON, n_returned=0),
        span("a", "3", "1", "llm", ts=NOON, name="chat"),
    ]
    found = await rows(engine, *faulty, span("b", "1", ts=NOON), span("c", "1", ts=NOON, error_class="cancelled"), frame="tree")
    assert [(row["trace"], row["span"], row.get("parent"), row["kind"]) for row in found] == [
        ("a", "1", "", "request"), ("a", "2", "1", "retrieval"), ("a", "3", "1", "llm"), ("c", "1", "", "request"),
    ]  # fmt: skip


async def test_the_series_counts_every_minute_exactly(engine: Engine) -> None:
    spans = [span("a", "1", ts=NOON + 59.9, weight=10), span("a", "2", "1", "llm", ts=NOON + 60.0, status="error", weight=10)]
    first, second = await rows(engine, *spans, span("b", "1", ts=NOON + 1, status="error"), frame="series")
    assert (first["minute"], first["requests"], first["requests_weighted"], first["failed"], first["llm"]) == (NOON, 2, 11, 1, 0)
    assert (second["minute"], second["requests"], second["llm"], second["llm_errors"], second["llm_errors_weighted"]) == (
        NOON + 60,
        0,
        1,
        1,
        10,
    )


async def test_coverage_is_a_share_of_the_spans_of_a_kind(engine: Engine) -> None:
    await engine.add(
        table(
            [span("a", "1", ts=NOON), span("a", "2", "1", "llm", ts=NOON, finish="stop"), span("a", "3", "1", "llm", ts=NOON, stream=False)]
        )
    )
    coverage = await engine.coverage(ALL)
    assert coverage is not None
    assert coverage.spans == {"request": 1, "llm": 2}
    assert (coverage.of("llm", "finish"), coverage.of("llm", "stream"), coverage.of("request", "finish")) == (0.5, 0.5, 0.0)


async def test_attributes_and_flags_that_divide_the_traffic_are_dimensions(engine: Engine) -> None:
    def root(n: int) -> Span:
        extra = {"shelf": f"s{n % 3}", "constant": "1", "id": str(n), "Tenant": f"t{n % 2}", 'it\'s "odd"': f"o{n % 2}"}
        return span(f"{n:03}", "1", ts=NOON, extra=extra | ({"rare": f"r{n % 2}"} if n < 40 else {}), flags={"ui": str(n % 2 == 0)})

    calls = [span(f"{n:03}", "2", "1", "llm", ts=NOON, extra={"shelf": "own"} if n == 0 else {}) for n in range(300)]
    found = await rows(engine, *map(root, range(300)), *calls)
    assert {name for name in found[0] if name in ("shelf", "constant", "id", "rare", "Tenant", 'it\'s "odd"', "flag:ui")} == {
        "shelf",
        'it\'s "odd"',
        "flag:ui",
    }
    assert [(row["shelf"], row["flag:ui"]) for row in found[:2]] == [("s0", "True"), ("s1", "False")]
    ops = listed(await engine.frame("ops:llm", ALL))
    assert [row["shelf"] for row in ops[:3]] == ["own", "s1", "s2"]


async def test_a_recorded_number_that_is_nonsense_breaks_nothing(engine: Engine) -> None:
    call = span("a", "2", "1", "llm", ts=NOON, tokens_input=1e300, cost_usd=-1e300, ttft_ms=1e308, attempt=1e300, evaluator_value=1e300)
    if isinstance(engine, DuckSpans):
        (row,) = await rows(engine, span("a", "1", ts=NOON, request_input_chars=-1e300), call, call | {"span_id": "3"})
        assert row["n_llm"] == 2


async def test_spans_can_be_forgotten(engine: Engine) -> None:
    await engine.add(table([span("a", "1", ts=NOON - 5), span("b", "1", ts=NOON)]))
    assert await engine.forget(NOON) == 1
    found = await engine.frame("requests", Scope(None, Interval(NOON - 60, NOON + 60)))
    assert [row["trace"] for row in listed(found)] == ["b"]


@asynccontextmanager
async def twin(collected: bool) -> AsyncIterator[MemorySpans]:
    yield MemorySpans(collected)


@pytest.mark.parametrize("make", [twin, lambda collected: spans_duckdb(None, collected=collected)], ids=["memory", "duckdb"])
async def test_not_collected_is_not_empty(make: Callable[[bool], AbstractAsyncContextManager[Engine]]) -> None:
    async with make(False) as absent, make(True) as empty:
        assert await absent.frame("requests", ALL) is None
        assert await absent.coverage(ALL) is None
        for aggregate in ("requests", "tree", "series", "ops:llm"):
            assert (await empty.frame(aggregate, ALL)).n == 0
        assert (await empty.coverage(ALL)).spans == {}


TEXTS = ("a", "b", "c", None)
POOL: dict[str, tuple[Any, ...]] = {
    "status": ("ok", "error", "unset", None), "error_class": ("timeout", "cancelled", "parse", *[None] * 9),
    "finish": ("stop", "refusal", "length", None),
    "guardrail_action": ("allow", "block", None), "outcome": ("ok", "failed", "degraded", "user_error", None, None, None),
    "cache_layer": ("prompt", "response", None), "weight": (1.0, 4.0, None), "attempt": (1, 2, None), "logical_op_id": ("op", *[None] * 9),
}  # fmt: skip


def thrown(seed: int, n: int) -> list[Span]:
    """Random traces: every column recorded now and then, parents lost, spans twice, retries, all near each other in time."""
    dice = random.Random(seed)
    found = []
    for trace in range(n):
        ids = [f"{place}" for place in range(dice.randint(1, 9))]
        for place, id_ in enumerate(ids):
            columns = {}
            for name, type_ in COLUMNS.items():
                pool = POOL.get(name) or {"text": TEXTS, "number": (0, 1, 2.5, None), "bool": (True, False, None)}[type_]
                columns[name] = dice.choice(pool)
            parent = "" if place == 0 and dice.random() < 0.9 else dice.choice([*ids[: max(place, 1)], "lost"])
            ts = NOON + trace + dice.choice((0, 0.25, 0.5, 1, 2, 130))
            ms = dice.choice((None, 50, 250, 2000))
            own = {"extra": {"shelf": dice.choice("abc")} if dice.random() < 0.7 else {}, "flags": {"ui": dice.choice("01")}}
            found.append(span(f"trace-{trace:04}", id_, parent, dice.choice(KINDS), ts=ts, ms=ms, **own, **columns))
    return found + dice.sample(found, len(found) // 10)


@pytest.mark.parametrize("seed", [1, 2])
async def test_duckdb_and_the_twin_agree_on_random_traces(seed: int) -> None:
    spans = thrown(seed, 250)
    random.Random(seed).shuffle(spans)
    reference = MemorySpans()
    async with spans_duckdb(None) as store:
        for engine in (reference, store):
            for start in range(0, len(spans), 300):
                await engine.add(table(spans[start : start + 300]))
        for scope in (ALL, Scope("b", Interval(NOON + 20, NOON + 200))):
            for aggregate in ("requests", "tree", "series", *(f"ops:{kind}" for kind in KINDS)):
                same(await store.frame(aggregate, scope), await reference.frame(aggregate, scope), aggregate)
            ours, theirs = await store.coverage(scope), await reference.coverage(scope)
            assert ours == theirs


def same(ours: Frame | None, theirs: Frame | None, what: str) -> None:
    assert ours is not None
    assert theirs is not None
    assert ours.n == theirs.n, what
    assert set(ours.texts) | set(ours.numbers) == set(theirs.texts) | set(theirs.numbers), what
    for name in theirs.numbers:
        np.testing.assert_allclose(ours.number(name), theirs.number(name), rtol=1e-9, atol=1e-6, err_msg=f"{what} {name}")
    for name in theirs.texts:
        mine, others = ours.text(name), theirs.text(name)
        assert [mine.text(row) for row in range(ours.n)] == [others.text(row) for row in range(ours.n)], f"{what} {name}"


async def test_the_frames_do_not_depend_on_order_of_arrival_or_threads() -> None:
    spans = list({(one["trace_id"], one["span_id"]): one for one in thrown(3, 150)}.values())
    async with spans_duckdb(None, threads=1) as one, spans_duckdb(None, threads=4) as four:
        await one.add(table(spans))
        for part in (spans[::-2], spans[-2::-2]):
            await four.add(table(part))
        for aggregate in ("requests", "tree", "series", "ops:llm", "ops:tool"):
            assert fingerprint(await one.frame(aggregate, ALL)) == fingerprint(await four.frame(aggregate, ALL))


def fingerprint(frame: Frame | None) -> tuple[object, ...]:
    assert frame is not None
    numbers = tuple((name, frame.numbers[name].tobytes()) for name in sorted(frame.numbers))
    return frame.n, numbers, tuple((name, frame.texts[name].values, frame.texts[name].codes.tobytes()) for name in sorted(frame.texts))


async def test_a_file_keeps_its_spans_and_two_processes_cannot_have_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "spans.duckdb"
    async with spans_duckdb(path) as store:
        await store.add(table([span("a", "1", ts=NOON, extra={"x": "1"}), span("a", "2", "1", "llm", ts=NOON)]))
    async with spans_duckdb(path) as store:
        await store.add(table([span("a", "2", "1", "llm", ts=NOON), span("b", "1", ts=NOON)]))
        found = await store.frame("requests", ALL)
        assert [(row["trace"], row["n_spans"]) for row in listed(found)] == [("a", 2), ("b", 1)]
    path.write_bytes(b"not a database, and long enough to be looked at" * 100)
    with pytest.raises(SourceUnavailable, match="cannot be opened"):
        async with spans_duckdb(path):
            pass


async def test_operations_stay_on_the_requests_they_point_at_while_spans_come_in() -> None:
    async with spans_duckdb(None) as store:
        await store.add(table([span("m", "1", ts=NOON), span("m", "2", "1", "llm", ts=NOON)]))
        before = await store.frame("requests", ALL)
        await store.add(table([span("a", "1", ts=NOON), span("a", "2", "1", "llm", ts=NOON)]))
        assert [(row["trace"], row["request"]) for row in listed(await store.frame("ops:llm", ALL))] == [("m", 0)]
        assert len(listed(before)) == 1
        assert len(listed(await store.frame("requests", ALL))) == 2
        assert [row["request"] for row in listed(await store.frame("ops:llm", ALL))] == [0, 1]


async def test_more_scopes_than_snapshots_are_kept_still_answer() -> None:
    async with spans_duckdb(None) as store:
        await store.add(table([span(f"{n}", "1", ts=NOON + 60 * n) for n in range(6)]))
        for n in (0, 1, 2, 3, 4, 0, 5, 1):
            found = await store.frame("requests", Scope(None, Interval(NOON, NOON + 60 * n + 1)))
            assert found is not None
            assert found.n == n + 1


async def test_a_bundle_without_traces_is_not_an_empty_one() -> None:
    async with spans_of_bundle(None) as none, spans_of_bundle(table([])) as empty:
        assert await none.frame("requests", ALL) is None
        assert (await empty.frame("requests", ALL)).n == 0


async def test_an_unknown_aggregate_is_a_mistake_of_ours() -> None:
    async with spans_duckdb(None) as store:
        with pytest.raises(ValueError, match="no aggregate"):
            await store.frame("ops:nothing", ALL)
