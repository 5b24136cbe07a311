"""The attribute names of each dialect: canonical path -> key (catalogue 3.4 and 3.5). What has no key here is the product's own."""

from __future__ import annotations

OTEL_26 = {
    "llm.provider": "gen_ai.system",
    "llm.model_requested": "gen_ai.request.model",
    "llm.model_served": "gen_ai.response.model",
    "llm.tokens.input": "gen_ai.usage.prompt_tokens",
    "llm.tokens.output": "gen_ai.usage.completion_tokens",
    "llm.finish": "gen_ai.response.finish_reasons",
    "llm.max_tokens": "gen_ai.request.max_tokens",
    "llm.temperature": "gen_ai.request.temperature",
    "llm.response_id": "gen_ai.response.id",
    "span.server_address": "server.address",
    "db.system": "db.system",
}
OTEL_27 = {
    **OTEL_26,
    "llm.tokens.input": "gen_ai.usage.input_tokens",
    "llm.tokens.output": "gen_ai.usage.output_tokens",
    "llm.fingerprint": "gen_ai.openai.response.system_fingerprint",
    "embedding.model": "gen_ai.request.model",
}
OTEL_31 = {**OTEL_27, "tool.name": "gen_ai.tool.name", "tool.type": "gen_ai.tool.type"}
OTEL_37 = {
    **OTEL_31,
    "llm.provider": "gen_ai.provider.name",
    "llm.fingerprint": "openai.response.system_fingerprint",
    "embedding.dims": "gen_ai.embeddings.dimension.count",
    "db.system": "db.system.name",
}
OTEL_40 = {
    **OTEL_37,
    "llm.prompt.name": "gen_ai.prompt.name",
    "llm.tokens.cache_read": "gen_ai.usage.cache_read.input_tokens",
    "retrieval.source_id": "gen_ai.data_source.id",
    "retrieval.doc_ids": "gen_ai.retrieval.documents",
    "retrieval.top_k": "gen_ai.request.top_k",
}
OTEL_41 = {
    **OTEL_40,
    "llm.stream": "gen_ai.request.stream",
    "llm.ttft_ms": "gen_ai.response.time_to_first_chunk",  # seconds
    "llm.tokens.reasoning": "gen_ai.usage.reasoning.output_tokens",
}
OTEL_LATEST = {**OTEL_41, "llm.prompt.version": "gen_ai.prompt.version", "retrieval.top_k": "gen_ai.retrieval.top_k"}
OPENINFERENCE = {
    "llm.provider": "llm.system",
    "llm.model_requested": "llm.model_name",
    "llm.model_served": "llm.response.model_name",
    "llm.tokens.input": "llm.token_count.prompt",
    "llm.tokens.output": "llm.token_count.completion",
    "llm.tokens.cache_read": "llm.token_count.prompt_details.cache_read",
    "llm.tokens.reasoning": "llm.token_count.completion_details.reasoning",
    "llm.finish": "llm.finish_reason",
    "llm.max_tokens": "llm.invocation_parameters",
    "llm.prompt.version": "llm.prompt_template.version",
    "llm.cost_usd": "llm.cost.total",
    "retrieval.doc_ids": "retrieval.documents",
    "embedding.model": "embedding.model_name",
    "rerank.model": "reranker.model_name",
    "tool.name": "tool.name",
    "span.server_address": "server.address",
}
OPENLLMETRY = {
    **OTEL_27,
    "llm.tokens.input": "gen_ai.usage.prompt_tokens",
    "llm.tokens.output": "gen_ai.usage.completion_tokens",
    "llm.tokens.cache_read": "gen_ai.usage.cache_read_input_tokens",
    "llm.tokens.reasoning": "gen_ai.usage.reasoning_tokens",
    "llm.fingerprint": "gen_ai.openai.system_fingerprint",
    "llm.finish": "gen_ai.response.finish_reason",
    "llm.stream": "llm.is_streaming",
    "llm.prompt.name": "traceloop.prompt.key",
    "llm.prompt.version": "traceloop.prompt.version",
    "retrieval.n_returned": "db.vector.query.result_count",
    "retrieval.scores.top": "db.vector.query.top_score",
    "retrieval.top_k": "db.vector.query.top_k",
    "tool.name": "traceloop.entity.name",
}
OTEL_VERSIONS: dict[str, dict[str, str]] = {
    "otel-1.26": OTEL_26,
    "otel-1.30": OTEL_27,
    "otel-1.36": OTEL_31,
    "otel-1.37": OTEL_37,
    "otel-1.38": OTEL_37,
    "otel-1.40": OTEL_40,
    "otel-1.41": OTEL_41,
    "otel-latest": OTEL_LATEST,
}
KEYS: dict[str, dict[str, str]] = {**OTEL_VERSIONS, "openinference": OPENINFERENCE, "openllmetry": OPENLLMETRY}

WEB = {
    "request.route": "http.route",
    "span.http_status": "http.response.status_code",
    "request.session_id": "session.id",
    "request.user_hash": "user.id",
}
"""The request's own span comes from the web framework's instrumentation, whatever the dialect of what lies below."""

SCOPES = {
    "openinference": ("openinference.instrumentation.langchain", "0.1.62"),
    "openllmetry": ("opentelemetry.instrumentation.openai", "0.47.5"),
    "web": ("opentelemetry.instrumentation.fastapi", "0.58b0"),
    "otel": ("opentelemetry.instrumentation.openai_v2", "2.1b0"),
}

OPERATION = {"llm": "chat", "embedding": "embeddings", "tool": "execute_tool", "agent": "invoke_agent", "retrieval": "retrieval"}
SINCE = {
    "chat": 27,
    "embeddings": 27,
    "execute_tool": 31,
    "invoke_agent": 33,
    "retrieval": 40,
}  # semconv 1.x in which the operation appeared
OI_KIND = {
    "llm": "LLM", "embedding": "EMBEDDING", "retrieval": "RETRIEVER", "rerank": "RERANKER", "tool": "TOOL", "agent": "AGENT",
    "guardrail": "GUARDRAIL", "evaluator": "EVALUATOR", "prompt": "PROMPT", "chain": "CHAIN", "parser": "CHAIN", "cache": "CHAIN",
}  # fmt: skip
TRACELOOP_KIND = {
    "tool": "tool",
    "agent": "agent",
    "chain": "task",
    "parser": "task",
    "rerank": "task",
    "prompt": "task",
    "guardrail": "task",
}

FINISH: dict[str, dict[str, str]] = {
    "openai": {"stop": "stop", "length": "length", "tool_call": "tool_calls", "content_filter": "content_filter"},
    "anthropic": {"stop": "end_turn", "length": "max_tokens", "tool_call": "tool_use", "content_filter": "refusal"},
    "aws.bedrock": {"stop": "end_turn", "length": "max_tokens", "tool_call": "tool_use", "content_filter": "guardrail_intervened"},
    "gcp.gemini": {"stop": "STOP", "length": "MAX_TOKENS", "tool_call": "STOP", "content_filter": "SAFETY"},
}
"""Canonical finish -> the provider's own word (catalogue 3.2)."""

SYSTEM_OLD = {"gcp.gemini": "gemini"}  # gen_ai.system before 1.37


def version_of(dialect: str) -> int:
    """OTel GenAI 1.x minor version; 99 for the latest."""
    return 99 if dialect == "otel-latest" else int(dialect.partition("-1.")[2])


def standard_kinds(dialect: str) -> frozenset[str]:
    """Kinds that this dialect marks by itself."""
    if dialect == "openinference":
        return frozenset(OI_KIND) - {"parser", "cache"}
    if dialect == "openllmetry":
        return frozenset({"llm", "embedding", "tool", "agent"})
    return frozenset(kind for kind, op in OPERATION.items() if SINCE[op] <= version_of(dialect))
