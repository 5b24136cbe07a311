"""OTLP in: what is read, what is skipped and counted, what is refused; and that nothing else can happen."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bot.errors import BadInput
from bot.telemetry.canonical import SCHEMA
from bot.telemetry.otlp import Decoded, read_files, read_json, read_protobuf
from tests.telemetry.wire import PARENT, SPAN, T0, TRACE, body, event, span, traces

LLM = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5, "gen_ai.response.finish_reasons": ["stop"], "tenant.id": "acme"}


def rows(decoded: Decoded) -> list[dict[str, Any]]:
    return list(decoded.spans.to_pylist())


def test_the_table_has_the_canonical_schema_also_when_empty() -> None:
    assert read_json(b"{}").spans.schema.equals(SCHEMA)
    assert read_json(body(span(LLM))).spans.schema.equals(SCHEMA)


def test_identity_and_times() -> None:
    (row,) = rows(read_json(body(span(LLM, start=0.25, seconds=0.5))))
    assert (row["trace_id"], row["span_id"], row["parent_id"]) == (TRACE, SPAN, PARENT)
    assert (row["ts"], row["end"], row["duration_ms"]) == (T0 + 0.25, T0 + 0.75, 500.0)


@pytest.mark.parametrize(
    ("trace", "own"),
    [
        ("A" * 32, "B" * 16),
        ("aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "b" * 16),
        (b64encode(bytes.fromhex("a" * 32)).decode(), b64encode(bytes.fromhex("b" * 16)).decode()),
    ],
    ids=["upper case", "dashes", "base64"],
)
def test_ids_in_other_spellings(trace: str, own: str) -> None:
    (row,) = rows(read_json(body(span(LLM, traceId=trace, spanId=own))))
    assert (row["trace_id"], row["span_id"]) == ("a" * 32, "b" * 16)


@pytest.mark.parametrize(
    ("field", "held", "reason"),
    [
        ("traceId", None, "no trace id"),
        ("traceId", "0" * 32, "no trace id"),
        ("traceId", "xyz", "no trace id"),
        ("spanId", "", "no span id"),
        ("spanId", 12, "no span id"),
        ("startTimeUnixNano", None, "no start time"),
        ("startTimeUnixNano", "0", "no start time"),
        ("startTimeUnixNano", "soon", "no start time"),
        ("startTimeUnixNano", {"a": 1}, "no start time"),
    ],
)
def test_a_span_without_ids_or_start_is_skipped_and_counted(field: str, held: object, reason: str) -> None:
    decoded = read_json(body(span(LLM, **{field: held}), span(LLM, spanId="d" * 16)))
    assert [row["span_id"] for row in rows(decoded)] == ["d" * 16]
    assert decoded.skipped == {reason: 1}


def test_what_is_no_span_is_skipped_and_counted() -> None:
    around = traces(span(LLM))
    around["resourceSpans"][0]["scopeSpans"][0]["spans"] += [None, "x", 7]
    assert read_json(json.dumps(around).encode()).skipped == {"not an object": 3}


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9], ids=["s", "ms", "us", "ns"])
def test_times_in_another_unit_are_recognised(unit: int) -> None:
    (row,) = rows(read_json(body(span(LLM, startTimeUnixNano=T0 * unit, endTimeUnixNano=(T0 + 2) * unit))))
    assert (row["ts"], row["duration_ms"]) == (T0, 2000.0)


def test_clocks_years_off_are_read_as_they_are() -> None:
    ahead = 365 * 86400.0
    found = rows(read_json(body(span(LLM, start=ahead), span(LLM, spanId="d" * 16, start=-ahead))))
    assert sorted(row["ts"] for row in found) == [T0 - ahead, T0 + ahead]


def test_an_end_before_the_start_is_no_end() -> None:
    (row,) = rows(read_json(body(span(LLM, seconds=-5))))
    assert (row["end"], row["duration_ms"], row["unfinished"]) == (None, None, True)


def test_attributes_of_any_shape() -> None:
    odd = [
        {"key": "tenant.id", "value": {"stringValue": "first"}},
        {"key": "tenant.id", "value": {"stringValue": "last"}},
        {"key": "nothing", "value": {}},
        {"key": 7, "value": {"stringValue": "x"}},
        {"key": "no value"},
        "not a pair",
        {"key": "deep", "value": {"kvlistValue": {"values": [{"key": "a", "value": {"arrayValue": {"values": [{"intValue": "1"}]}}}]}}},
        {"key": "bytes", "value": {"bytesValue": "AQI="}},
    ]
    (row,) = rows(read_json(body(span(odd))))
    assert row["tenant"] == "last"
    assert dict(row["extra"]) == {"bytes": "AQI="}


def test_deep_nesting_is_cut() -> None:
    held: dict[str, Any] = {"stringValue": "x"}
    for _ in range(200):
        held = {"arrayValue": {"values": [held]}}
    (row,) = rows(read_json(body(span([{"key": "deep", "value": held}]))))
    assert dict(row["extra"]) == {}


def test_deep_json_in_captured_content_is_cut() -> None:
    deep = "[" * 900 + "]" * 900
    for key in ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.call.result", "gen_ai.retrieval.documents"):
        assert len(rows(read_json(body(span({**LLM, key: deep}))))) == 1


def test_huge_values_are_capped() -> None:
    (row,) = rows(read_json(body(span({"tenant.id": "x" * 5000, "note": "y" * 5000, **{f"k{i}": "v" for i in range(200)}}))))
    assert len(row["tenant"]) == 200
    assert len(row["extra"]) == 40


def test_absurdly_many_and_long_attribute_names_are_cut() -> None:
    (row,) = rows(read_json(body(span({**{f"k{i}": "v" for i in range(5000)}, "n" * 10_000: "v"}))))
    assert len(row["extra"]) == 40


def test_a_text_that_utf8_cannot_write_is_replaced() -> None:
    raw = body(span({"tenant.id": "x"})).replace(b'"x"', b'"a\\ud800"')
    with pytest.raises(BadInput):  # the JSON reader refuses lone surrogates, before anything of ours sees them
        read_json(raw)


@pytest.mark.parametrize(
    "held",
    [b"", b"{", b"7", b'{"a": 1}', b'{"resourceSpans": 5}', b'{"resourceSpans": [{"scopeSpans": {"x": 1}}]}', b"[" * 5000, b"\x1f\x8bxx"],
)
def test_a_body_that_is_no_otlp_is_refused(held: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        read_json(held, place="body")
    assert str(caught.value).startswith("body")


def test_gzip_is_read_and_a_bomb_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(rows(read_json(gzip.compress(body(span(LLM)))))) == 1
    with pytest.raises(BadInput, match="ends early"):
        read_json(gzip.compress(body(span(LLM)))[:-20])
    monkeypatch.setattr("bot.telemetry.otlp.BODY_BYTES", 1000)
    with pytest.raises(BadInput, match="after decompression"):
        read_json(gzip.compress(b" " * 100_000))


def test_files_a_line_each_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(body(span(LLM, spanId="2" * 16)) + b"\n\n" + body(span(LLM, spanId="3" * 16)) + b"\n")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(body(span(LLM, spanId="1" * 16)) + b"\n"))
    found = rows(read_files(tmp_path.iterdir(), root=tmp_path))
    assert [row["span_id"][0] for row in found] == ["1", "2", "3"]


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "x.jsonl").write_bytes(body(span(LLM)) + b"\n" + body(span(LLM))[:-9] + b"\n")
    with pytest.raises(BadInput, match=r"^traces/x\.jsonl:2: not JSON"):
        read_files([tmp_path / "traces" / "x.jsonl"], root=tmp_path)


def test_a_truncated_gzip_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(body(span(LLM)) * 50)[:-30])
    with pytest.raises(BadInput, match=r"x\.jsonl\.gz"):
        read_files([tmp_path / "x.jsonl.gz"])


def test_protobuf_gives_the_same_rows_as_json() -> None:
    given_ = span(
        {**LLM, "share": 0.5, "yes": True, "m": {"a": [1, "b"]}}, status={"code": 2, "message": "timed out"}, traceState="ot=th:8",
        events=[event("exception", 0.5, exception__type="ReadTimeout")], kind=3,
    )  # fmt: skip
    around = traces(given_, scope="s", resource={"service.name": "assistant"})
    request = ExportTraceServiceRequest()
    held = request.resource_spans.add()
    held.resource.attributes.add(key="service.name").value.string_value = "assistant"
    scoped = held.scope_spans.add()
    scoped.scope.name = "s"
    one = scoped.spans.add(
        trace_id=bytes.fromhex(TRACE), span_id=bytes.fromhex(SPAN), parent_span_id=bytes.fromhex(PARENT), name="operation", kind=3,
        start_time_unix_nano=T0 * 10**9, end_time_unix_nano=(T0 + 1) * 10**9, trace_state="ot=th:8",
    )  # fmt: skip
    one.status.code, one.status.message = 2, "timed out"
    for key, text in (("gen_ai.operation.name", "chat"), ("tenant.id", "acme")):
        one.attributes.add(key=key).value.string_value = text
    one.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = 5
    one.attributes.add(key="gen_ai.response.finish_reasons").value.array_value.values.add().string_value = "stop"
    one.attributes.add(key="share").value.double_value = 0.5
    one.attributes.add(key="yes").value.bool_value = True
    items = one.attributes.add(key="m").value.kvlist_value.values.add(key="a").value.array_value.values
    items.add().int_value = 1
    items.add().string_value = "b"
    thrown = one.events.add(name="exception", time_unix_nano=int((T0 + 0.5) * 10**9))
    thrown.attributes.add(key="exception.type").value.string_value = "ReadTimeout"
    raw = request.SerializeToString()
    expected = rows(read_json(json.dumps(around).encode()))
    assert rows(read_protobuf(raw)) == expected
    assert rows(read_protobuf(gzip.compress(raw))) == expected
    assert expected[0]["error_class"] == "timeout"


def test_bytes_that_are_no_protobuf_are_refused() -> None:
    with pytest.raises(BadInput):
        read_protobuf(b"\xff\xff not protobuf")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "gen_ai.operation.name", "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.usage.input_tokens",
        "gen_ai.retrieval.documents", "gen_ai.response.finish_reasons", "openinference.span.kind",
        "llm.input_messages.0.message.content", "retrieval.documents.1.document.score", "llm.invocation_parameters", "metadata",
        "input.value", "output.value", "traceloop.span.kind", "traceloop.entity.output", "db.system", "langfuse.observation.type",
        "langfuse.observation.usage_details", "mlflow.spanType", "mlflow.spanOutputs", "ai.operationId",
        "ai.response.providerMetadata", "langsmith.span.kind", "gen_ai.usage.input_token_details", "mcp.method.name",
        "error.type", "http.response.status_code", "tenant.id", "user.id", "feature_flag.key", "app.retrieval.indexed_at",
        "sampler.type", "SampleRate", "x",
    ]
)  # fmt: skip
FIELDS = st.sampled_from(
    ["name", "kind", "status", "events", "traceState", "parentSpanId", "endTimeUnixNano", "startTimeUnixNano", "attributes"]
)


def _jsonable(held: object) -> bool:
    try:
        json.dumps(held, allow_nan=False).encode()
    except (ValueError, UnicodeEncodeError):
        return False
    return True


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.dictionaries(KEYS, VALUES, max_size=6), st.dictionaries(FIELDS, VALUES, max_size=2)), max_size=4))
def test_nothing_but_bad_input_can_happen(spans: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Whatever stands in a span, it is read, skipped or refused."""
    held = [{**span(attributes, spanId=f"{at + 1:016x}"), **fields} for at, (attributes, fields) in enumerate(spans)]
    around = traces(*held)
    if not _jsonable(around):
        return
    try:
        decoded = read_json(json.dumps(around).encode())
    except BadInput:
        return
    assert decoded.spans.num_rows + sum(decoded.skipped.values()) == len(held)
