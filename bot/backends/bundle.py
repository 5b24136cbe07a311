"""The incident bundle (contract section 1): a folder that freezes all that may be looked at for one page.

A file that is absent was not collected (None); a file or folder that is there and empty holds nothing (an empty value).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from bot.backends import bundle_files as files
from bot.errors import BadBundle
from bot.model.change import Change
from bot.model.evidence import Interval, MetricSeries, Past, Probe, PromptText
from bot.telemetry.declared import Declared
from bot.telemetry.repair import repair


@dataclass(frozen=True)
class Bundle:
    """All of a bundle. `received_at` is the triage's now, epoch seconds. `spans` has the schema telemetry.canonical.SCHEMA,
    repaired and sorted by (trace_id, span_id); `skipped` counts unusable spans by reason. `input_hash` covers every file read."""

    path: Path
    source: str
    received_at: float
    service: str | None
    attributes: Declared
    page: bytes
    headers: Mapping[str, str]
    spans: pa.Table | None
    skipped: Mapping[str, int]
    metrics: tuple[MetricSeries, ...] | None
    changes: tuple[Change, ...] | None
    prompts: Mapping[str, tuple[PromptText, ...]] | None
    probes: tuple[Probe, ...] | None
    history: tuple[Past, ...] | None
    input_hash: str


@asynccontextmanager
async def open_bundle(path: Path) -> AsyncIterator[Bundle]:
    """Read the bundle in a thread of its own. BadBundle or BadInput names the file and the key or line that cannot be read."""
    yield await asyncio.to_thread(read_bundle, path)


def read_bundle(path: Path) -> Bundle:
    if not path.is_dir():
        raise BadBundle("is not a folder" if path.exists() else "no such folder", place=str(path))
    head = files.read_head(path)
    decoded = files.read_traces(path, head.attributes)
    spans = repair(decoded.spans) if decoded is not None else None
    return Bundle(
        path=path,
        source=head.source,
        received_at=head.received_at,
        service=head.service,
        attributes=head.attributes,
        page=files.read_page(path),
        headers=files.read_headers(path),
        spans=spans,
        skipped=decoded.skipped if decoded is not None else {},
        metrics=files.read_metrics(path),
        changes=files.read_changes(path),
        prompts=files.read_prompts(path, spans),
        probes=files.read_probes(path),
        history=files.read_history(path),
        input_hash=files.input_hash(path),
    )


class BundleMetrics:
    """Port Metrics over a bundle's series."""

    def __init__(self, series: tuple[MetricSeries, ...] | None) -> None:
        self._series = series

    async def names(self, interval: Interval) -> frozenset[str] | None:
        if self._series is None:
            return None
        return frozenset(one.name for one in self._series if interval.holds(one.ts).any())

    async def series(self, name: str, interval: Interval) -> tuple[MetricSeries, ...] | None:
        if self._series is None:
            return None
        cut = [(one, interval.holds(one.ts)) for one in self._series if one.name == name]
        return tuple(MetricSeries(one.name, one.labels, one.ts[inside], one.values[inside]) for one, inside in cut if inside.any())


class BundleChanges:
    """Port Changes. A bundle holds the changes that matter to its page, also those of other services: none is left out by service."""

    def __init__(self, changes: tuple[Change, ...] | None) -> None:
        self._changes = changes

    async def between(self, service: str | None, interval: Interval) -> tuple[Change, ...] | None:
        if self._changes is None:
            return None
        return tuple(change for change in self._changes if interval.start <= change.time.timestamp() <= interval.end)


class BundlePrompts:
    """Port Prompts."""

    def __init__(self, prompts: Mapping[str, tuple[PromptText, ...]] | None) -> None:
        self._prompts = prompts

    async def registry(self, service: str | None) -> Mapping[str, tuple[PromptText, ...]] | None:
        return self._prompts


class BundleProbes:
    """Port Probes."""

    def __init__(self, probes: tuple[Probe, ...] | None) -> None:
        self._probes = probes

    async def results(self, service: str | None, interval: Interval) -> tuple[Probe, ...] | None:
        if self._probes is None:
            return None
        return tuple(probe for probe in self._probes if interval.start <= probe.at <= interval.end)


class BundleHistory:
    """Port History."""

    def __init__(self, history: tuple[Past, ...] | None) -> None:
        self._history = history

    async def incidents(self, service: str | None, before: float) -> tuple[Past, ...] | None:
        if self._history is None:
            return None
        return tuple(past for past in self._history if past.closed_at < before)
