"""Spans in: both encodings, gzip and its bombs, partial success, and answers in the request's own encoding."""

import gzip
import json

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from bot.web.otlp import _status
from tests.web.doors import Site, site
from tests.web.test_hooks import client

JSON, PROTOBUF = "application/json", "application/x-protobuf"


async def post(one: Site, content: bytes, kind: str, host: str = "127.0.0.1", **headers: str) -> httpx.Response:
    async with client(one.app, host) as http:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await http.post("/v1/traces", content=content, headers={"content-type": kind, **named})


async def test_json_spans_are_taken() -> None:
    one = site()
    answer = await post(one, b'{"n": 3}', JSON + "; charset=utf-8")
    assert (answer.status_code, answer.headers["content-type"], answer.json()) == (200, JSON, {})
    assert one.spans.taken == 3


async def test_rejected_spans_are_told_in_the_encoding_of_the_request() -> None:
    one = site()
    answer = await post(one, b'{"n": 1, "bad": 2}', JSON)
    assert answer.json() == {"partialSuccess": {"rejectedSpans": "2", "errorMessage": "no id"}}
    binary = await post(one, b"xyz", PROTOBUF)
    told = ExportTraceServiceResponse.FromString(binary.content).partial_success
    assert (binary.headers["content-type"], told.rejected_spans, told.error_message) == (PROTOBUF, 1, "one span has no id")
    assert one.spans.taken == 4


async def test_gzip_is_taken_also_in_several_members() -> None:
    one = site()
    answer = await post(one, gzip.compress(b'{"n"') + gzip.compress(b": 5}"), JSON, content_encoding="gzip")
    assert (answer.status_code, one.spans.taken) == (200, 5)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (gzip.compress(b"0" * 50_000_000, mtime=0), 413),
        (gzip.compress(b'{"n": 1}', mtime=0)[:-9], 400),
        (b"not gzip", 400),
        (gzip.compress(b"{", mtime=0), 400),
    ],
)
async def test_bombs_and_broken_gzip_are_refused(content: bytes, status: int) -> None:
    answer = await post(site(), content, JSON, content_encoding="gzip")
    assert answer.status_code == status
    assert answer.json()["message"]


async def test_errors_are_a_status_in_the_encoding_of_the_request() -> None:
    said = await post(site(), b"x" * 200_000, PROTOBUF)
    assert (said.status_code, said.headers["content-type"]) == (413, PROTOBUF)
    assert said.content.startswith(b"\x08\x08\x12")
    assert b"100000 bytes" in said.content or b"limit is 100000" in said.content
    refused = await post(site(), b'{"n": 1}', JSON, host="203.0.113.9")
    assert (refused.status_code, refused.json()["code"]) == (403, 7)
    wrong = await post(site(tokens=("t",)), b'{"n": 1}', JSON, authorization="Bearer no")
    assert (wrong.status_code, wrong.json()["code"]) == (401, 16)
    assert (await post(site(tokens=("t",)), b'{"n": 1}', JSON, authorization="Bearer t")).status_code == 200


async def test_other_content_types_and_encodings_are_refused() -> None:
    assert (await post(site(), b"{}", "text/plain")).status_code == 415
    assert (await post(site(), b"{}", JSON, content_encoding="br")).status_code == 400


@pytest.mark.parametrize("length", [0, 1, 127, 128, 300, 4000])
def test_a_long_message_keeps_its_length_on_the_wire(length: int) -> None:
    wire = _status(3, "m" * length)
    size = wire[3] if wire[3] < 128 else (wire[3] & 0x7F) | wire[4] << 7
    assert (wire[:3], size) == (b"\x08\x03\x12", length)
    assert wire.endswith(b"m" * length)


async def test_json_is_read_as_json() -> None:
    assert json.loads((await post(site(), b"nope", JSON)).content) == {"code": 3, "message": "body: not JSON"}
