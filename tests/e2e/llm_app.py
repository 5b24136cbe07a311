"""A small LLM product, really instrumented: `python -m tests.e2e.llm_app` answers the requests that come in on stdin, one JSON a line.

A request is `{"at": epoch seconds, "route": "/ask" | "/chat", "tenant": ..., "question": ...}`: /ask searches two replicas of a knowledge
base in turn (httpx, with a deadline) and then asks the model; /chat only asks the model. A search that is not answered in time ends the
request with an error, as a product without a fallback does. An empty line waits for what is under way, exports, and says `ready`.

Model calls are written by the instrumentation alone (openinference-instrumentation-openai or opentelemetry-instrumentation-openai); the
request and the search are written as the documentation of either asks applications to. Spans go out by OTLP/HTTP protobuf from the
OpenTelemetry SDK. One thing is not as it happened: every timestamp of a trace is moved by the same number of seconds, so that the
request starts `at`; hours of traffic are then made in seconds. Durations, order, statuses and attributes are what really happened.
"""

import argparse
import itertools
import json
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Protocol

import httpx
import openai
from openinference.instrumentation import OITracer, TraceConfig, get_input_attributes, get_retriever_attributes
from openinference.instrumentation.openai import OpenAIInstrumentor as OpenInferenceOpenAI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.openai import OpenAIInstrumentor as OpenLLMetryOpenAI
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.semconv_ai import SpanAttributes as Traceloop
from opentelemetry.trace import SpanKind, StatusCode

DEADLINE_S = 0.3  # the client's patience with a replica; a healthy one answers in a few milliseconds
AT_ONCE = 8  # requests under way
MODEL = "gpt-4o-mini"
SYSTEM = "Answer from the documents."

Documents = list[dict[str, Any]]


class Shifted(SpanExporter):
    """Moves the timestamps of each trace by its own number of nanoseconds, and nothing else."""

    def __init__(self, inner: SpanExporter) -> None:
        self.by_trace: dict[int, int] = {}
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._inner.export([self._moved(span) for span in spans])

    def _moved(self, span: ReadableSpan) -> ReadableSpan:
        by = self.by_trace[span.context.trace_id]
        return ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=span.attributes,
            events=[Event(event.name, event.attributes, event.timestamp + by) for event in span.events],
            links=span.links,
            kind=span.kind,
            status=span.status,
            start_time=(span.start_time or 0) + by,
            end_time=(span.end_time or 0) + by,
            instrumentation_scope=span.instrumentation_scope,
        )

    def shutdown(self) -> None:
        self._inner.shutdown()


class Wording(Protocol):
    """How an application marks its own spans for one of the instrumentations."""

    @contextmanager
    def request(self, route: str, question: str) -> Iterator[trace.Span]: ...

    @contextmanager
    def search(self, question: str) -> Iterator[Documents]:
        """What is put into the list is what was found."""


class OpenInferenceWords:
    def __init__(self, tracers: TracerProvider) -> None:
        self._tracer = OITracer(tracers.get_tracer("assistant"), TraceConfig())

    @contextmanager
    def request(self, route: str, question: str) -> Iterator[trace.Span]:
        with self._tracer.start_as_current_span(f"POST {route}", kind=SpanKind.SERVER, openinference_span_kind="chain") as span:
            span.set_attributes(get_input_attributes(question))
            yield span

    @contextmanager
    def search(self, question: str) -> Iterator[Documents]:
        with self._tracer.start_as_current_span("kb-search", openinference_span_kind="retriever") as span:
            span.set_attributes(get_input_attributes(question))
            found: Documents = []
            yield found
            span.set_attributes(get_retriever_attributes(documents=found))  # type: ignore[arg-type]
            span.set_status(StatusCode.OK)


class OpenLLMetryWords:
    """What the decorators @workflow and @task of traceloop-sdk write."""

    def __init__(self, tracers: TracerProvider) -> None:
        self._tracer = tracers.get_tracer("traceloop.tracer")

    @contextmanager
    def request(self, route: str, question: str) -> Iterator[trace.Span]:
        with (
            self._tracer.start_as_current_span(f"POST {route}", kind=SpanKind.SERVER) as span,
            self._entity(route.strip("/"), "workflow", question),
        ):
            yield span

    @contextmanager
    def search(self, question: str) -> Iterator[Documents]:
        with self._entity("kb-search", "task", question) as span:
            found: Documents = []
            yield found
            span.set_attribute(Traceloop.TRACELOOP_ENTITY_OUTPUT, json.dumps(found))

    @contextmanager
    def _entity(self, name: str, kind: str, question: str) -> Iterator[trace.Span]:
        with self._tracer.start_as_current_span(f"{name}.{kind}") as span:
            span.set_attribute(Traceloop.TRACELOOP_SPAN_KIND, kind)
            span.set_attribute(Traceloop.TRACELOOP_ENTITY_NAME, name)
            span.set_attribute(Traceloop.TRACELOOP_ENTITY_INPUT, json.dumps({"args": [question], "kwargs": {}}))
            yield span


class Assistant:
    """The product itself."""

    def __init__(self, words: Wording, shifted: Shifted, model_url: str, replicas: Sequence[str]) -> None:
        self._words = words
        self._shifted = shifted
        self._model = openai.OpenAI(base_url=model_url, api_key="none", max_retries=0)
        self._http = httpx.Client(timeout=DEADLINE_S)
        self._turns = itertools.cycle(replicas)
        self._lock = threading.Lock()

    def serve(self, asked: dict[str, Any]) -> None:
        with self._words.request(asked["route"], asked["question"]) as span:
            self._begin(span, asked)
            documents = self._search(asked["question"]) if asked["route"] == "/ask" else []
            told = "\n".join(str(document["content"]) for document in documents)
            self._model.chat.completions.create(
                model=MODEL,
                messages=[{"role": "system", "content": f"{SYSTEM}\n{told}"}, {"role": "user", "content": asked["question"]}],
                temperature=0.1,
                max_tokens=200,
            )

    def _begin(self, span: trace.Span, asked: dict[str, Any]) -> None:
        assert isinstance(span, ReadableSpan)
        self._shifted.by_trace[span.get_span_context().trace_id] = int(asked["at"] * 1e9) - (span.start_time or 0)
        span.set_attributes({"http.route": asked["route"], "tenant.id": asked["tenant"]})

    def _search(self, question: str) -> Documents:
        with self._words.search(question) as found:
            with self._lock:
                replica = next(self._turns)
            answer = self._http.get(f"{replica}/search", params={"q": question, "k": 3})
            answer.raise_for_status()
            found.extend(answer.json()["documents"])
            return found

    def close(self) -> None:
        self._model.close()
        self._http.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--instrumentation", choices=["openinference", "openllmetry"], required=True)
    parser.add_argument("--otlp", required=True, help="where spans go, .../v1/traces")
    parser.add_argument("--model", required=True, help="an OpenAI-compatible server, .../v1")
    parser.add_argument("--replica", action="append", required=True, help="a search server")
    chosen = parser.parse_args()
    shifted = Shifted(OTLPSpanExporter(endpoint=chosen.otlp, timeout=30))
    tracers = TracerProvider(resource=Resource.create({"service.name": "assistant", "service.version": "1.4.2"}))
    batches = BatchSpanProcessor(shifted, max_queue_size=20_000)
    tracers.add_span_processor(batches)
    open_inference = chosen.instrumentation == "openinference"
    (OpenInferenceOpenAI() if open_inference else OpenLLMetryOpenAI()).instrument(tracer_provider=tracers)
    words: Wording = OpenInferenceWords(tracers) if open_inference else OpenLLMetryWords(tracers)
    assistant = Assistant(words, shifted, chosen.model, chosen.replica)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        under_way = []
        for line in sys.stdin:
            if line.strip():
                under_way.append(pool.submit(assistant.serve, json.loads(line)))
                continue
            done, _ = wait(under_way)
            failed = [type(one.exception()).__name__ for one in done if one.exception() is not None]
            batches.force_flush(30_000)
            print(json.dumps({"ready": len(done), "failed": sorted(set(failed)), "n_failed": len(failed)}), flush=True)
            under_way = []
    assistant.close()
    tracers.shutdown()


if __name__ == "__main__":
    main()
