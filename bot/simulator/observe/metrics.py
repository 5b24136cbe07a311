"""Metrics as a scraper stored them: the gateway's own request counters, search clusters, the collector. OpenMetrics text.

They are counted from the world, not from the spans: what sampling and exporters lose is still here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bot.simulator.draws import Draws
from bot.simulator.observe.spans import Feed
from bot.simulator.sim import Sim, absent
from bot.simulator.traffic import region_rate
from bot.simulator.world import Source

MINUTE = 60.0
HISTORY_DAYS = 28
HISTORY_STEP = 1800.0  # the long past is kept coarser, as a downsampling store keeps it
CLUSTERED = ("elasticsearch", "opensearch")


def openmetrics(sim: Sim, feed: Feed, history: bool) -> str:
    """All series of one bundle; timestamps in epoch seconds."""
    lines = [*_requests(sim, history), *_clusters(sim), *_collector(sim, feed), "# EOF"]
    return "\n".join(lines) + "\n"


def _line(name: str, labels: dict[str, str], value: float, at: float) -> str:
    inside = ",".join(f'{key}="{label}"' for key, label in labels.items())
    number = f"{value:.0f}" if value == round(value) else f"{value:.6g}"
    return f"{name}{{{inside}}} {number} {at:.3f}"


def _requests(sim: Sim, history: bool) -> Iterator[str]:
    """Counters of the gateway by status code; four weeks back where the store keeps them."""
    scenario = sim.scenario
    code = np.where(absent(sim.failed), 200, 502)
    begin = -np.floor(scenario.hours * 60.0) * MINUTE
    marks = np.arange(begin + MINUTE, 1.0, MINUTE)
    for wanted in (200, 502):
        labels = {"service": scenario.world.service, "code": str(wanted), "job": "edge-gateway"}
        total = 0.0
        if history:
            past = _past(sim, begin, wanted)
            for at, count in past:
                total += count
                yield _line("http_requests_total", labels, total, scenario.now + at)
        ends = np.sort((sim.requests.ts + sim.clock)[code == wanted])
        for at, seen in zip(marks.tolist(), np.searchsorted(ends, marks).tolist(), strict=True):
            yield _line("http_requests_total", labels, total + seen, scenario.now + at)


def _past(sim: Sim, begin: float, code: int) -> list[tuple[float, float]]:
    """Counts of each half hour of the four weeks before the window: same curve, the rate of failures at rest."""
    world = sim.world
    quiet = sim.requests.ts < (min((fault.shape.onset for fault, _ in sim.scenario.shifts), default=0.0))
    rest = float((~absent(sim.failed))[quiet].mean()) if quiet.sum() > 100 else 0.012
    start = begin - HISTORY_DAYS * 86400.0
    at = np.arange(start + HISTORY_STEP, begin + 1.0, HISTORY_STEP)
    weights = np.array([sum(w for w, home in zip(world.people.weight, world.people.home, strict=True) if home == r) for r in world.regions])
    rate = sum(w / weights.sum() * region_rate(world, sim.scenario.now + at, r) for w, r in zip(weights, world.regions, strict=True))
    rng = Draws(sim.scenario.seed).stream(f"history.{code}")
    share = rest if code != 200 else 1.0 - rest
    mean = world.per_hour * HISTORY_STEP / 3600.0 * np.asarray(rate) * share
    counts = rng.poisson(mean * rng.gamma(60.0, 1.0 / 60.0, len(at)))
    return list(zip(at.tolist(), counts.astype(float).tolist(), strict=True))


def _clusters(sim: Sim) -> Iterator[str]:
    """Health of the search clusters: what a scraper of theirs sees, in the names of their exporters."""
    scenario = sim.scenario
    marks = np.arange(-np.floor(scenario.hours * 60.0) * MINUTE, 1.0, 5 * MINUTE)
    for source in sim.world.sources:
        left = _replicas(sim, source, marks)
        if source.system in CLUSTERED:
            labels = {"cluster": source.name, "job": "elasticsearch-exporter"}
            lost = _shards_lost(sim, source, marks)
            away = np.round((1.0 - left / source.replicas) * source.shards * source.replicas) + lost
            for at, gone in zip(marks.tolist(), away.tolist(), strict=True):
                yield _line("elasticsearch_cluster_health_unassigned_shards", labels, gone, scenario.now + at)
            for at, gone in zip(marks.tolist(), away.tolist(), strict=True):
                active = source.shards * source.replicas - gone
                yield _line("elasticsearch_cluster_health_active_shards", labels, active, scenario.now + at)
        elif source.system == "qdrant":
            labels = {"statefulset": source.name, "namespace": "search"}
            for at, ready in zip(marks.tolist(), left.tolist(), strict=True):
                yield _line("kube_statefulset_status_replicas_ready", labels, round(ready), scenario.now + at)
            for at in marks.tolist():
                yield _line("kube_statefulset_replicas", labels, source.replicas, scenario.now + at)


def _replicas(sim: Sim, source: Source, marks: np.ndarray) -> np.ndarray:
    return _over_time(sim, "source.replicas", source.name, marks, float(source.replicas))


def _shards_lost(sim: Sim, source: Source, marks: np.ndarray) -> np.ndarray:
    return _over_time(sim, "source.shards_lost", source.name, marks, 0.0)


def _over_time(sim: Sim, dial: str, source: str, marks: np.ndarray, rest: float) -> np.ndarray:
    """A dial as it stood at these moments: the value that the nearest request met."""
    if sim.n == 0 or not sim.moved(dial, source=source):
        return np.full(len(marks), rest)
    order = np.argsort(sim.requests.ts, kind="stable")
    value = sim.dial(dial, np.arange(sim.n), rest, source=source)[order]
    at = np.clip(np.searchsorted(sim.requests.ts[order], marks), 0, sim.n - 1)
    return np.asarray(value[at])


def _collector(sim: Sim, feed: Feed) -> Iterator[str]:
    """What the collector says it passed on."""
    labels = {"exporter": "otlp", "job": "otel-collector"}
    ends = sorted(int(end) for spans in feed.groups.values() for end, _ in spans)
    marks = np.arange(-np.floor(sim.scenario.hours * 60.0) * MINUTE + MINUTE, 1.0, 5 * MINUTE)
    seen = np.searchsorted(np.array(ends, dtype=np.int64), ((sim.scenario.now + marks) * 1e6).astype(np.int64))
    for at, count in zip(marks.tolist(), seen.tolist(), strict=True):
        yield _line("otelcol_exporter_sent_spans_total", labels, count, sim.scenario.now + at)
