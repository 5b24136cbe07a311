"""OpenTelemetry GenAI semantic conventions, every version from 1.26 to the semantic-conventions-genai repository.

Traps: `gen_ai.system` became `gen_ai.provider.name`; prompt/completion_tokens became input/output_tokens; cache_creation became
cache_write; time_to_first_chunk is in seconds; `gen_ai.request.top_k` is a sampling parameter on chat and the number of documents on
retrieval; zero usage on a stream was not recorded; before 1.27 there is no operation name, the span's name says it.
"""

from __future__ import annotations

from functools import lru_cache

from bot.telemetry import captured
from bot.telemetry.dialects import Dialect, Rule
from bot.telemetry.finish import finish
from bot.telemetry.group import Group
from bot.telemetry.usage import settle_usage
from bot.telemetry.values import Column, per_second, person, text

KINDS = {
    "chat": "llm", "text_completion": "llm", "completion": "llm", "generate_content": "llm", "inference": "llm", "message": "llm",
    "responses": "llm", "embeddings": "embedding", "embedding": "embedding", "execute_tool": "tool", "invoke_agent": "agent",
    "create_agent": "agent", "agent": "agent",
    "invoke_workflow": "workflow", "plan": "chain", "retrieval": "retrieval", "rerank": "rerank", "run_guardrail": "guardrail",
    "apply_guardrail": "guardrail", "evaluate": "evaluator", "orchestrate_tools": "chain",
}  # fmt: skip

_PROVIDERS = {"az.ai.openai": "azure.ai.openai", "gemini": "gcp.gemini", "vertex_ai": "gcp.vertex_ai", "xai": "x_ai"}


def provider(value: object) -> str | None:
    """Names that were renamed between versions -> the newest."""
    said = text(value)
    return _PROVIDERS.get(said.lower(), said) if said else None


def host(value: object) -> str | None:
    """The host of a base URL."""
    said = text(value)
    return text(said.partition("://")[2].partition("/")[0]) if said else None


TABLE: dict[str, Rule] = {
    "gen_ai.operation.name": "op",
    "gen_ai.provider.name": ("provider", provider),
    "gen_ai.system": ("provider", provider),
    "gen_ai.request.model": "model_requested",
    "gen_ai.response.model": "model_served",
    "openai.response.system_fingerprint": "fingerprint",
    "gen_ai.openai.response.system_fingerprint": "fingerprint",
    "gen_ai.response.system_fingerprint": "fingerprint",
    "gen_ai.openai.system_fingerprint": "fingerprint",
    "openai.response.service_tier": "service_tier",
    "gen_ai.openai.response.service_tier": "service_tier",
    "gen_ai.response.service_tier": "service_tier",
    "gen_ai.request.stream": "stream",
    "gen_ai.is_streaming": "stream",
    "gen_ai.request.temperature": "temperature",
    "gen_ai.request.top_p": "top_p",
    "gen_ai.request.max_tokens": "max_tokens",
    "gen_ai.request.max_completion_tokens": "max_tokens",
    "gen_ai.request.reasoning.level": "reasoning_level",
    "gen_ai.request.reasoning_effort": "reasoning_level",
    "gen_ai.usage.input_tokens": "tokens_input",
    "gen_ai.usage.prompt_tokens": "tokens_input",
    "gen_ai.usage.output_tokens": "tokens_output",
    "gen_ai.usage.completion_tokens": "tokens_output",
    "gen_ai.usage.cache_read.input_tokens": "tokens_cache_read",
    "gen_ai.usage.cache_read_input_tokens": "tokens_cache_read",
    "gen_ai.usage.details.cache_read_tokens": "tokens_cache_read",
    "gen_ai.usage.cache_write.input_tokens": "tokens_cache_write",
    "gen_ai.usage.cache_creation.input_tokens": "tokens_cache_write",
    "gen_ai.usage.cache_creation_input_tokens": "tokens_cache_write",
    "gen_ai.usage.details.cache_write_tokens": "tokens_cache_write",
    "gen_ai.usage.reasoning.output_tokens": "tokens_reasoning",
    "gen_ai.usage.reasoning_tokens": "tokens_reasoning",
    "gen_ai.usage.details.reasoning_tokens": "tokens_reasoning",
    "gen_ai.usage.cost": "cost_usd",
    "gen_ai.response.finish_reasons": ("finish", finish),
    "gen_ai.response.finish_reason": ("finish", finish),
    "gen_ai.response.time_to_first_chunk": ("ttft_ms", per_second),
    "gen_ai.response.id": "response_id",
    "gen_ai.prompt.name": "prompt_name",
    "gen_ai.prompt.version": "prompt_version",
    "gen_ai.openai.api_base": ("server_address", host),
    "gen_ai.user": ("user_hash", person),
    "gen_ai.data_source.id": "source_id",
    "gen_ai.retrieval.top_k": "top_k",
    "gen_ai.tool.name": "tool",
    "gen_ai.tool.type": "tool_type",
    "gen_ai.embeddings.dimension.count": "embedding_dims",
    "gen_ai.request.embedding.dimensions": "embedding_dims",
    "gen_ai.evaluation.name": "evaluator",
    "mcp.session.id": "mcp_session",
}
READS = frozenset(
    {
        "gen_ai.request.top_k", "gen_ai.retrieval.documents", "gen_ai.retrieval.query.text", "gen_ai.system_instructions",
        "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.prompt", "gen_ai.completion", "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result", "gen_ai.tool.definitions", "gen_ai.tool.call.id", "gen_ai.tool.description", "tool_arguments",
        "tool_response", "input", "output", "mcp.method.name",
    }
)  # fmt: skip


def kinds(group: Group) -> list[str]:
    operations = group.get("op")
    tools = "tool" in group.out
    usage = "tokens_input" in group.out or "model_requested" in group.out
    base = "tool" if tools else "llm" if usage else "other"
    return [_of_operation(str(op)) or _of_name(name) or base for op, name in zip(operations, group.names, strict=True)]


@lru_cache(maxsize=1_000)
def _of_operation(operation: str) -> str | None:
    return KINDS.get(operation.lower()) or ("memory" if "memory" in operation else None)


@lru_cache(maxsize=20_000)
def _of_name(name: str) -> str | None:
    """Before 1.27 the operation stands only in the span's name: `chat gpt-4`, `openai.chat`, `running tool: get_weather`."""
    words = name.lower().replace(".", " ").replace(":", " ").split()
    if words[:2] == ["running", "tool"]:
        return "tool"
    if words[:1] == ["running"] and words[-1:] == ["tools"]:
        return "chain"
    if words[-1:] == ["run"] and len(words) > 1:  # pydantic-ai's older "<agent> run"
        return "agent"
    return next((KINDS[word] for word in words if word in KINDS), None)


def finish_span(group: Group) -> None:
    top_k = group.values("gen_ai.request.top_k")
    if top_k is not None:
        group.put("top_k", [value if kind == "retrieval" else None for value, kind in zip(top_k, group.kinds, strict=True)])
    if "mcp.method.name" in group.attrs:
        group.put("tool_type", ["mcp" if kind == "tool" else None for kind in group.kinds])
    _embedding(group)
    settle_usage(group)
    captured.hashed(group, "tool_defs_hash", "gen_ai.tool.definitions")
    captured.chat(
        group,
        asked=(
            ("gen_ai.system_instructions", "system"),
            ("gen_ai.input.messages", "user"),
            ("gen_ai.prompt.#", "user"),
            ("gen_ai.prompt", "user"),
        ),
        answered=("gen_ai.output.messages", "gen_ai.completion.#", "gen_ai.completion"),
    )
    captured.tool(group, ("gen_ai.tool.call.arguments", "tool_arguments", "input"), ("gen_ai.tool.call.result", "tool_response", "output"))
    captured.retrieved(group, ("gen_ai.retrieval.documents", "gen_ai.retrieval.documents.#"))


def _embedding(group: Group) -> None:
    """The model of an embedding call is the embedding model."""
    if "embedding" in group.kinds:
        models: Column = group.get("model_requested")
        group.put("embedding_model", [model if kind == "embedding" else None for model, kind in zip(models, group.kinds, strict=True)])


DIALECT = Dialect(
    name="otel_genai",
    rank=70,
    recognises=lambda keys, scope: any(key.startswith("gen_ai.") and key != "gen_ai.conversation.id" for key in keys),
    table=TABLE,
    kinds=kinds,
    finish=finish_span,
    reads=READS,
    prefixes=(
        "gen_ai.input.",
        "gen_ai.output.",
        "gen_ai.prompt.",
        "gen_ai.completion.",
        "gen_ai.usage.",
        "pydantic_ai.",
        "all_messages_events",
        "gen_ai.agent.id",
    ),
)
