"""What a retrieval brought back, and what a tool was asked and answered: counts, scores, ids and hashes, never the text."""

from __future__ import annotations

from collections.abc import Iterable

from bot.telemetry.values import CONTENT, digest, dumped, number, parsed, seconds, text

_DOCUMENTS = 100  # ids kept; nobody puts more passages into a prompt
_SCORES = ("score", "relevance_score", "similarity", "_score", "rerank_score")
_IDS = ("id", "document_id", "doc_id", "_id", "chunk_id", "node_id", "source_id")
_INDEXED = ("indexed_at", "ingested_at", "index_time", "embedded_at")
_MODIFIED = ("modified_at", "updated_at", "last_modified", "source_modified_at")
_SOURCES = ("source", "doc_source", "collection", "origin")
_LISTS = ("documents", "results", "matches", "hits", "docs", "nodes", "chunks", "data", "items", "result", "output")
_WRAPPING = frozenset({"type", "isError", "is_error", "annotations", "_meta", "status", "ok", "success", "code"})
_NO_ANSWER = (None, "", "null", "None", "[]", "{}")


def found(value: object, depth: int = 0) -> list[dict[str, object]] | None:
    """The documents in a retriever's output: a list of them, or a wrapper around one. None when it holds no list of documents."""
    value = parsed(value)
    if isinstance(value, list):
        if not value:
            return []
        if len(value) == 1 and isinstance(value[0], list):  # Chroma: one list a query
            return found(value[0], depth + 1)
        rows = [item for item in value if isinstance(item, dict)]
        return [_flat(item) for item in rows] if rows else [{"id": text(item)} for item in value if isinstance(item, str)]
    if isinstance(value, dict) and depth < 4:  # Elasticsearch: {"hits": {"hits": [...]}}
        for key in _LISTS:
            if isinstance(value.get(key), (list, dict, str)):
                inside = found(value[key], depth + 1)
                if inside is not None:
                    return inside
    return None


def _flat(document: dict[str, object]) -> dict[str, object]:
    """A document with its metadata lifted up; LangChain, LlamaIndex and MLflow nest them differently."""
    flat = dict(document)
    for key in ("node", "document", "kwargs", "metadata", "_source", "payload"):
        inside = parsed(flat.get(key))
        if isinstance(inside, dict):
            flat = {**inside, **{name: value for name, value in flat.items() if value is not None}}
    return flat


def indexed(entries: Iterable[tuple[int, str, object]]) -> list[dict[str, object]]:
    """Documents flattened into attribute names: (0, "document.score", 0.8)."""
    gathered: dict[int, dict[str, object]] = {}
    for index, rest, value in entries:
        gathered.setdefault(index, {})[rest.rpartition(".")[2]] = value
    return [_flat(gathered[index]) for index in sorted(gathered)]


def about_documents(documents: list[dict[str, object]] | None) -> dict[str, object]:
    """Columns of the retrieval kind; empty when the documents were not captured, n_returned 0 when there were none."""
    if documents is None:
        return {}
    scores = [score for score in (_first_number(document, _SCORES) for document in documents) if score is not None]
    ids = [said for said in (text(_first(document, _IDS)) for document in documents[:_DOCUMENTS]) if said]
    indexed_at = [at for at in (seconds(_first(document, _INDEXED)) for document in documents) if at is not None]
    modified_at = [at for at in (seconds(_first(document, _MODIFIED)) for document in documents) if at is not None]
    return {
        "n_returned": len(documents),
        "score_top": max(scores) if scores else None,
        "score_mean": sum(scores) / len(scores) if scores else None,
        "score_min": min(scores) if scores else None,
        "doc_ids": "\n".join(one.replace("\n", " ") for one in ids) or None,
        "doc_source": next((text(_first(document, _SOURCES)) for document in documents if _first(document, _SOURCES)), None),
        "indexed_at": max(indexed_at) if indexed_at else None,
        "modified_at": max(modified_at) if modified_at else None,
    }


def _first(document: dict[str, object], names: tuple[str, ...]) -> object:
    return next((document[name] for name in names if document.get(name) not in (None, "")), None)


def _first_number(document: dict[str, object], names: tuple[str, ...]) -> float | None:
    return next((score for score in (number(document.get(name)) for name in names) if score is not None), None)


def about_arguments(value: object) -> dict[str, object]:
    """A tool call's arguments: a hash of them and their sorted names."""
    value = parsed(value)
    if value is None or value == "":
        return {}
    keys = ",".join(sorted(map(str, value)))[:200] if isinstance(value, dict) else None
    return {"tool_args_hash": digest(value), "tool_args_keys": keys}


def about_result(value: object) -> dict[str, object]:
    """A tool's answer: its size, whether there is anything in it, and a hash of its shape."""
    read = parsed(value)
    if read is None and value is None:
        return {}
    keys = ",".join(sorted(map(str, read))) if isinstance(read, dict) else None
    return {
        "tool_result_bytes": len((value if isinstance(value, str) else dumped(value))[:CONTENT].encode("utf-8", "surrogatepass")),
        "tool_result_empty": is_empty(read),
        "tool_result_keys_hash": digest(keys),
    }


def is_empty(value: object, depth: int = 0) -> bool:
    """Nothing in it: null, "", [], {}, or a wrapper around only that, such as {"result": null}. Zero and false are answers."""
    if isinstance(value, (str, type(None))):
        return value is None or value.strip() in _NO_ANSWER
    if depth > 4:  # a wrapper in a wrapper in a wrapper: MCP's deepest is three
        return False
    if isinstance(value, list):
        return all(is_empty(item, depth + 1) for item in value)
    if isinstance(value, dict):
        parts = [inside for key, inside in value.items() if key not in _WRAPPING]
        return all(is_empty(inside, depth + 1) for inside in parts) if parts else not value  # {"status": "ok"} answers a write
    return False
