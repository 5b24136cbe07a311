"""Spans of Midwatch's own work, over OTLP to wherever an operator wants them: a trace for each walk with a revision of an incident.

They carry ids, results and kinds of errors, never a text of a page or an error.
"""

import asyncio
import concurrent.futures
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager

import httpx
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import NoOpTracer, Span, Status, StatusCode, Tracer

from bot import __version__
from bot.backends.guarded import guarded

log = logging.getLogger(__name__)

ANSWER_S = 10.0  # a collector that needs longer loses these spans; no page waits for it
EVERY_MS = 2_000.0
SERVICE = "midwatch"
OFF: Tracer = NoOpTracer()


@asynccontextmanager
async def own_spans(url: str | None, token: str | None, worker: str) -> AsyncIterator[Tracer]:
    """`url`: where OTLP over HTTP (protobuf) is taken, with its path; None = spans are not made. Leaving sends what is left."""
    if url is None:
        yield OFF
        return
    headers = {"Content-Type": "application/x-protobuf"} | ({"Authorization": f"Bearer {token}"} if token else {})
    async with httpx.AsyncClient(transport=guarded(), timeout=ANSWER_S, headers=headers) as client:
        resource = Resource({"service.name": SERVICE, "service.version": __version__, "service.instance.id": worker})
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(_Otlp(client, url), schedule_delay_millis=EVERY_MS))
        try:
            yield provider.get_tracer("midwatch", __version__)
        finally:
            await asyncio.to_thread(provider.shutdown)


@contextmanager
def spanned(tracer: Tracer, name: str, said: Mapping[str, str | int] | None = None, *, root: bool = False) -> Iterator[Span]:
    """A span around what happens inside; `root`: of a trace of its own. Of an error it keeps the kind."""
    context = Context() if root else None
    with tracer.start_as_current_span(
        name, context=context, attributes=dict(said or {}), record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


class _Otlp(SpanExporter):
    """Called from the processor's thread; sends from the loop, through the one transport that judges addresses."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url
        self._loop = asyncio.get_running_loop()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """What cannot be sent is lost, with a line in the log: spans are no reason to hold anything up."""
        sending = self._send(encode_spans(spans).SerializeToString())
        try:
            status = asyncio.run_coroutine_threadsafe(sending, self._loop).result(ANSWER_S + 1)
        except (httpx.HTTPError, TimeoutError, concurrent.futures.CancelledError) as error:
            log.warning("%d own spans are lost: %s", len(spans), type(error).__name__)
            return SpanExportResult.FAILURE
        if status >= 300:
            log.warning("%d own spans are lost: HTTP %d", len(spans), status)
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    async def _send(self, body: bytes) -> int:
        return (await self._client.post(self._url, content=body)).status_code

    def shutdown(self) -> None:
        """The client is closed by who opened it."""
