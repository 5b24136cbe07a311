"""The OpenAI client under two real instrumentations, against a server that answers as OpenAI does: what they write is understood."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import openai
import pytest
from openinference.instrumentation.openai import OpenAIInstrumentor as OpenInference
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.instrumentation.openai import OpenAIInstrumentor as OpenLLMetry
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.telemetry.otlp import read_protobuf

ANSWER = {
    "id": "c1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-08-06", "system_fingerprint": "fp1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi!"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 20, "completion_tokens": 2, "total_tokens": 22, "prompt_tokens_details": {"cached_tokens": 8}},
}  # fmt: skip
NO_CREDIT = {"error": {"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"}}
ASK = [{"role": "system", "content": "Be {{kind}}"}, {"role": "user", "content": "hey"}]


class Provider(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if asked.get("stream"):
            self._send(200, "text/event-stream", b"".join(b"data: " + chunk + b"\n\n" for chunk in self._chunks()))
        elif asked.get("user") == "broke":
            self._send(429, "application/json", json.dumps(NO_CREDIT).encode())
        else:
            self._send(200, "application/json", json.dumps(ANSWER).encode())

    def _chunks(self) -> Iterator[bytes]:
        for text, reason in (("Hello", None), (" there", None), (None, "length")):
            delta = {"role": "assistant", "content": text} if text else {}
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            head = {"id": "c2", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-08-06"}
            yield json.dumps({**head, "choices": [choice]}).encode()
        yield b"[DONE]"

    def _send(self, status: int, kind: str, raw: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


@contextmanager
def provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def spans(instrumentor: Any) -> list[dict[str, Any]]:
    """Rows of: an answer, a streamed answer, a refused call, and the request around them."""
    kept = InMemorySpanExporter()
    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(kept))
    instrumentor.instrument(tracer_provider=tracers)
    try:
        with (
            provider() as url,
            openai.OpenAI(base_url=url, api_key="x", max_retries=0) as client,
            tracers.get_tracer("app").start_as_current_span("POST /ask"),
        ):
            client.chat.completions.create(model="gpt-4o", messages=ASK, temperature=0.2, max_tokens=10)  # type: ignore[arg-type]
            list(client.chat.completions.create(model="gpt-4o", messages=ASK, stream=True))  # type: ignore[arg-type]
            with pytest.raises(openai.RateLimitError):
                client.chat.completions.create(model="gpt-4o", messages=ASK, user="broke")  # type: ignore[arg-type]
    finally:
        instrumentor.uninstrument()
    raw = encode_spans(kept.get_finished_spans()).SerializeToString()
    return list(read_protobuf(raw).spans.to_pylist())


@pytest.mark.filterwarnings("ignore")  # the instrumentations' own deprecations are not ours to mend
@pytest.mark.parametrize(
    ("instrumentor", "dialect"), [(OpenInference(), "openinference"), (OpenLLMetry(), "otel_genai")], ids=["openinference", "openllmetry"]
)
def test_what_a_real_emitter_writes_is_understood(instrumentor: Any, dialect: str) -> None:
    rows = sorted(spans(instrumentor), key=lambda row: (row["kind"], row["ts"]))
    answer, stream, refused, request = rows
    assert [row["kind"] for row in rows] == ["llm", "llm", "llm", "request"]
    assert [row["dialect"] for row in rows[:3]] == [dialect] * 3
    for row in rows[:3]:
        assert (row["model_requested"], row["provider"], row["prompt_unresolved"]) == ("gpt-4o", "openai", 1.0)
    assert (answer["model_served"], answer["finish"], answer["output_chars"]) == ("gpt-4o-2024-08-06", "stop", 3.0)
    assert (answer["tokens_input"], answer["tokens_output"], answer["tokens_cache_read"]) == (20.0, 2.0, 8.0)
    assert (answer["temperature"], answer["max_tokens"]) == (0.2, 10.0)
    assert (stream["stream"], stream["finish"], stream["tokens_output"]) == (True, "length", None)
    assert 0 < stream["ttft_ms"] <= stream["duration_ms"]
    assert (refused["status"], refused["error_class"], refused["model_served"]) == ("error", "quota", None)
    assert request["parent_id"] == ""
    assert {row["parent_id"] for row in rows[:3]} == {request["span_id"]}
