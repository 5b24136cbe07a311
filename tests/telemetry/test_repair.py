"""What telemetry gets wrong, put right over the whole table."""

from __future__ import annotations

import json
import random
from typing import Any

import pyarrow as pa

from bot.telemetry.otlp import read_json
from bot.telemetry.repair import repair
from tests.telemetry.wire import body, span, traces

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}


def table(*given: tuple[dict[str, Any], str] | dict[str, Any]) -> pa.Table:
    """Spans, each with the scope it came from."""
    held = [one if isinstance(one, tuple) else (one, "scope") for one in given]
    return pa.concat_tables([read_json(body(one, scope=scope)).spans for one, scope in held])


def repaired(*given: tuple[dict[str, Any], str] | dict[str, Any]) -> dict[str, dict[str, Any]]:
    """span_id's first digit -> row."""
    return {row["span_id"][0]: row for row in repair(table(*given)).to_pylist()}


def one(digit: str, attributes: dict[str, Any] | None = None, above: str = "", **fields: Any) -> dict[str, Any]:
    return span(attributes, spanId=digit * 16, parentSpanId=above * 16, **fields)


def test_the_order_of_arrival_does_not_matter() -> None:
    given = [one(digit, CHAT, "1" if digit != "1" else "", start=int(digit, 16)) for digit in "123456789"]
    given += [{**span(CHAT, spanId="9" * 16), "traceId": f"{at:032x}"} for at in range(1, 20)]
    straight = repair(table(*given))
    random.Random(1).shuffle(given)
    assert repair(table(*given)).equals(straight)
    ids = list(zip(straight["trace_id"].to_pylist(), straight["span_id"].to_pylist(), strict=True))
    assert ids == sorted(ids)


def test_a_span_delivered_twice_is_one_and_the_ended_copy_stays() -> None:
    found = repair(table(one("1", CHAT, endTimeUnixNano="0"), one("1", CHAT), one("1")))
    assert found.num_rows == 1
    assert found["unfinished"].to_pylist() == [None]
    assert found["model_requested"].to_pylist() == ["gpt-4o"]


def test_the_same_span_id_in_two_traces_is_two_spans() -> None:
    assert repair(table(one("1"), {**one("1"), "traceId": "f" * 32})).num_rows == 2


def test_a_span_that_never_ended_ends_with_its_parent() -> None:
    found = repaired(one("1", seconds=4), one("2", CHAT, "1", start=1, endTimeUnixNano="0"))
    assert found["2"]["duration_ms"] == 3000.0
    assert found["2"]["unfinished"] is True


def test_without_a_parent_it_has_no_end() -> None:
    assert repaired(one("2", CHAT, "9", endTimeUnixNano="0"))["2"]["end"] is None


def test_orphans_stay_orphans() -> None:
    assert repaired(one("1"), one("2", CHAT, "7"))["2"]["parent_id"] == "7" * 16


def test_a_time_to_first_token_in_the_wrong_unit() -> None:
    slow = {**CHAT, "gen_ai.response.time_to_first_chunk": 400.0}  # milliseconds under a name that means seconds
    right = {**CHAT, "gen_ai.response.time_to_first_chunk": 0.4}
    found = repaired(one("1", slow), one("2", right))
    assert found["1"]["ttft_ms"] == found["2"]["ttft_ms"] == 400.0


# -- two instrumentations of one call

FRAMEWORK = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.finish_reason": "stop"}
CLIENT = {**CHAT, "gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 3, "gen_ai.response.id": "r1"}


def test_a_call_below_its_double_is_kept_once_and_filled_up() -> None:
    found = repaired(
        one("1"), (one("2", FRAMEWORK, "1"), "framework"), (one("3", CLIENT, "2", start=0.002, seconds=0.997), "client"), one("4", {}, "3")
    )
    assert set(found) == {"1", "3", "4"}
    assert (found["3"]["tokens_input"], found["3"]["finish"]) == (9.0, "stop")
    assert found["3"]["parent_id"] == "1" * 16


def test_children_of_the_dropped_record_move_to_the_kept_one() -> None:
    rich = {**FRAMEWORK, "llm.token_count.prompt": 9, "llm.token_count.completion": 2, "llm.cost.total": 0.1, "llm.system": "openai"}
    found = repaired(one("1"), (one("2", rich, "1"), "framework"), (one("3", CHAT, "2"), "client"), one("4", {}, "3"))
    assert set(found) == {"1", "2", "4"}
    assert found["4"]["parent_id"] == "2" * 16


def test_neighbours_below_one_parent_are_one_call() -> None:
    found = repaired(one("1"), (one("2", FRAMEWORK, "1"), "framework"), (one("3", CLIENT, "1", start=0.0005), "client"))
    assert len(found) == 2


def test_one_response_is_one_call_wherever_it_hangs() -> None:
    wrapped = (one("3", CLIENT, "9", start=0.001), "other")
    assert len(repaired(one("1"), (one("2", CLIENT, "1"), "client"), wrapped)) == 2


def test_parallel_calls_of_one_instrumentation_are_two() -> None:
    assert len(repaired(one("1"), one("2", CHAT, "1"), one("3", CHAT, "1"))) == 3


def test_another_model_is_another_call() -> None:
    other = {**FRAMEWORK, "llm.model_name": "gpt-4o-mini"}
    assert len(repaired(one("1"), (one("2", other, "1"), "framework"), (one("3", CLIENT, "1"), "client"))) == 3


def test_calls_six_milliseconds_apart_are_two() -> None:
    late = (one("3", CLIENT, "1", start=0.006), "client")
    assert len(repaired(one("1"), (one("2", FRAMEWORK, "1"), "framework"), late)) == 3


def test_an_agent_around_a_call_is_not_its_double() -> None:
    agent = {"gen_ai.operation.name": "invoke_agent"}
    assert len(repaired(one("1"), (one("2", agent, "1"), "framework"), (one("3", CLIENT, "2"), "client"))) == 3


# -- roots


def test_a_root_that_wraps_model_calls_is_the_request() -> None:
    assert repaired(one("1", CHAT), one("2", CHAT, "1", start=0.1, seconds=0.5))["1"]["kind"] == "request"


def test_a_span_that_is_a_call_by_its_name_alone_is_the_chain_around_the_call() -> None:
    found = repaired(one("1"), one("2", {}, "1", name="node.nodeCallLLM"), one("3", CHAT, "2", start=0.1, seconds=0.5))
    assert (found["2"]["kind"], found["3"]["kind"]) == ("chain", "llm")
    assert repaired(one("1"), one("2", {}, "1", name="node.nodeCallLLM"))["2"]["kind"] == "llm"


def test_a_root_retrieval_around_its_embedding_stays_retrieval() -> None:
    found = repaired(one("1", {"gen_ai.operation.name": "retrieval"}), one("2", {"gen_ai.operation.name": "embeddings"}, "1"))
    assert found["1"]["kind"] == "retrieval"


# -- clocks


def calls(skew: float, n: int = 40, spread: float = 0.0) -> pa.Table:
    """`n` requests of one second, each calling another host for half a second, whose clock is `skew` seconds ahead."""
    held: list[dict[str, Any]] = []
    for at in range(n):
        trace = f"{at + 1:032x}"
        mine = span(spanId="1" * 16, parentSpanId="", start=at * 10.0)
        theirs = span(CHAT, spanId="2" * 16, parentSpanId="1" * 16, start=at * 10.0 + 0.25 + skew + spread * at, seconds=0.5)
        held += traces({**mine, "traceId": trace}, resource={"service.name": "app"})["resourceSpans"]
        held += traces({**theirs, "traceId": trace}, resource={"service.name": "search", "k8s.pod.name": "s-1"})["resourceSpans"]
    return read_json(json.dumps({"resourceSpans": held}).encode()).spans


def offset(spans: pa.Table) -> float:
    """How far the called spans start after their callers, in the middle."""
    found = repair(spans).to_pylist()
    starts = {row["trace_id"]: row["ts"] for row in found if row["service"] == "app"}
    late = sorted(row["ts"] - starts[row["trace_id"]] for row in found if row["service"] == "search")
    return round(late[len(late) // 2], 3)


def test_a_host_whose_clock_is_ahead_is_moved_back() -> None:
    assert offset(calls(30.0)) == 0.25


def test_a_host_whose_clock_is_behind_is_moved_forward() -> None:
    assert offset(calls(-5.0)) == 0.25


def test_a_clock_that_is_right_is_left_alone() -> None:
    assert offset(calls(0.1)) == 0.35


def test_too_few_calls_prove_no_skew() -> None:
    assert offset(calls(30.0, n=29)) == 30.25


def test_work_that_runs_late_by_varying_times_is_no_skew() -> None:
    assert offset(calls(1.0, spread=2.0)) > 30


def test_no_spans() -> None:
    assert repair(read_json(b"{}").spans).num_rows == 0
