"""Columns of an operation batch -> attribute columns of one dialect, and the product's own names for the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import orjson

from bot.simulator.observe.keys import FINISH, KEYS, OI_KIND, OPERATION, SINCE, SYSTEM_OLD, TRACELOOP_KIND, WEB, version_of
from bot.simulator.sim import Batch

WHOLE = frozenset(
    {
        "llm.tokens.input", "llm.tokens.output", "llm.tokens.cache_read", "llm.tokens.reasoning", "llm.max_tokens", "llm.history_turns",
        "llm.components.system", "llm.components.history", "llm.components.retrieval", "llm.components.tools", "llm.output.chars",
        "retrieval.n_returned", "retrieval.top_k", "retrieval.shards_failed", "retrieval.indexed_at", "retrieval.modified_at",
        "tool.result_bytes", "embedding.dims", "embedding.n_inputs", "rerank.n_in", "rerank.n_out", "prompt.unresolved",
        "prompt.render_chars", "span.http_status", "span.attempt", "request.feedback.thumb", "llm.retry_after_s", "cache.age_s",
    }
)  # fmt: skip
"""Paths whose values are integers on the wire."""

WORDS: dict[str, dict[str, str]] = {"guardrail.action": {"block": "denied", "allow": "passed", "modify": "masked"}}
"""Values that a product with its own vocabulary writes differently (and declares)."""

RESOURCE = frozenset({"request.app_version", "request.region", "span.pod"})  # written on the resource, not on the span


UNDECLARED = frozenset({"request.model_variant"})  # the product's own dimension: no canonical field, kept under its own name


@dataclass(frozen=True)
class Attribute:
    """One attribute of a batch: one value for all spans, or a value (None = absent) per span."""

    key: str
    values: list[object] | None = None
    constant: object = None


@dataclass
class Declared:
    """The product's own attributes, as bundle.yaml declares them."""

    mapping: dict[str, object] = field(default_factory=dict)


def product_key(prefix: str, path: str) -> str:
    """`app.retrieval.n_returned`, or a product's own way of writing it."""
    return f"{prefix}.{path}" if prefix in ("app", "svc") else f"{prefix}.{path.replace('.', '_')}"


def attributes(batch: Batch, dialect: str, prefix: str, paths: Iterable[str], declared: Declared) -> list[Attribute]:
    """The attributes of a batch under a dialect. `paths`: the canonical paths that this service records."""
    keys = WEB if batch.kind == "request" else KEYS[dialect]
    found = _marks(batch, dialect)
    for path in paths:
        if path not in batch.cols or path in RESOURCE:
            continue
        values, constant = _listed(batch.cols[path], path)
        key = keys.get(path)
        if path == "llm.fingerprint" and batch.cols.get("llm.provider") != "openai" and dialect != "openinference":
            key = None
        if key is None:
            if path == "db.system":
                continue
            key = product_key(prefix, path)
            words = WORDS.get(path) if prefix not in ("app", "svc") else None
            if words is not None and values is not None:
                values = [words.get(str(value), value) for value in values]
            if path not in UNDECLARED:
                declared.mapping[key] = {"to": path, "values": {said: meant for meant, said in words.items()}} if words else path
            found.append(Attribute(key, values, constant))
        else:
            found += _standard(batch, dialect, path, key, values, constant)
    return found


def _listed(column: object, path: str) -> tuple[list[object] | None, object]:
    if not isinstance(column, np.ndarray):
        return None, int(column) if path in WHOLE and isinstance(column, float) else column
    values: list[object] = column.tolist()
    if column.dtype in (np.float64, object):
        if path in WHOLE:
            return [None if _void(v) else int(str(v).partition(".")[0]) for v in values], None
        return [None if _void(v) else v for v in values], None
    return values, None


def _void(value: object) -> bool:
    """None and NaN: not recorded."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _marks(batch: Batch, dialect: str) -> list[Attribute]:
    """What tells the kind of the span in this dialect."""
    if batch.kind == "request":
        return [Attribute("http.request.method", constant="POST"), Attribute("url.scheme", constant="https")]
    if dialect == "openinference":
        return [Attribute("openinference.span.kind", constant=OI_KIND[batch.kind])]
    if dialect == "openllmetry":
        if batch.kind in ("llm", "embedding"):
            return [Attribute("llm.request.type", constant="chat" if batch.kind == "llm" else "embedding")]
        if batch.kind == "retrieval":
            return [Attribute("db.operation", constant="query")]
        kind = TRACELOOP_KIND.get(batch.kind)
        if kind is None:
            return []
        entity = [] if batch.kind == "tool" else [Attribute("traceloop.entity.name", constant=batch.name)]
        return [Attribute("traceloop.span.kind", constant=kind), *entity]
    operation = OPERATION.get(batch.kind)
    if operation and SINCE[operation] <= version_of(dialect):
        return [Attribute("gen_ai.operation.name", constant=operation)]
    if batch.kind == "retrieval":
        old = version_of(dialect) < 37
        return [
            Attribute("db.operation" if old else "db.operation.name", constant="search"),
            Attribute("db.collection.name", constant=batch.name.partition(" ")[2]),
        ]
    return []


def _standard(batch: Batch, dialect: str, path: str, key: str, values: list[object] | None, constant: object) -> list[Attribute]:
    """Attributes whose standard form is not simply the value."""
    if path == "llm.provider" and dialect != "openinference" and (dialect == "openllmetry" or version_of(dialect) < 37):
        constant = SYSTEM_OLD.get(str(constant), constant)
    if path == "llm.finish" and values is not None:
        raw = FINISH[str(batch.cols["llm.provider"])]
        said = [None if value is None else raw[str(value)] for value in values]
        plain = dialect in ("openinference", "openllmetry")
        return [Attribute(key, [value if plain or value is None else [value] for value in said])]
    if path == "llm.ttft_ms" and values is not None:
        return [Attribute(key, [None if value is None else round(float(str(value)) / 1e3, 6) for value in values])]
    if path == "llm.max_tokens" and dialect == "openinference" and values is not None:
        return [Attribute(key, [orjson.dumps({"max_tokens": value, "temperature": 0.2}).decode() for value in values])]
    if path == "retrieval.doc_ids" and values is not None:
        return _documents(batch, key, values, flat=dialect == "openinference")
    return [Attribute(key, values, constant)]


def _documents(batch: Batch, key: str, values: list[object], flat: bool) -> list[Attribute]:
    """Returned documents with falling scores: a JSON list, or one attribute a document and field."""
    ids = [str(value).split("\n") if value else [] for value in values]
    tops = _scores(batch, "retrieval.scores.top")
    lows = _scores(batch, "retrieval.scores.min")
    answered = [error is None for error in batch.error.tolist()]
    rows = [
        [(one, round(top - (top - low) * i / max(1, len(line) - 1), 4)) for i, one in enumerate(line)]
        for line, top, low in zip(ids, tops, lows, strict=True)
    ]
    if not flat:
        texts = [
            orjson.dumps([{"id": i, "score": s} for i, s in line]).decode() if ok else None for line, ok in zip(rows, answered, strict=True)
        ]
        return [Attribute(key, list(texts))]
    widest = max((len(line) for line in rows), default=0)
    found = []
    for place in range(widest):
        found.append(Attribute(f"{key}.{place}.document.id", [line[place][0] if place < len(line) else None for line in rows]))
        found.append(Attribute(f"{key}.{place}.document.score", [line[place][1] if place < len(line) else None for line in rows]))
    return found


def _scores(batch: Batch, path: str) -> list[float]:
    column = batch.cols.get(path)
    return [0.0 if math.isnan(value) else float(value) for value in np.asarray(column, dtype=np.float64).tolist()]
