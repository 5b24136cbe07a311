"""Metrics: any Prometheus-compatible HTTP API (Prometheus, Thanos, Mimir, VictoriaMetrics), through httpx.

Two calls of https://prometheus.io/docs/prometheus/latest/querying/api/: label values for names, query_range for series.
What is answered is data of strangers: its size, names and labels are bounded, and nothing in it is interpreted.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

import httpx
import numpy as np
from pydantic import BaseModel, Field, ValidationError

from bot.backends.guarded import guarded
from bot.errors import BadInput, BadSettings, SourceUnavailable
from bot.model.evidence import Interval, MetricSeries

MOST_POINTS = 11_000  # a series; above that Prometheus refuses a range query
STEP_S = 60  # what reads metrics looks at whole minutes, and a counter loses nothing by it
POINTS_OF_SHORT = 1_440  # a window shorter than a day is cut finer than a minute, to about as many points as a day has
TIMEOUT_S = 10.0  # half of what triage waits for all metrics together
ANSWER_LIMIT = 32 * 1024 * 1024  # bytes; 700 series of a day, minute by minute
NAME_CHARS = 300  # the longest metric names of Kubernetes exporters have 120
LABELS = 64  # of one series; Prometheus' own advice is to stay far below
LABEL_CHARS = 1_000  # of a value; longer ones are texts that should not be labels
WORDS = 200  # characters of the server's own error shown to people

_NAME = re.compile(r"[^\x00-\x1f\x7f]+")  # Prometheus 3 takes any UTF-8; control characters are nobody's name


class _Answer(BaseModel):
    warnings: list[str] = []


class _Names(_Answer):
    data: list[str]


class _Series(BaseModel):
    metric: dict[str, str]
    values: list[tuple[float, float]] = []  # a native histogram has `histograms` instead, which nothing here reads


class _Matrix(BaseModel):
    result: list[_Series]


class _Range(_Answer):
    data: _Matrix


class _Error(BaseModel):
    kind: str = Field("", alias="errorType")
    error: str = ""


T = TypeVar("T", bound=_Answer)


class PrometheusMetrics:
    """Port Metrics. SourceUnavailable when the server does not answer, refuses, or answers in part; `asked` has query and window."""

    def __init__(self, client: httpx.AsyncClient, url: httpx.URL) -> None:
        self._client = client
        self._url = url

    async def names(self, interval: Interval) -> frozenset[str] | None:
        """Metric names in the interval. Prometheus answers by blocks of hours: a name may have no sample inside, never the reverse."""
        found = await self._ask("label/__name__/values", {"start": _at(interval.start), "end": _at(interval.end)}, _Names)
        return frozenset(name for name in found.data if _nameable(name))

    async def series(self, name: str, interval: Interval) -> tuple[MetricSeries, ...] | None:
        """Every series of the metric, sorted by labels: epoch seconds inside the interval, values as of then (last sample before)."""
        if not _nameable(name):
            raise BadInput(f"no metric name: {name[:40]!r}", place="metric")
        step = _step(interval)
        last = interval.start + step * (math.ceil((interval.end - interval.start) / step) - 1)  # the grid's last point before the end
        if last < interval.start:
            return ()
        query = {"query": f"{{__name__={_quoted(name)}}}", "start": _at(interval.start), "end": _at(last), "step": str(step)}
        found = await self._ask("query_range", query, _Range)
        made = [_one(name, one) for one in found.data.result if one.values]
        return tuple(sorted(made, key=lambda one: tuple(sorted(one.labels.items()))))

    async def _ask(self, path: str, query: Mapping[str, str], shape: type[T]) -> T:
        asked = f"GET {_public(self._url)}/api/v1/{path} " + " ".join(f"{key}={value}" for key, value in query.items())
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                self._client.stream("GET", f"{str(self._url).rstrip('/')}/api/v1/{path}", params=query) as response,
            ):
                raw = await _read(response, asked)
        except TimeoutError:
            raise _failed(f"no answer within {TIMEOUT_S:g} s", asked) from None
        except httpx.HTTPError as error:
            raise _failed(f"no answer: {type(error).__name__}", asked) from error
        if response.status_code != httpx.codes.OK:
            raise _failed(f"HTTP {response.status_code}{_said(raw)}", asked)
        try:
            answer = shape.model_validate_json(raw)
        except ValidationError as error:
            raise _failed("the answer is not of the Prometheus API", asked) from error
        if answer.warnings:
            # A store that did not answer looks like lost requests: half an answer is worse than none.
            raise _failed(f"answered in part: {_words(answer.warnings[0])}", asked)
        return answer


async def _read(response: httpx.Response, asked: str) -> bytes:
    raw = bytearray()
    async for part in response.aiter_bytes():
        raw += part
        if len(raw) > ANSWER_LIMIT:
            raise _failed(f"the answer is larger than {ANSWER_LIMIT} bytes", asked)
    return bytes(raw)


def _one(name: str, found: _Series) -> MetricSeries:
    points = np.array(found.values, dtype=np.float64)
    labels = sorted((key, value[:LABEL_CHARS]) for key, value in found.metric.items() if key != "__name__")
    return MetricSeries(name, dict(labels[:LABELS]), points[:, 0], points[:, 1])


def _step(interval: Interval) -> int:
    """Whole seconds between two points: a minute, finer in a short window, wider where a minute would be too many points."""
    seconds = interval.end - interval.start
    return max(1, min(STEP_S, math.ceil(seconds / POINTS_OF_SHORT)), math.ceil(seconds / MOST_POINTS))


def _nameable(name: str) -> bool:
    return len(name) <= NAME_CHARS and _NAME.fullmatch(name) is not None


def _quoted(name: str) -> str:
    """A PromQL string literal; backslash and quote are all that can end or bend one when control characters are refused."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _at(seconds: float) -> str:
    return f"{seconds:.3f}"


def _public(url: httpx.URL) -> str:
    """Without user and password: it is shown to people."""
    return str(url.copy_with(username=None, password=None)).rstrip("/")


def _said(raw: bytes) -> str:
    """The server's own words about a refusal; empty when it has none."""
    try:
        error = _Error.model_validate_json(raw)
    except ValidationError:
        return ""
    said = _words(f"{error.kind}: {error.error}")
    return f", {said}" if error.error else ""


def _words(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text[:WORDS]).split())


def _failed(why: str, asked: str) -> SourceUnavailable:
    return SourceUnavailable(f"Prometheus: {why}", source="prometheus", asked=asked)


@asynccontextmanager
async def metrics_prometheus(url: str) -> AsyncIterator[PrometheusMetrics]:
    """`url`: where /api/v1 begins, e.g. http://prometheus:9090 or https://user:password@mimir/prometheus. It need not answer yet."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise BadSettings(f"is no URL: {error}", place="MIDWATCH_PROMETHEUS_URL") from None
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.query or parsed.fragment:
        raise BadSettings("must be http(s)://host[:port][/path]", place="MIDWATCH_PROMETHEUS_URL")
    async with httpx.AsyncClient(transport=guarded(), timeout=TIMEOUT_S, follow_redirects=False) as client:
        yield PrometheusMetrics(client, parsed)
