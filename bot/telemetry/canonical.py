"""The canonical span: one row a span, one column a field, whatever dialect it was written in (catalogue 3.1).

A field has a *path* people write (`retrieval.n_returned`, `llm.tokens.input`, `request.tenant`) and a *column* of the wide
`spans` table. `None` in a column means not recorded, never zero or false.
"""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

Type = Literal["text", "number", "bool"]

KINDS = (
    "request", "agent", "workflow", "chain", "prompt", "llm", "embedding", "retrieval", "rerank",
    "tool", "guardrail", "parser", "evaluator", "cache", "memory", "http", "db", "other",
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One canonical field. `kind` is `span` for what every span may carry, `request` for the trace as a whole."""

    kind: str
    path: str  # without the kind
    column: str
    type: Type


def _fields(kind: str, *rows: tuple[str, str, Type]) -> tuple[Field, ...]:
    return tuple(Field(kind, path, column, type_) for path, column, type_ in rows)


FIELDS: tuple[Field, ...] = (
    *_fields(
        "span",
        ("name", "name", "text"),
        ("op", "op", "text"),
        ("status", "status", "text"),  # ok | error | unset
        ("error.class", "error_class", "text"),  # catalogue 3.2
        ("error.raw", "error_raw", "text"),
        ("http_status", "http_status", "number"),
        ("attempt", "attempt", "number"),
        ("logical_op_id", "logical_op_id", "text"),
        ("server_address", "server_address", "text"),
        ("pod", "pod", "text"),
        ("zone", "zone", "text"),
        ("scope_name", "scope_name", "text"),
        ("dialect", "dialect", "text"),
        ("bytes", "span_bytes", "number"),
        ("weight", "weight", "number"),  # 1 / sampling probability, from tracestate ot=th; 1 when not recorded
        ("biased_sampling", "biased_sampling", "bool"),  # kept by a tail or vendor rule: rates are not estimable
        ("unfinished", "unfinished", "bool"),
    ),
    *_fields(
        "request",
        ("env", "env", "text"),
        ("service", "service", "text"),
        ("service_version", "app_version", "text"),
        ("app_version", "app_version", "text"),
        ("route", "route", "text"),
        ("tenant", "tenant", "text"),
        ("user_hash", "user_hash", "text"),
        ("session_id", "session_id", "text"),
        ("region", "region", "text"),
        ("client", "client", "text"),
        ("device_class", "device_class", "text"),
        ("locale", "locale", "text"),
        ("experiment", "experiment", "text"),
        ("outcome", "outcome", "text"),  # ok | degraded | failed | user_error | cancelled
        ("outcome_reason", "outcome_reason", "text"),
        ("user_ttft_ms", "user_ttft_ms", "number"),
        ("feedback.thumb", "feedback_thumb", "number"),  # +1 up, -1 down
        ("feedback.re_ask", "feedback_re_ask", "bool"),
        ("feedback.escalated", "feedback_escalated", "bool"),
        ("cost_usd", "request_cost_usd", "number"),
        ("is_synthetic", "is_synthetic", "bool"),
        ("risk_category", "risk_category", "text"),
        ("policy_hit", "policy_hit", "bool"),
        ("input_chars", "request_input_chars", "number"),
    ),
    *_fields(
        "llm",
        ("provider", "provider", "text"),
        ("model_requested", "model_requested", "text"),
        ("model_served", "model_served", "text"),
        ("fingerprint", "fingerprint", "text"),
        ("service_tier", "service_tier", "text"),
        ("stream", "stream", "bool"),
        ("temperature", "temperature", "number"),
        ("top_p", "top_p", "number"),
        ("max_tokens", "max_tokens", "number"),
        ("reasoning_level", "reasoning_level", "text"),
        ("finish", "finish", "text"),  # catalogue 3.2
        ("tokens.input", "tokens_input", "number"),  # cached tokens included
        ("tokens.output", "tokens_output", "number"),
        ("tokens.cache_read", "tokens_cache_read", "number"),
        ("tokens.cache_write", "tokens_cache_write", "number"),
        ("tokens.reasoning", "tokens_reasoning", "number"),
        ("ttft_ms", "ttft_ms", "number"),
        ("tpot_ms", "tpot_ms", "number"),
        ("prompt.name", "prompt_name", "text"),
        ("prompt.version", "prompt_version", "text"),
        ("prompt.hash", "prompt_hash", "text"),
        ("prompt.label", "prompt_label", "text"),
        ("system_tokens", "system_tokens", "number"),
        ("system_hash", "system_hash", "text"),
        ("history_turns", "history_turns", "number"),
        ("components.system", "components_system", "number"),
        ("components.history", "components_history", "number"),
        ("components.retrieval", "components_retrieval", "number"),
        ("components.tools", "components_tools", "number"),
        ("output.chars", "output_chars", "number"),
        ("output.hash", "output_hash", "text"),
        ("output.lang", "output_lang", "text"),
        ("output.refusal", "output_refusal", "bool"),
        ("output.repeat_ratio", "output_repeat_ratio", "number"),
        ("output.invalid_utf8", "output_invalid_utf8", "bool"),
        ("input.chars", "input_chars", "number"),
        ("input.lang", "input_lang", "text"),
        ("input.hash", "input_hash", "text"),
        ("tool_defs_hash", "tool_defs_hash", "text"),
        ("response_id", "response_id", "text"),
        ("cost_usd", "cost_usd", "number"),
        ("retry_after_s", "retry_after_s", "number"),
        ("key_id", "key_id", "text"),
    ),
    *_fields(
        "prompt",
        ("name", "prompt_name", "text"),
        ("version", "prompt_version", "text"),
        ("hash", "prompt_hash", "text"),
        ("unresolved", "prompt_unresolved", "number"),  # how many variables were left unfilled
        ("render_chars", "prompt_render_chars", "number"),
        ("missing_vars", "prompt_missing_vars", "number"),
    ),
    *_fields(
        "embedding",
        ("model", "embedding_model", "text"),
        ("dims", "embedding_dims", "number"),
        ("n_inputs", "embedding_n_inputs", "number"),
    ),
    *_fields(
        "retrieval",
        ("source_id", "source_id", "text"),
        ("shard", "shard", "text"),
        ("namespace", "namespace", "text"),
        ("index_version", "index_version", "text"),
        ("index_embed_model", "index_embed_model", "text"),
        ("query_embed_model", "query_embed_model", "text"),
        ("top_k", "top_k", "number"),
        ("n_returned", "n_returned", "number"),
        ("scores.top", "score_top", "number"),
        ("scores.mean", "score_mean", "number"),
        ("scores.min", "score_min", "number"),
        ("doc_ids", "doc_ids", "text"),  # ids joined by newline, best first
        ("doc_source", "doc_source", "text"),
        ("indexed_at", "indexed_at", "number"),  # newest of the returned documents, epoch seconds
        ("modified_at", "modified_at", "number"),  # newest modification at the source of truth, epoch seconds
        ("acl_ok", "acl_ok", "bool"),
        ("partial", "partial", "bool"),
        ("timed_out", "timed_out", "bool"),
        ("shards_failed", "shards_failed", "number"),
        ("filter_hash", "filter_hash", "text"),
        ("query_lang", "query_lang", "text"),
    ),
    *_fields(
        "rerank",
        ("model", "rerank_model", "text"),
        ("n_in", "rerank_n_in", "number"),
        ("n_out", "rerank_n_out", "number"),
        ("skipped", "rerank_skipped", "bool"),
    ),
    *_fields(
        "tool",
        ("name", "tool", "text"),
        ("type", "tool_type", "text"),  # function | extension | datastore | mcp | retrieval
        ("server", "tool_server", "text"),
        ("version", "tool_version", "text"),
        ("schema_hash", "tool_schema_hash", "text"),
        ("args_hash", "tool_args_hash", "text"),
        ("args_keys", "tool_args_keys", "text"),
        ("args_valid", "tool_args_valid", "bool"),
        ("result_bytes", "tool_result_bytes", "number"),
        ("result_empty", "tool_result_empty", "bool"),
        ("result_keys_hash", "tool_result_keys_hash", "text"),
        ("mcp_session", "mcp_session", "text"),
        ("side_effect", "tool_side_effect", "text"),  # read | write | egress
    ),
    *_fields(
        "guardrail",
        ("name", "guardrail", "text"),
        ("policy_id", "guardrail_policy_id", "text"),
        ("policy_version", "guardrail_policy_version", "text"),
        ("target", "guardrail_target", "text"),
        ("subtype", "guardrail_subtype", "text"),
        ("verdict", "guardrail_verdict", "text"),
        ("action", "guardrail_action", "text"),  # allow | block | modify
        ("category", "guardrail_category", "text"),
        ("score", "guardrail_score", "number"),
    ),
    *_fields(
        "parser",
        ("schema", "parser_schema", "text"),
        ("ok", "parser_ok", "bool"),
        ("error_kind", "parser_error_kind", "text"),  # syntax | schema | enum | truncated
        ("parser_version", "parser_version", "text"),
    ),
    *_fields(
        "cache",
        ("layer", "cache_layer", "text"),  # prompt | response | semantic | embedding
        ("hit", "cache_hit", "bool"),
        ("similarity", "cache_similarity", "number"),
        ("key_scope", "cache_key_scope", "text"),
        ("age_s", "cache_age_s", "number"),
    ),
    *_fields(
        "evaluator",
        ("name", "evaluator", "text"),
        ("value", "evaluator_value", "number"),
        ("label", "evaluator_label", "text"),
        ("judge_model", "judge_model", "text"),
        ("judge_version", "judge_version", "text"),
        ("control_set", "evaluator_control_set", "bool"),  # an item of the frozen control set
    ),
)

BY_PATH: dict[str, Field] = {f"{field.kind}.{field.path}": field for field in FIELDS}
"""`retrieval.n_returned` -> Field. Fields of kind `span` may be written with any kind: `llm.error.class`, `tool.attempt`."""

IDENTITY = ("trace_id", "span_id", "parent_id", "kind")  # texts; parent_id "" = a root span, None = not recorded
TIMES = ("ts", "end", "duration_ms")  # ts and end in epoch seconds (float64, exact to the microsecond)
EXTRA = "extra"  # attributes with no canonical name, map<string, string>; at most 40 a span, values cut at 200 characters
FLAGS = "flags"  # feature flags, map<string, string>: dimension `flag:<name>`

COLUMNS: dict[str, Type] = {field.column: field.type for field in FIELDS}

_ARROW = {"text": pa.string(), "number": pa.float64(), "bool": pa.bool_()}

SCHEMA = pa.schema(
    [(name, pa.string()) for name in IDENTITY]
    + [(name, pa.float64()) for name in TIMES]
    + [(name, _ARROW[type_]) for name, type_ in COLUMNS.items()]
    + [(FLAGS, pa.map_(pa.string(), pa.string())), (EXTRA, pa.map_(pa.string(), pa.string()))]
)
"""The wide `spans` table: what a dialect produces and what every aggregate reads."""

REQUEST_DIMS = (
    "route", "tenant", "region", "locale", "client", "device_class", "app_version", "experiment", "env", "pod", "zone",
)  # fmt: skip
OP_DIMS = {
    "llm": ("provider", "model_requested", "model_served", "prompt_name", "prompt_version", "server_address", "key_id", "service_tier"),
    "retrieval": ("source_id", "shard", "namespace", "index_version", "server_address"),
    "tool": ("tool", "tool_server", "tool_version", "server_address"),
    "embedding": ("embedding_model", "server_address"),
    "rerank": ("rerank_model",),
    "guardrail": ("guardrail", "guardrail_policy_version"),
    "parser": ("parser_schema", "parser_version"),
    "cache": ("cache_layer",),
    "evaluator": ("evaluator", "judge_version"),
}


def field_of(path: str) -> Field | None:
    """`llm.output.refusal` -> its Field; a field of kind `span` may be written under any kind. None when unknown."""
    found = BY_PATH.get(path)
    if found is not None:
        return found
    kind, _, rest = path.partition(".")
    return BY_PATH.get(f"span.{rest}") if kind in KINDS else None


def columns_of(kind: str) -> tuple[str, ...]:
    """The columns a span of `kind` may carry, common ones first."""
    own = [field.column for field in FIELDS if field.kind in ("span", kind)]
    if kind == "retrieval":  # a query is embedded on the retriever's own span by several frameworks
        own += ["embedding_model", "tool_result_empty", "tool_result_bytes"]  # and a search done as a tool counts no documents
    return tuple(dict.fromkeys(own))
