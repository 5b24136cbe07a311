"""Causes in the retrieval layer: replicas, indexes, filters, embedders."""

from __future__ import annotations

from dataclasses import replace

from bot.simulator.causes.draft import Cause, Draft, Plan, newer
from bot.simulator.scenario import Event, Shift, Where
from bot.simulator.world import Source


def _source(draft: Draft) -> tuple[Source, Where]:
    source = next(one for one in draft.world.sources if one.required)
    return source, (("source", source.name),)


def timeout(draft: Draft) -> Plan:
    """A replica is lost, or a neighbour floods the cluster: what is left queues past the client's deadline."""
    source, at = _source(draft)
    if draft.scope:
        shift = Shift("source.stuck", "add", draft.share(0.06, 0.2, 0.6), where=draft.scope, at=at)
    elif draft.severity == "low":
        shift = Shift("source.load", "times", 1.0 + 0.55 * (1.0 / source.rho - 1.0) * draft.jitter, at=at)
    else:
        lost = 2.0 if draft.severity == "high" and source.replicas >= 4 else 1.0  # of four or five, one is hardly missed
        left = (source.replicas - lost) * (0.93 if draft.severity == "high" else 1.0)
        shift = Shift("source.replicas", "set", left, at=at)
    return Plan(draft.fault("retrieval.timeout", (shift,), (("source_id", source.name),), "retrieval_error"))


def error(draft: Draft) -> Plan:
    source, at = _source(draft)
    kind = draft.one("server_error", "connection", "auth")
    if draft.rng.random() < 0.3:
        shifts = (Shift("embed.hazard", "add", draft.share(0.04, 0.12, 0.5), where=draft.scope), Shift("embed.class", "set", kind))
        return Plan(draft.fault("retrieval.error", shifts, (), "retrieval_error"))
    shifts = (
        Shift("source.hazard", "add", draft.share(0.04, 0.12, 0.5), where=draft.scope, at=at),
        Shift("source.class", "set", kind, at=at),
    )
    return Plan(draft.fault("retrieval.error", shifts, (("source_id", source.name),), "retrieval_error"))


def empty_results(draft: Draft) -> Plan:
    source, at = _source(draft)
    share = draft.share(0.3, 0.6, 0.95) if draft.scope else draft.share(0.05, 0.15, 0.5)
    shifts = (
        Shift("source.empty", "add", share, where=draft.scope, at=at),
        Shift("source.filter", "set", "f2d0", where=draft.scope, at=at),
    )
    event = Event(draft.shape.onset - 30.0, "config", f"{source.name}.acl_filter", "f1c9", "f2d0", author="access-team")
    return Plan(draft.fault("retrieval.empty_results", shifts, (("source_id", source.name),), "empty_retrieval"), (event,))


def partial_results(draft: Draft) -> Plan:
    source, at = _source(draft)
    lost = {"low": 1.0, "mid": 2.0, "high": 3.0}[draft.severity]
    recall = 0.9 - lost / source.shards
    shift = Shift("source.shards_lost", "set", lost, at=at)
    return Plan(draft.fault("retrieval.partial_results", (shift,), (("source_id", source.name),), "partial"), probes=recall)


def stale_index(draft: Draft) -> Plan:
    """Ingest stopped; the documents get older by the second; people notice days later."""
    source, at = _source(draft)
    shift = Shift("source.frozen", "set", draft.shape.onset, at=at)
    title = f"{draft.world.service} quotes outdated documents"
    fault = draft.fault("retrieval.stale_index", (shift,), (("source_id", source.name),), "low_score")
    return Plan(fault, title=title, probes=0.88)


def embedding_mismatch(draft: Draft) -> Plan:
    source, _at = _source(draft)
    other = draft.one("text-embedding-3-large", "bge-m3", "e5-large-v2")
    shifts = (
        Shift("embed.model", "set", other, coin="embedder"),
        Shift("embed.mismatch", "set", draft.share(0.45, 0.7, 0.95), coin="embedder"),
    )
    event = Event(draft.shape.onset - 50.0, "config", "query-embedder", draft.world.embedder, other, author="search-team")
    fault = draft.fault("retrieval.embedding_mismatch", shifts, (("source_id", source.name),), "low_score")
    return Plan(fault, (event,), probes=0.35)


def ranking_regression(draft: Draft) -> Plan:
    source, at = _source(draft)
    version = newer(source.index_version)
    shifts = (
        Shift("source.ranking", "set", draft.share(0.5, 0.75, 1.0), at=at, coin="index"),
        Shift("source.index_version", "set", version, at=at, coin="index"),
        Shift("rerank.skipped", "add", draft.share(0.05, 0.2, 0.5), coin="index"),
    )
    event = Event(draft.shape.onset - 120.0, "index", source.name, source.index_version, version, author="bulk-ingest", rollout=600.0)
    fault = draft.fault("retrieval.ranking_regression", shifts, (("source_id", source.name),), "low_score")
    return Plan(replace(fault), (event,), probes=0.55)


CAUSES = {
    "retrieval.timeout": Cause(timeout, ("tenant", "region"), ("step", "ramp", "intermittent")),
    "retrieval.error": Cause(error, ("tenant", "region")),
    "retrieval.empty_results": Cause(empty_results, ("tenant", "locale"), ("step", "ramp")),
    "retrieval.partial_results": Cause(partial_results, (), ("step",)),
    "retrieval.stale_index": Cause(stale_index, (), ("step",), (8.0, 90.0)),
    "retrieval.embedding_mismatch": Cause(embedding_mismatch, (), ("step", "ramp"), (0.8, 4.5)),
    "retrieval.ranking_regression": Cause(ranking_regression, (), ("step",), (0.8, 4.5)),
}
