"""Spans of no LLM dialect: HTTP, databases, messaging and what applications write by hand.

Traps: a vector store's client is retrieval, a relational one is `db`; the POST to a model provider below an llm span is `http`,
not a second llm span; a server span below another service is not a request of its own.
"""

from __future__ import annotations

from bot.telemetry.dialects import Dialect, Rule
from bot.telemetry.group import Group
from bot.telemetry.kinds import VECTOR_SYSTEMS
from bot.telemetry.values import person

_DB = ("db.system", "db.system.name", "db.operation", "db.operation.name", "db.statement", "db.query.text")
_COLLECTION = ("db.collection.name", "db.elasticsearch.path_parts.index", "db.mongodb.collection")
_HTTP = ("http.request.method", "http.method", "url.full", "http.url", "http.route", "http.target", "url.path")

TABLE: dict[str, Rule] = {
    "db.operation.name": "op",
    "db.operation": "op",
    "http.request.method": "op",
    "http.method": "op",
    "rpc.method": "op",
    "db.vector.query.top_k": "top_k",
    "user.email": ("user_hash", person),
    "llm.model": "model_requested",
    "llm.provider": "provider",
    "tool.name": "tool",
}


def _kinds(group: Group) -> list[str]:
    base = "db" if any(name in group.attrs for name in _DB) else "http" if any(name in group.attrs for name in _HTTP) else "other"
    return [base] * group.n


def _finish(group: Group) -> None:
    """A vector store's collection is a source and its rows are documents; a relational query has neither."""
    systems = group.values("db.system.name", "db.system")
    if systems is None:
        return
    vector = [str(system).lower() in VECTOR_SYSTEMS for system in systems]
    for column, attributes in (("source_id", _COLLECTION), ("n_returned", ("db.response.returned_rows",))):
        values = group.values(*attributes)
        if values is not None:
            group.put(column, [value if yes else None for value, yes in zip(values, vector, strict=True)])


DIALECT = Dialect(
    name="plain",
    rank=99,
    recognises=lambda keys, scope: True,
    table=TABLE,
    kinds=_kinds,
    finish=_finish,
    reads=frozenset({"db.system", "db.system.name", "db.namespace", "db.name", "db.statement", "db.query.text"}),
    prefixes=("db.",),
)
