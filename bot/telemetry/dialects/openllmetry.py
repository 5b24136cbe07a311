"""OpenLLMetry (Traceloop): `traceloop.*`, flattened `gen_ai.prompt.N.*`, and vector stores under `db.vector.*`.

Traps: cache tokens with underscores in older versions; a `task` is a chain unless its name says more; finish reasons stand on the
flattened completion; vendor keys of vector stores carry the result count; usage of a stream may be missing or zero.
"""

from __future__ import annotations

from bot.telemetry import captured
from bot.telemetry.dialects import Dialect, Rule
from bot.telemetry.dialects import otel_genai as genai
from bot.telemetry.finish import finish
from bot.telemetry.group import Group
from bot.telemetry.kinds import is_search, named_kind
from bot.telemetry.usage import settle_usage
from bot.telemetry.values import digest

TABLE: dict[str, Rule] = {
    **genai.TABLE,
    "llm.request.type": "op",
    "traceloop.span.kind": "op",
    "llm.is_streaming": "stream",
    "llm.temperature": "temperature",
    "llm.top_p": "top_p",
    "llm.request.max_tokens": "max_tokens",
    "llm.usage.prompt_tokens": "tokens_input",
    "llm.usage.completion_tokens": "tokens_output",
    "llm.request.model": "model_requested",
    "llm.response.model": "model_served",
    "llm.vendor": "provider",
    "gen_ai.response.stop_reason": ("finish", finish),
    "llm.response.finish_reason": ("finish", finish),
    "llm.response.stop_reason": ("finish", finish),
    "llm.reasoning_effort": "reasoning_level",
    "traceloop.prompt.key": "prompt_name",
    "traceloop.prompt.version": "prompt_version",
    "traceloop.prompt.version_name": "prompt_label",
    "traceloop.prompt.version_hash": "prompt_hash",
    "db.vector.query.top_k": "top_k",
    "db.vector.query.result_count": "n_returned",
    "db.vector.query.top_score": "score_top",
    "db.milvus.search.result_count": "n_returned",
    "db.milvus.query.result_count": "n_returned",
    "db.collection.name": "source_id",
    "db.chroma.query.collection_name": "source_id",
    "db.milvus.search.collection_name": "source_id",
    "db.qdrant.search.collection_name": "source_id",
    "pinecone.query.top_k": "top_k",
    "db.pinecone.query.top_k": "top_k",
    "pinecone.query.namespace": "namespace",
    "db.pinecone.query.namespace": "namespace",
    "db.chroma.query.n_results": "top_k",
    "db.operation": "op",
    "db.operation.name": "op",
}
_KINDS = {"workflow": "workflow", "task": "chain", "agent": "agent", "tool": "tool"}
_REQUESTS = {"chat": "llm", "completion": "llm", "embedding": "embedding", "rerank": "rerank"}


def _kinds(group: Group) -> list[str]:
    marks = group.values("traceloop.span.kind") or [None] * group.n
    asked = group.values("llm.request.type") or [None] * group.n
    systems = group.values("db.system", "db.system.name") or [None] * group.n
    ops = group.values("db.operation", "db.operation.name") or [None] * group.n
    others = genai.kinds(group)
    found: list[str] = []
    for row, name in enumerate(group.names):
        kind = _KINDS.get(str(marks[row])) or _REQUESTS.get(str(asked[row]))
        if kind == "chain":
            kind = named_kind(_entity(group, row) or name) or "chain"  # a task called `retrieve_documents.task` is retrieval
        if kind is None and systems[row] is not None:
            kind = "retrieval" if is_search(systems[row], ops[row], name) else "db"
        found.append(kind or others[row])
    return found


def _entity(group: Group, row: int) -> str:
    held = group.attrs.get("traceloop.entity.name")
    return str(held[row] or "") if held is not None else ""


def _finish(group: Group) -> None:
    if "traceloop.entity.name" in group.attrs:
        names = group.attrs["traceloop.entity.name"]
        for column, owner in (("tool", "tool"), ("source_id", "retrieval")):  # the span's own name has `.task` behind it
            if owner in group.kinds:
                group.put(column, [name if kind == owner else None for name, kind in zip(names, group.kinds, strict=True)])
    captured.hashed(group, "tool_defs_hash", "llm.request.functions.#")
    if "traceloop.prompt.template" in group.attrs:
        group.derive("prompt_hash", "traceloop.prompt.template", digest)
    settle_usage(group)
    genai.finish_span(group)
    captured.chat(group, asked=(("traceloop.entity.input", "user"),), answered=("traceloop.entity.output",))
    captured.tool(group, ("traceloop.entity.input",), ("traceloop.entity.output",))
    captured.retrieved(group, ("db.query.result.#", "traceloop.entity.output"))
    _results(group)


def _results(group: Group) -> None:
    """Vector stores that record each match as an event `db.query.result` and no count."""
    if "retrieval" not in group.kinds or "n_returned" in group.out:
        return
    counts: list[object] = []
    for span, kind in zip(group.spans, group.kinds, strict=True):
        held = span.get("events")
        names = [event.get("name") for event in held if isinstance(event, dict)] if isinstance(held, list) else []
        matches = sum(str(name).startswith(("db.query.result", "db.search.result", "db.pinecone.query.result")) for name in names)
        counts.append(matches if kind == "retrieval" and matches else None)
    if any(count is not None for count in counts):
        group.put("n_returned", counts)


def _recognises(keys: frozenset[str], scope: str) -> bool:
    return (
        "traceloop.span.kind" in keys
        or "llm.request.type" in keys
        or "gen_ai.prompt.#" in keys
        or "gen_ai.completion.#" in keys
        or "traceloop.entity.name" in keys
        or any(key.startswith("db.vector.query") for key in keys)
        or (scope.startswith("opentelemetry.instrumentation.") and scope.rpartition(".")[2] in _VECTOR_SCOPES)
    )


_VECTOR_SCOPES = frozenset({"chromadb", "pinecone", "qdrant", "milvus", "weaviate", "lancedb", "marqo"})

DIALECT = Dialect(
    name="openllmetry",
    rank=60,
    recognises=_recognises,
    table=TABLE,
    kinds=_kinds,
    finish=_finish,
    reads=genai.READS | {"traceloop.entity.input", "traceloop.entity.output", "traceloop.entity.name", "traceloop.prompt.template"},
    prefixes=(
        *genai.DIALECT.prefixes,
        "traceloop.entity.",
        "traceloop.workflow.",
        "traceloop.prompt.",
        "llm.usage.",
        "llm.request.",
        "db.",
    ),
)
