"""One trace in every form it comes in, and hostile files."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from bot.errors import BadInput
from bot.telemetry.one_trace import read_trace
from tests.telemetry.wire import body, event, span, traces


def read(held: Any, **how: Any) -> Any:
    raw = held if isinstance(held, bytes) else json.dumps(held).encode()
    return read_trace(raw, place="t.json", **how)


CHAT = {
    "openinference.span.kind": "LLM",
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "Where is order 7?",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.content": "Let me look.",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "get_order",
    "llm.tools.0.tool.json_schema": json.dumps({"type": "function", "function": {"name": "get_order"}}),
}


def nested(**around: Any) -> dict[str, Any]:
    tool = {
        "span_id": "tool-1",
        "span_name": "get_order",
        "timestamp": "2026-03-02T01:47:02Z",
        "duration": "PT1.5S",
        "status_code": "Error",
        "status_message": "boom",
        "span_attributes": {
            "openinference.span.kind": "TOOL",
            "tool.name": "get_order",
            "input.value": '{"id": 7}',
            "output.value": "gone",
        },
        "events": [{"Name": "exception", "Attributes": {"exception.type": "KeyError", "exception.message": "7"}}],
    }
    call = {"span_id": "llm-1", "span_name": "chat", "timestamp": "2026-03-02T01:47:01Z", "span_attributes": CHAT}
    root = {"span_id": "root", "span_name": "main", "timestamp": "2026-03-02T01:47:00Z", "span_attributes": {}, "child_spans": [call, tool]}
    return {"trace_id": "t-1", "spans": [root], **around}


def test_a_nested_dump_keeps_its_tree_its_words_and_its_ids() -> None:
    told = read(nested()).told
    assert told.trace_id == "t-1"
    assert [(step.span_id, step.parent_id, step.kind) for step in told.steps] == [
        ("root", "", "request"),
        ("llm-1", "root", "llm"),
        ("tool-1", "root", "tool"),
    ]
    call, tool = told.steps[1:]
    assert (call.said, call.calls, call.offered) == ("Let me look.", ("get_order",), ("get_order",))
    assert [(one.role, one.text) for one in call.asked] == [("user", "Where is order 7?")]
    assert (tool.failed, tool.tool, tool.given, tool.returned) == (True, "get_order", '{"id": 7}', "gone")
    assert "KeyError" in tool.error
    assert tool.end == pytest.approx(tool.start + 1.5)


def test_spans_without_times_keep_the_order_they_are_written_in() -> None:
    spans = [{"span_id": f"s{at}", "span_attributes": {"openinference.span.kind": "LLM"}} for at in range(12)]
    assert [step.span_id for step in read({"trace_id": "t", "spans": spans}).told.steps] == [f"s{at}" for at in range(12)]


def test_otlp_as_object_lines_list_and_gzip_is_the_same_trace() -> None:
    one, other = span(CHAT, spanId="1" * 16), span({}, spanId="2" * 16, start=2.0)
    forms = [
        body(one, other),
        json.dumps(traces(one)).encode() + b"\n" + json.dumps(traces(other)).encode(),
        json.dumps([traces(one), traces(other)]).encode(),
        gzip.compress(body(one, other)),
    ]
    told = [read(form).told for form in forms]
    assert all(each.steps == told[0].steps for each in told)
    assert [step.span_id for step in told[0].steps] == ["1" * 16, "2" * 16]


def test_messages_in_events_are_read() -> None:
    events = [
        event("gen_ai.user.message", content="Hi"),
        event("gen_ai.choice", message=json.dumps({"role": "assistant", "content": "Ho"})),
    ]
    step = read(body(span({"gen_ai.operation.name": "chat"}, events=events))).told.steps[0]
    assert (step.said, [one.text for one in step.asked]) == ("Ho", ["Hi"])


def test_a_langfuse_export() -> None:
    observations = [
        {"id": "o-2", "parentObservationId": "o-1", "type": "TOOL", "name": "search", "startTime": "2026-03-02T01:47:01Z", "level": "ERROR",
         "statusMessage": "no", "input": {"q": "x"}, "output": None},
        {"id": "o-1", "type": "AGENT", "name": "run", "startTime": "2026-03-02T01:47:00Z", "endTime": "2026-03-02T01:47:05Z"},
        {"id": "o-3", "parentObservationId": "o-1", "type": "GENERATION", "name": "chat", "startTime": "2026-03-02T01:47:02Z", "model": "m",
         "input": json.dumps([{"role": "user", "content": "Hi"}]), "output": {"role": "assistant", "content": "Ho"}},
    ]  # fmt: skip
    told = read({"trace": {"id": "t"}, "observations": observations}).told
    assert [(step.span_id, step.kind, step.failed) for step in told.steps][1:] == [("o-2", "tool", True), ("o-3", "llm", False)]
    assert (told.steps[2].said, told.steps[2].asked[0].text) == ("Ho", "Hi")


def test_of_several_traces_the_longest_or_the_wanted_one() -> None:
    spans = [span({}, spanId=f"{at:016x}", traceId=("b" if at == 9 else "a") * 32) for at in range(1, 10)]
    assert (read(body(*spans)).told.trace_id, read(body(*spans)).others) == ("a" * 32, 1)
    assert read(body(*spans), wanted="B" * 32).told.trace_id == "b" * 32
    with pytest.raises(BadInput, match="no trace 'zz'"):
        read(body(*spans), wanted="zz")


@pytest.mark.parametrize(
    ("held", "place"),
    [
        (b"", "t.json"),
        (b"{", "t.json"),
        (b"[]", "t.json"),
        (b"3", "t.json"),
        (b'{"a": 1}', "t.json"),
        (b"[1]", r"t.json: \[0\]"),
        (b'{"resourceSpans": 3}', "t.json"),
        (b'{"resourceSpans": []}', "t.json"),
        (b'{"resourceSpans": []}\nnope', "t.json:2"),
        (b"\x1f\x8bnope", "t.json"),
        (b'{"spans": [{"span_id": 3}]}', r"t.json: spans\[0\]"),
        (b'{"spans": [{"span_id": "a", "child_spans": [7]}]}', r"t.json: spans\[0\].child_spans\[0\]"),
        (b'{"spans": [{"span_id": "a", "child_spans": "x"}]}', r"t.json: spans\[0\]"),
        (b'{"observations": [{"id": 3}]}', r"t.json: observations\[0\]"),
        (b'{"observations": [{"id": "a"}]}', r"t.json: observations\[0\]"),
    ],
)
def test_what_cannot_be_read_names_its_place(held: bytes, place: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(held)
    assert caught.match(f"^{place}")


@pytest.mark.parametrize(
    "odd",
    [
        {"duration": "PT1.2.3S"},
        {"events": 7},
        {"duration": "PT" + "9" * 30 + "S"},
        {"timestamp": -5, "span_attributes": {"openinference.span.kind": ["LLM"]}},
        {"events": [3, {"Attributes": []}], "status_code": 7, "status": [1]},
        {"span_attributes": {"llm.output_messages.0.message.content": {"a": [1, {"b": None}]}, "input.value": [[[]]]}},
    ],
)
def test_odd_values_are_not_recorded_rather_than_fatal(odd: dict[str, Any]) -> None:
    one = {"span_id": "a", "timestamp": "2026-03-02T01:47:00Z", **odd}
    assert [step.span_id for step in read({"spans": [one]}).told.steps] == ["a"]


def test_a_tree_too_deep_is_refused_and_a_cycle_is_read() -> None:
    deep: dict[str, Any] = {"span_id": "leaf"}
    for at in range(300):
        deep = {"span_id": f"s{at}", "child_spans": [deep]}
    with pytest.raises(BadInput, match="nested deeper"):
        read({"spans": [deep]})
    cycle = [span({}, spanId="1" * 16, parentSpanId="2" * 16), span({}, spanId="2" * 16, parentSpanId="1" * 16)]
    told = read(body(*cycle)).told
    assert [list(told.above(step)) != [] for step in told.steps] == [True, True]
