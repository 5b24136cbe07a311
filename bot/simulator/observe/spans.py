"""Batches -> OTLP/JSON: ids, clocks, sampling, losses; grouped by resource and scope the way a collector receives them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from bot.model.frame import BoolArray, IntArray
from bot.simulator.observe.encode import RESOURCE, Attribute, Declared, attributes
from bot.simulator.observe.identity import Ids, identify
from bot.simulator.observe.profile import Profile
from bot.simulator.observe.wire import failures, wired
from bot.simulator.sim import Batch, Sim, absent

Json = dict[str, object]


@dataclass
class Feed:
    """Spans by (service, pod, version, scope), as each process exports them."""

    groups: dict[tuple[str, str, str, str], list[tuple[int, Json]]] = field(default_factory=dict)
    declared: Declared = field(default_factory=Declared)
    kept: BoolArray = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    traces: list[str] = field(default_factory=list)
    spans: int = 0


@contextmanager
def _unswept() -> Iterator[None]:
    """A million small dicts without a cycle among them: the garbage collector would look through them all, many times over."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def observe(sim: Sim, profile: Profile) -> Feed:
    """Everything the processes of this product would have exported by now."""
    with _unswept():
        return _observed(sim, profile)


def _observed(sim: Sim, profile: Profile) -> Feed:
    feed = Feed()
    feed.kept = _sampled(sim, profile)
    ids = identify(sim, profile)
    feed.traces = ids.trace
    for batch in sim.batches:
        if batch.kind in profile.silent:
            continue
        for spoken in _spoken(sim, batch, profile):
            _emit(sim, spoken, profile, ids, feed)
            if profile.doubled and batch.kind == "llm":
                other = "openllmetry" if spoken.dialect != "openllmetry" else "otel-1.30"
                _emit(sim, Spoken(spoken.batch, other, twin=True), profile, ids, feed)
    return feed


def _sampled(sim: Sim, profile: Profile) -> BoolArray:
    u = sim.draws.uniform("sample", sim.n)
    kept = u < profile.sample
    if profile.tail:
        loud = ~absent(sim.failed) | (sim.clock > 12.0)
        kept = loud | (u < 0.25)
    return kept & (sim.draws.uniform("trace.lost", sim.n) >= sim.dial("trace.loss", np.arange(sim.n), 0.0))


@dataclass(frozen=True)
class Spoken:
    """Operations that one instrumentation writes."""

    batch: Batch
    dialect: str
    renamed: bool = False  # the product's own attributes have names that nobody has declared yet
    twin: bool = False  # a second instrumentation that records the same calls


def _spoken(sim: Sim, batch: Batch, profile: Profile) -> Iterator[Spoken]:
    """A process may change its dialect while running (an upgrade, an environment variable)."""
    dialect = profile.dialect(batch.service)
    if not sim.moved("schema.dialect", service=batch.service):
        yield Spoken(batch, dialect)
        return
    names = sim.choice("schema.dialect", batch.rows, dialect, service=batch.service)
    renamed = sim.dial("schema.renamed", batch.rows, 0.0, service=batch.service) > 0
    for name in sorted(set(names.tolist())):
        for new in (False, True):
            rows = np.flatnonzero((names == name) & (renamed == new))
            if len(rows):
                yield Spoken(_usage_lost(sim, part(batch, rows)), name, renamed=new)


def _usage_lost(sim: Sim, batch: Batch) -> Batch:
    """Streaming without `include_usage`: zeros where the counts were."""
    if batch.kind != "llm":
        return batch
    lost = sim.uniform("schema.usage", batch.rows) < sim.dial("schema.no_usage", batch.rows, 0.0)
    zeros = {path: np.where(lost, 0.0, np.asarray(batch.cols[path])) for path in ("llm.tokens.input", "llm.tokens.output")}
    return replace(batch, cols={**batch.cols, **zeros})


def part(batch: Batch, at: IntArray) -> Batch:
    """Some rows of a batch."""
    cols = {path: column[at] if isinstance(column, np.ndarray) else column for path, column in batch.cols.items()}
    return Batch(
        batch.kind, batch.name, batch.service, batch.ids[at], batch.rows[at], batch.start[at], batch.duration[at], batch.parent[at],
        batch.error[at], cols,
    )  # fmt: skip


def _emit(sim: Sim, spoken: Spoken, profile: Profile, ids: Ids, feed: Feed) -> None:
    batch, dialect, twin = spoken.batch, spoken.dialect, spoken.twin
    received = feed.kept[batch.rows] & _arrived(sim, batch, profile)
    drop = sim.dial("export.drop", batch.rows, 0.0, service=batch.service, kind=batch.kind)
    received &= sim.draws.uniform("export.dropped", sim.n_ops)[batch.ids] >= drop
    if not received.any():
        return
    batch = part(batch, np.flatnonzero(received))
    paths = [path for path in batch.cols if path not in RESOURCE and profile.keeps(batch.service, path)]
    prefix = f"{profile.prefix}2" if spoken.renamed else profile.prefix
    built = attributes(batch, dialect, prefix, paths, Declared() if spoken.renamed else feed.declared)
    built = _repaired(sim, batch, built, profile)
    scope = "web" if batch.kind == "request" else dialect.partition("-")[0]
    versions = (
        sim.choice("app.version", batch.rows, sim.world.versions[-1]).tolist() if batch.service == "app" else ["1.0"] * len(batch.rows)
    )
    starts, ends = _clocks(sim, batch, profile, twin)
    pods = sim.requests.dims["pod"][batch.rows].tolist()
    names = _names(batch)
    rows, shared = wired(built, len(batch.ids))
    status = failures(batch, profile, ends)
    for i, op in enumerate(batch.ids.tolist()):
        attrs = shared + [pair for pair in rows[i] if pair is not None]
        span: Json = {"traceId": ids.trace[batch.rows[i]], "spanId": _twin(ids.span[op]) if twin else ids.span[op]}
        if ids.parent[op]:
            span["parentSpanId"] = ids.parent[op]
        if ids.state:
            span["traceState"] = ids.state
        span["name"] = names[i]
        span["kind"] = 2 if batch.kind == "request" else 3 if batch.kind in ("llm", "embedding", "retrieval") else 1
        span["startTimeUnixNano"] = f"{starts[i]}000"
        span["endTimeUnixNano"] = f"{ends[i]}000"
        said = status[i]
        if said is not None:
            if profile.lost_on_error and batch.kind != "request":
                attrs = [*shared]
            attrs += said.attributes
            span["status"] = said.status
            if said.events:
                span["events"] = said.events
        span["attributes"] = attrs
        feed.groups.setdefault((batch.service, pods[i], versions[i], scope), []).append((ends[i], span))
    feed.spans += len(batch.ids)


def _versions(sim: Sim, batch: Batch) -> list[str]:
    if batch.service != "app":
        return ["1.0"] * len(batch.rows)
    return [str(version) for version in sim.choice("app.version", batch.rows, sim.world.versions[-1]).tolist()]


def _twin(span_id: str) -> str:
    return f"{int(span_id, 16) ^ 0x5A5A5A5A5A5A5A5A:016x}"


def _arrived(sim: Sim, batch: Batch, profile: Profile) -> BoolArray:
    """A span is exported when it ends; what ends after now, or is still in a queue, has not arrived."""
    held = 120.0 * sim.draws.uniform("late", sim.n)[batch.rows] if profile.late else 0.0
    return np.asarray(batch.start + batch.duration + held < 0.0)


def _clocks(sim: Sim, batch: Batch, profile: Profile, twin: bool) -> tuple[list[int], list[int]]:
    """Start and end in microseconds since the epoch, by the clock of the process that wrote them."""
    pods = sim.requests.dims["pod"][batch.rows]
    offset = np.zeros(len(batch.rows))
    for pod in sorted(set(pods.tolist())):
        rng = sim.draws.stream(f"clock.{batch.service}.{pod}")
        off = profile.skew_s * float(rng.standard_normal())
        if profile.wild_clock and batch.service == "retriever" and pod.endswith("-1"):
            off += profile.wild_clock
        offset[pods == pod] = off
    if batch.service == "app":
        offset *= 0.25  # the paged service's own clock is the one that the page's time comes from
    start = np.round((sim.scenario.now + batch.start + offset + (0.0005 if twin else 0.0)) * 1e6).astype(np.int64)
    took = np.maximum(np.round(batch.duration * 1e6), 1.0).astype(np.int64)
    return start.tolist(), (start + took).tolist()


def _names(batch: Batch) -> list[str]:
    if batch.kind == "request":
        return [f"POST {route}" for route in np.asarray(batch.cols["request.route"]).tolist()]
    return [batch.name] * len(batch.ids)


def _repaired(sim: Sim, batch: Batch, built: list[Attribute], profile: Profile) -> list[Attribute]:
    """What emitters get wrong for good: finish always `stop`, tenants written as hashes."""
    found = []
    for one in built:
        values = one.values
        if profile.finish_constant and batch.kind == "llm" and "finish" in one.key and values is not None:
            values = [None if value is None else (["stop"] if isinstance(value, list) else "stop") for value in values]
        if profile.redact_tenant and batch.kind == "request" and one.key.endswith("tenant") and values is not None:
            values = [redacted(str(value)) for value in values]
        found.append(Attribute(one.key, values, one.constant))
    return found


def redacted(tenant: str) -> str:
    """A tenant as a product writes it that must not write it: stable, and no name."""
    total = 0
    for char in tenant:
        total = (total * 131 + ord(char)) % (1 << 40)
    return f"t{total:010x}"
