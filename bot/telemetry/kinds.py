"""The kind of a span when its dialect did not settle it: retrieval in disguise, names that say it, and roots."""

from __future__ import annotations

import re
from functools import lru_cache

from bot.telemetry.group import SERVER, Group
from bot.telemetry.values import Column

LEAVES = frozenset({"llm", "embedding", "retrieval", "rerank", "tool", "guardrail", "parser", "evaluator", "cache", "memory", "prompt"})
"""A root of one of these kinds is a trace of a single operation and stays what it is; any other root is the request."""

VECTOR_SYSTEMS = frozenset(
    {
        "chroma", "chromadb", "pinecone", "qdrant", "milvus", "weaviate", "marqo", "lancedb", "vespa", "pgvector", "faiss", "elasticsearch",
        "opensearch", "azure_search", "vectara", "turbopuffer", "typesense", "redisearch", "vertex_ai_search",
    }
)  # fmt: skip
_SEARCHES = frozenset(
    {
        "query",
        "search",
        "similarity_search",
        "knn",
        "vector_search",
        "hybrid_search",
        "near_vector",
        "near_text",
        "get",
        "query_points",
        "_search",
    }
)
_OPEN = frozenset({"other", "chain", "http", "db", "tool"})  # kinds that a document result turns into retrieval

_WORDS: tuple[tuple[str, frozenset[str]], ...] = (
    ("rerank", frozenset({"rerank", "reranker", "reranking"})),
    ("embedding", frozenset({"embed", "embedding", "embeddings"})),
    ("retrieval", frozenset({"retrieve", "retriever", "retrieval", "vectorsearch", "vectorstore", "vectordb", "knn"})),
    ("guardrail", frozenset({"guardrail", "guardrails", "moderation", "moderate"})),
    ("evaluator", frozenset({"evaluate", "evaluator", "evaluation", "judge", "eval"})),
    ("parser", frozenset({"parse", "parser", "parsing"})),
    ("tool", frozenset({"tool", "toolcall"})),
    ("llm", frozenset({"llm", "completion", "completions", "chatcompletion"})),
    ("agent", frozenset({"agent"})),
    ("cache", frozenset({"cache"})),
    ("memory", frozenset({"memory"})),
    ("prompt", frozenset({"prompt"})),
)
_SIGNS: tuple[tuple[str, str], ...] = (
    ("n_returned", "retrieval"), ("source_id", "retrieval"), ("index_version", "retrieval"), ("tool", "tool"), ("parser_ok", "parser"),
    ("guardrail_verdict", "guardrail"), ("guardrail_action", "guardrail"), ("guardrail", "guardrail"), ("cache_hit", "cache"),
    ("evaluator", "evaluator"), ("rerank_n_in", "rerank"), ("rerank_skipped", "rerank"), ("parser_schema", "parser"),
    ("embedding_n_inputs", "embedding"), ("embedding_dims", "embedding"), ("prompt_unresolved", "prompt"), ("tokens_output", "llm"),
)  # fmt: skip

_TOOL_NAME = re.compile(r"^(execute_tool |tools/call |running tool: |tool[.:] ?)")
"""What frameworks put before a tool's name in a span's."""


def disguised(group: Group) -> None:
    """Give a kind to spans whose columns say what they are, whatever they are called: retrieval done as a tool, a parser's result."""
    roots = [parent == "" for parent in group.out["parent_id"]]
    _retrieval(group, roots)
    for column, kind in _SIGNS:
        if "other" not in group.kinds:
            return
        if column in group.out:
            held = group.out[column]
            group.kinds = [
                kind if was == "other" and value is not None and not root else was
                for was, value, root in zip(group.kinds, held, roots, strict=True)
            ]


def settle(group: Group) -> None:
    """The last word on kinds: names for what is still unknown, roots, and a source for every retrieval. Writes column `kind`."""
    if "other" in group.kinds:
        servers = [kind == SERVER for kind in group.span_kinds()]
        group.kinds = [
            (named_kind(name) or "other") if was == "other" and not server else was
            for was, name, server in zip(group.kinds, group.names, servers, strict=True)
        ]
    roots = [parent == "" for parent in group.out["parent_id"]]
    if any(roots):
        group.kinds = ["request" if root and kind not in LEAVES else kind for root, kind in zip(roots, group.kinds, strict=True)]
    _sources(group)
    if "tool" in group.kinds:
        group.put(
            "tool", [_TOOL_NAME.sub("", name) if kind == "tool" else None for name, kind in zip(group.names, group.kinds, strict=True)]
        )
    group.out["kind"] = list(group.kinds)


def _retrieval(group: Group, roots: list[bool]) -> None:
    if "tool_type" in group.out:
        types = group.out["tool_type"]
        group.kinds = [
            "retrieval" if was == "tool" and types[row] in ("datastore", "retrieval") else was for row, was in enumerate(group.kinds)
        ]
    for column in ("n_returned", "doc_ids", "index_version"):
        if column in group.out:
            held = group.out[column]
            group.kinds = [
                "retrieval" if held[row] is not None and (was == "tool" or (was in ("db", "http") and not roots[row])) else was
                for row, was in enumerate(group.kinds)
            ]
    systems = group.values("db.system.name", "db.system")
    if systems is not None:
        ops = group.values("db.operation.name", "db.operation") or [None] * group.n
        vector = "db.vector.query.top_k" in group.attrs or any(name.startswith("db.vector.query") for name in group.attrs)
        group.kinds = [
            "retrieval" if was in _OPEN and (vector or is_search(system, op, name)) else was
            for was, system, op, name in zip(group.kinds, systems, ops, group.names, strict=True)
        ]


def is_search(system: object, operation: object, name: str) -> bool:
    """A read of a vector store; writes and administration of one are plain db spans."""
    if str(system).lower() not in VECTOR_SYSTEMS:
        return False
    said = str(operation or name).lower()
    return said in _SEARCHES or any(word in _SEARCHES for word in re.split(r"[^a-z_]+", said)) or "search" in said or "query" in said


def _sources(group: Group) -> None:
    """Every retrieval has a source: declared, else its data source, collection, tool or span name."""
    if "retrieval" not in group.kinds:
        return
    fallback = group.values("gen_ai.data_source.id", "db.collection.name", "db.namespace", "db.name")
    candidates: list[Column] = [held for held in (fallback, group.out.get("tool")) if held is not None]
    names: Column = list(group.names)
    for held in [*candidates, names]:
        group.put("source_id", [value if kind == "retrieval" else None for value, kind in zip(held, group.kinds, strict=True)])


@lru_cache(maxsize=20_000)
def named_kind(name: str) -> str | None:
    """`VectorStore.similarity_search` -> retrieval: whole words of a span's name, the more specific kinds first."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:200])
    words = frozenset(re.split(r"[^a-z0-9]+", spaced.lower())) | frozenset(re.split(r"[^a-z0-9]+", name[:200].lower()))
    if ("search" in words or "query" in words) and words & {"vector", "similarity", "index", "semantic", "kb", "knowledge", "docs"}:
        return "retrieval"
    if "tools" in words and words & {"call", "execute", "run"}:
        return "tool"
    return next((kind for kind, known in _WORDS if words & known), None)
