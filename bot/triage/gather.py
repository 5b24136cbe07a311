"""Step 1: everything that was collected before the page, from every port, each with a deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from bot.engine.counters import COUNTERS
from bot.engine.weeks import WEEK, WEEKS
from bot.errors import SourceUnavailable
from bot.model.evidence import Coverage, Interval, MetricSeries
from bot.model.frame import Frame
from bot.ports import Metrics, Scope, Spans
from bot.telemetry.canonical import KINDS
from bot.triage.patience import Answer, within
from bot.triage.state import Asked, Gathered, Sources

HOUR = 3600.0
LOOKBACK = 24 * HOUR  # a page may come hours after the onset
CHANGES = 21 * 24 * HOUR  # a removed safety clause is found weeks later
METRICS = 400  # series names read at the most: what a bundle or one product's Prometheus exposes about itself
SAME_HOURS = 7 * HOUR  # before this time of the week: the longest current window and its baseline's nearest hours
AT_ONCE = 8  # queries: a Prometheus runs 20 at a time, and others use it too
WANTED = (
    "request",
    "trace",
    "span",
    "http_server",
    "gen_ai",
    "llm",
    "replica",
    "shard",
    "health",
    "ingest",
    "otelcol",
    "vllm",
    "cost",
    "billing",
)
"""Parts of metric names that some check may read; others are not fetched."""

STRUCTURAL = ("request", "workflow", "chain", "agent")  # kinds whose spans only hold others together


async def gather(asked: Asked, sources: Sources) -> tuple[Gathered, tuple[str, ...]]:
    """The collected evidence and the gaps in it."""
    back = Interval(asked.now - LOOKBACK, asked.now)
    spans, changes, prompts, probes, metrics, history = await asyncio.gather(
        _spans(sources.spans, asked, back),
        _ask("the change log", sources.changes and sources.changes.between(asked.service, Interval(asked.now - CHANGES, asked.now))),
        _ask("the prompt registry", sources.prompts and sources.prompts.registry(asked.service)),
        _ask("the probes", sources.probes and sources.probes.results(asked.service, back)),
        _ask("the metrics", sources.metrics and _metrics(sources.metrics, back)),
        _ask("earlier incidents", sources.history and sources.history.incidents(asked.service, asked.now)),
    )
    found, notes = spans.value if spans.value is not None else ((None, {}, Coverage({}, {}), None), ())
    series, unread = metrics.value if metrics.value is not None else (None, ())
    requests, ops, coverage, service = found
    gaps = tuple(one.gap for one in (spans, changes, prompts, probes, metrics, history) if one.gap)
    start = _start(requests, back)
    gathered = Gathered(
        start, requests, ops, coverage, service, changes.value, prompts.value, probes.value, series, history.value, (*notes, *unread)
    )
    return gathered, gaps


async def _ask(what: str, wait: object) -> Answer:  # type: ignore[type-arg]
    """None for a port that was never configured: not collected, which is no gap."""
    if wait is None:
        return Answer(None)
    return await within(what, wait)  # type: ignore[arg-type]


Spanned = tuple[Frame | None, Mapping[str, Frame], Coverage, str | None]


async def _spans(spans: Spans, asked: Asked, back: Interval) -> Answer[tuple[Spanned, tuple[str, ...]]]:
    return await within("the traces", _frames(spans, asked, back), 60.0)


async def _frames(spans: Spans, asked: Asked, back: Interval) -> tuple[Spanned, tuple[str, ...]]:
    service = asked.service
    notes: tuple[str, ...] = ()
    requests = await spans.frame("requests", Scope(service, back))
    if requests is not None and requests.n == 0 and service is not None:
        everything = await spans.frame("requests", Scope(None, back))
        others = everything.n if everything is not None else 0
        if others and asked.stated:  # a service that sends nothing may be down: what others send does not say that it is well
            notes = (f"no trace of service {service[:100]}; there are {others} of other services",)
        elif others:  # alerting systems have names of their own for services
            notes = (f"no trace of service {service[:100]}: looked at all {others} traces instead",)
            requests, service = everything, None
    if requests is None:
        return (None, {}, Coverage({}, {}), service), notes
    scope = Scope(service, back)
    coverage = await spans.coverage(scope) or Coverage({}, {})
    if coverage.one_in > 1:
        notes = (*notes, f"read one in {coverage.one_in} requests, chosen by a hash of the trace id: every n is of that sample")
    ops: dict[str, Frame] = {}
    for kind in KINDS:
        if kind not in STRUCTURAL and coverage.spans.get(kind, 0) > 0:
            frame = await spans.frame(f"ops:{kind}", scope)
            if frame is not None:
                ops[kind] = frame
    return (requests, ops, coverage, service), notes


async def _metrics(metrics: Metrics, back: Interval) -> tuple[tuple[MetricSeries, ...] | None, tuple[str, ...]]:
    """The wanted series, and what could not be read; SourceUnavailable when nothing could."""
    names = await metrics.names(back)
    if names is None:
        return None, ()
    wanted = sorted(name for name in names if _wanted(name.casefold()))[:METRICS]
    gate = asyncio.Semaphore(AT_ONCE)
    failed: list[SourceUnavailable] = []

    async def one(name: str) -> tuple[MetricSeries, ...]:
        async with gate:
            try:
                day = await metrics.series(name, back) or ()
            except SourceUnavailable as error:  # one metric with too many series must not hide the others
                failed.append(error)
                return ()
            return await _with_weeks(metrics, name, day, back.end) if name.endswith(COUNTERS) else day

    found = await asyncio.gather(*(one(name) for name in wanted))
    if failed and len(failed) == len(wanted):
        raise failed[0]
    unread = (f"could not look at {len(failed)} of {len(wanted)} metrics: {str(failed[0])[:200]}",) if failed else ()
    return tuple(series for group in found for series in group), unread


async def _with_weeks(metrics: Metrics, name: str, day: tuple[MetricSeries, ...], now: float) -> tuple[MetricSeries, ...]:
    """The same series, with the hours before this time in each of four earlier weeks put before them where the store has them."""
    past: dict[tuple[tuple[str, str], ...], list[MetricSeries]] = {tuple(sorted(one.labels.items())): [one] for one in day}
    for back in range(1, WEEKS + 1):
        try:
            week = await metrics.series(name, Interval(now - back * WEEK - SAME_HOURS, now - back * WEEK + 1.0)) or ()
        except SourceUnavailable:  # a store that forgets after a week answers no for what it forgot: the day is still there
            break
        for one in week:
            past.get(tuple(sorted(one.labels.items())), []).insert(0, one)
    return tuple(
        replace(parts[-1], ts=np.concatenate([part.ts for part in parts]), values=np.concatenate([part.values for part in parts]))
        for parts in past.values()
    )


def _wanted(name: str) -> bool:
    return any(part in name for part in WANTED) and not name.endswith("_bucket")  # of a histogram, checks read sum and count


def _start(requests: Frame | None, back: Interval) -> float:
    """The earliest moment anything was collected, at whole minutes; the whole look-back when nothing was."""
    if requests is None or requests.n == 0:
        return back.start
    return max(back.start, float(np.floor(requests.number("ts").min() / 60.0) * 60.0))
