"""Embedding, search and reranking. A replica has a queue; a client has a deadline; the rest follows."""

from __future__ import annotations

import numpy as np

from bot.model.frame import BoolArray, FloatArray, IntArray
from bot.simulator.sim import NONE, Sim, absent
from bot.simulator.world import Source

CHUNK_TOKENS = 210.0  # a passage in front of the model
OWN_LOAD = 0.2  # share of a search cluster's load that is this product's; the rest is other users of the cluster
FULL = 0.965  # utilisation at which a bounded queue sheds load instead of growing
DAY = 86400.0


def retrieve(sim: Sim, rows: IntArray, source: Source) -> None:
    """One search for each row; a source's failure leaves the request with less in front of the model."""
    alive = rows[~sim.done[rows]]
    if len(alive) == 0:
        return
    embedded = _embed(sim, alive)
    alive = alive[embedded]
    error, took = _search(sim, alive, source)
    ok = absent(error)
    found = _found(sim, alive, source, ok)
    columns = _columns(sim, alive, source, ok, found)
    sim.record("retrieval", f"search {source.name}", alive, took, service="retriever", error=error, columns=columns)
    sim.pass_time(alive, took)
    sim.context_tokens[alive] += np.where(ok, found["n"] * CHUNK_TOKENS * sim.spread(f"{source.name}.chunks", alive, 0.15), 0.0)
    worth = np.where(ok & (found["n"] > 0), found["relevance"], 0.0)
    if source.required:
        sim.context[alive] = np.minimum(sim.context[alive], worth)
    sim.sign("retrieval_error", alive[~ok])
    sim.sign("empty_retrieval", alive[ok & (found["n"] == 0)])
    sim.sign("partial", alive[ok & found["partial"].astype(np.bool_)])


def _embed(sim: Sim, rows: IntArray) -> BoolArray:
    """The query becomes a vector; without one there is no search."""
    world = sim.world
    model = sim.choice("embed.model", rows, world.embedder)
    took = 0.012 * sim.spread("embed.time", rows, 0.4) + 0.004
    hazard = sim.dial("embed.hazard", rows, 0.0008) + sim.dial("region.loss", rows, 0.0, host=world.embed_address)
    broken = sim.hit("embed.fault", rows, hazard)
    error = np.where(broken, sim.choice("embed.class", rows, "server_error"), NONE)
    lost = sim.hit("embed.lost", rows, sim.dial("region.loss", rows, 0.0, host=world.embed_address))
    error = np.where(broken & lost, "connection", error)
    sim.record(
        "embedding", "embed query", rows, took, service="retriever", error=error,
        embedding__model=model, embedding__n_inputs=1.0, embedding__dims=768.0, span__server_address=world.embed_address,
    )  # fmt: skip
    sim.pass_time(rows, took)
    bad = rows[broken]
    sim.context[bad] = 0.0
    sim.sign("retrieval_error", bad)
    return ~broken


def utilisation(sim: Sim, rows: IntArray, source: Source) -> FloatArray:
    """Of a live replica of this source while each request searches: load over what is left to carry it."""
    per_minute = np.bincount(((sim.requests.ts + sim.scenario.hours * 3600.0) // 60.0).astype(np.int64).clip(0))
    smooth = np.convolve(per_minute, np.ones(15) / 15.0, mode="same")
    minute = ((sim.requests.ts[rows] + sim.scenario.hours * 3600.0) // 60.0).astype(np.int64).clip(0, len(smooth) - 1)
    own = smooth[minute] * 60.0 / sim.world.per_hour
    left = sim.dial("source.replicas", rows, float(source.replicas), source=source.name)
    load = source.rho * (1.0 - OWN_LOAD + OWN_LOAD * own) * sim.dial("source.load", rows, 1.0, source=source.name)
    return np.asarray(np.minimum(load * source.replicas / np.maximum(left, 0.5), FULL))


def _search(sim: Sim, rows: IntArray, source: Source) -> tuple[np.ndarray, FloatArray]:
    """Error class (or None) and duration: the replica's queue, its own work, a heavy tail, then the client's deadline."""
    name = source.name
    rho = utilisation(sim, rows, source)
    queued = sim.uniform(f"{name}.queued", rows) < rho
    waiting = np.where(queued, sim.wait(f"{name}.queue", rows) * source.service / (1.0 - rho), 0.0)
    tail = np.where(sim.uniform(f"{name}.tail", rows) < 0.01, (1.0 - sim.uniform(f"{name}.pareto", rows)) ** (-1 / 1.5), 1.0)
    took = (source.median * sim.spread(f"{name}.work", rows, 0.6) * tail + waiting) * sim.dial("source.slow", rows, 1.0, source=name)
    loss = sim.dial("region.loss", rows, 0.0, host=source.address)
    late = took >= source.deadline
    late |= sim.hit(f"{name}.stuck", rows, sim.dial("source.stuck", rows, 0.0008, source=name))
    broken = sim.hit(f"{name}.fault", rows, sim.dial("source.hazard", rows, source.hazard, source=name))
    kind = sim.choice("source.class", rows, "server_error", source=name)
    error = np.where(broken, kind, NONE)
    error = np.where(late, "timeout", error)
    lost = sim.hit(f"{name}.egress", rows, loss)
    slow_loss = sim.uniform(f"{name}.egress.how", rows) < 0.5
    error = np.where(lost, np.where(slow_loss, "timeout", "connection"), error)
    jitter = 0.004 + 0.006 * sim.wait(f"{name}.jitter", rows)
    took = np.where(np.equal(error, "timeout"), source.deadline + jitter, took)
    return error, np.where(broken & ~late, np.minimum(took, 0.05 + took * 0.3), took)


def _found(sim: Sim, rows: IntArray, source: Source, ok: BoolArray) -> dict[str, np.ndarray]:
    """What came back: how many, how relevant, how old, and from which part of the index."""
    name = source.name
    k = sim.dial("source.k", rows, float(source.k), source=name)
    empty = sim.hit(f"{name}.nothing", rows, sim.dial("source.empty", rows, source.empty, source=name))
    missing = sim.dial("source.shards_lost", rows, 0.0, source=name)
    n = np.where(empty, 0.0, np.round(k))
    per_shard = sim.uniform(f"{name}.shard.luck", rows)
    kept = np.floor(n * (1.0 - missing / source.shards) + per_shard)
    n = np.where(missing > 0, np.minimum(n, kept), n)
    mismatch = sim.dial("embed.mismatch", rows, 0.0)
    ranking = sim.dial("source.ranking", rows, 0.0, source=name)
    top = 0.83 - 0.05 * np.abs(sim.draws.normal(f"{name}.score", sim.n)[rows]) - 0.42 * mismatch - 0.05 * ranking
    gap = (0.16 * (1.0 - 0.75 * mismatch)) * (0.8 + 0.4 * sim.uniform(f"{name}.gap", rows))
    stale = sim.dial("source.frozen", rows, 0.0, source=name)
    relevance = np.clip(1.0 - 0.7 * mismatch - 0.45 * ranking - 0.8 * missing / source.shards - 0.35 * (stale < 0), 0.0, 1.0)
    return {
        "n": np.where(ok, n, 0.0),
        "top": top,
        "gap": gap,
        "partial": missing > 0,
        "relevance": relevance,
        "lost": missing,
        "ranking": ranking,
    }


def _columns(sim: Sim, rows: IntArray, source: Source, ok: BoolArray, found: dict[str, np.ndarray]) -> dict[str, object]:
    name = source.name
    seen = ok & (found["n"] > 0)
    age = 300.0 + 1500.0 * sim.wait(f"{name}.age", rows)  # the newest document of an answer is usually minutes to an hour old
    frozen = sim.dial("source.frozen", rows, 0.0, source=name)  # seconds before now at which ingest stopped, as a negative number
    newest = sim.requests.ts[rows] - age
    indexed = np.where(frozen < 0, np.minimum(newest, frozen - age * 0.2), newest)
    now = sim.scenario.now
    nan = np.nan
    return {
        "retrieval.source_id": name,
        "retrieval.index_version": sim.choice("source.index_version", rows, source.index_version, source=name),
        "retrieval.index_embed_model": sim.world.embedder,
        "retrieval.query_embed_model": sim.choice("embed.model", rows, sim.world.embedder),
        "retrieval.top_k": np.round(sim.dial("source.k", rows, float(source.k), source=name)),
        "retrieval.n_returned": np.where(ok, found["n"], nan),
        "retrieval.scores.top": np.where(seen, np.round(found["top"], 4), nan),
        "retrieval.scores.min": np.where(seen, np.round(found["top"] - found["gap"], 4), nan),
        "retrieval.scores.mean": np.where(seen, np.round(found["top"] - found["gap"] * 0.55, 4), nan),
        "retrieval.doc_ids": _documents(sim, rows, source, seen, found),
        "retrieval.indexed_at": np.where(seen, np.round(now + indexed), nan),
        "retrieval.modified_at": np.where(seen, np.round(now + newest - 60.0), nan),
        "retrieval.partial": np.where(ok, found["partial"] & (sim.uniform(f"{name}.told", rows) < 0.9), NONE),
        "retrieval.shards_failed": np.where(ok, found["lost"], nan),
        "retrieval.namespace": np.full(len(rows), "default", dtype=object),
        "retrieval.filter_hash": sim.choice("source.filter", rows, "f1c9", source=name),
        "span.server_address": source.address,
        "db.system": source.system,
    }


def _documents(sim: Sim, rows: IntArray, source: Source, seen: BoolArray, found: dict[str, np.ndarray]) -> np.ndarray:
    """Ids of the returned documents, popular ones more often; a lost shard's documents never come, a flood pushes others out."""
    rng = sim.draws.stream(f"{source.name}.docs")
    width = 6
    draw = np.floor(source.docs * rng.random((sim.n, width)) ** 2.2).astype(np.int64)[rows]
    lost = found["lost"].astype(np.int64)
    draw = np.where((draw % source.shards) < lost[:, None], (draw // source.shards) * source.shards + source.shards - 1, draw)
    flooded = (found["ranking"] > 0)[:, None] & (rng.random((sim.n, width))[rows] < 0.6)
    ids = np.where(flooded, -1 - draw % 7, draw)
    counts = np.minimum(found["n"], width).astype(np.int64).tolist()
    short = source.name[:2]
    texts = [
        "\n".join(f"{short}-{i % source.shards}-{i}" if i >= 0 else f"{short}-bulk-{-i}" for i in dict.fromkeys(line[:n])) if n else None
        for line, n in zip(ids.tolist(), counts, strict=True)
    ]
    return np.asarray(np.where(seen, np.array(texts, dtype=object), NONE))


def rerank(sim: Sim, rows: IntArray) -> None:
    alive = rows[~sim.done[rows] & (sim.context_tokens[rows] > 0)]
    took = 0.035 * sim.spread("rerank.time", alive, 0.35) * sim.dial("rerank.slow", alive, 1.0)
    skipped = sim.hit("rerank.skip", alive, sim.dial("rerank.skipped", alive, 0.002))
    n_in = np.maximum(1.0, np.round(sim.context_tokens[alive] / CHUNK_TOKENS))
    sim.record(
        "rerank", "rerank", alive, took, service="retriever",
        rerank__model=sim.world.reranker, rerank__n_in=n_in, rerank__n_out=n_in, rerank__skipped=skipped.astype(object),
    )  # fmt: skip
    sim.pass_time(alive, took)
