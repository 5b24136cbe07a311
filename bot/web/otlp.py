"""OTLP over HTTP: `POST /v1/traces` in protobuf or JSON, as the OpenTelemetry specification has it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import orjson
import pyarrow as pa
from fastapi import APIRouter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from starlette.requests import Request
from starlette.responses import Response

from bot.errors import BadInput, MidwatchError
from bot.ports import SpanIntake
from bot.web.access import bearer_or_local
from bot.web.answers import RETRY_S, said, status_of
from bot.web.body import body
from bot.web.metrics import Meters

log = logging.getLogger(__name__)

AT_ONCE = 2  # batches decoded and written at the same time; two cores
WAITING = 16  # batches held in memory; an exporter that is told to wait keeps its own queue
JSON, PROTOBUF = "application/json", "application/x-protobuf"
_GRPC = {400: 3, 401: 16, 403: 7, 408: 4, 413: 8, 422: 3, 429: 8, 503: 14}  # google.rpc.Code of an HTTP status


@dataclass(frozen=True)
class Decoded:
    """Canonical spans (telemetry.canonical.SCHEMA), how many spans could not be taken, and why."""

    spans: pa.Table
    rejected: int = 0
    why: str = ""


@dataclass(frozen=True)
class Otlp:
    decode: Callable[[bytes, bool], Decoded]  # (body, is it JSON); BadInput when it cannot be read
    spans: SpanIntake
    tokens: Sequence[str]
    limit_bytes: int
    meters: Meters


def routes(otlp: Otlp) -> APIRouter:
    router = APIRouter()
    places = asyncio.Semaphore(AT_ONCE)
    held = 0

    @router.post("/v1/traces")
    async def traces(request: Request) -> Response:
        nonlocal held
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in (JSON, PROTOBUF):
            return _failed(415, f"content type must be {PROTOBUF} or {JSON}", PROTOBUF)
        if held >= WAITING:
            return _failed(503, "too many batches at once; send again", kind)
        held += 1
        try:
            bearer_or_local(request, otlp.tokens, "traces")
            raw = await body(request, otlp.limit_bytes, gzip=True)
            async with places:
                decoded = await asyncio.to_thread(otlp.decode, raw, kind == JSON)
                taken = await otlp.spans.add(decoded.spans) if decoded.spans.num_rows else 0
        except MidwatchError as error:
            status = 400 if isinstance(error, BadInput) and status_of(error) == 422 else status_of(error)
            log.warning("a batch of spans was refused with %d: %s", status, error)
            return _failed(status, said(error), kind)
        finally:
            held -= 1
        otlp.meters.spans.inc(taken)
        otlp.meters.spans_rejected.inc(decoded.rejected)
        return _taken(decoded, kind)

    return router


def _taken(decoded: Decoded, kind: str) -> Response:
    if kind == JSON:
        partial = {"partialSuccess": {"rejectedSpans": str(decoded.rejected), "errorMessage": decoded.why}}
        return Response(orjson.dumps(partial if decoded.rejected or decoded.why else {}), media_type=JSON)
    answer = ExportTraceServiceResponse()
    if decoded.rejected or decoded.why:
        answer.partial_success.rejected_spans = decoded.rejected
        answer.partial_success.error_message = decoded.why
    return Response(answer.SerializeToString(), media_type=PROTOBUF)


def _failed(status: int, message: str, kind: str) -> Response:
    """A google.rpc.Status in the request's encoding."""
    code = _GRPC.get(status, 2)
    headers = {"Retry-After": str(RETRY_S)} if status == 503 else {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status in (408, 413):
        headers["Connection"] = "close"
    content = orjson.dumps({"code": code, "message": message}) if kind == JSON else _status(code, message)
    return Response(content, status_code=status, media_type=kind, headers=headers)


def _status(code: int, message: str) -> bytes:
    """google.rpc.Status on the wire: field 1 code (varint), field 2 message (text). Its package is not worth a dependency."""
    text = message.encode()[:4000]
    length = len(text)
    size = bytes([length]) if length < 128 else bytes([length & 0x7F | 0x80, length >> 7])
    return bytes([0x08, code, 0x12]) + size + text
