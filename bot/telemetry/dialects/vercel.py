"""The Vercel AI SDK: `ai.operationId`, an outer span for the call and inner `.do*` spans for the model.

Traps: `ai.generateText` and `ai.generateText.doGenerate` both carry usage, only the inner one is a model call; times to first chunk are in
milliseconds; the provider has the API's name appended; cached and reasoning tokens hide in the provider's metadata.
"""

from __future__ import annotations

from bot.telemetry import captured
from bot.telemetry.dialects import Dialect, Rule
from bot.telemetry.finish import finish
from bot.telemetry.group import Group
from bot.telemetry.usage import settle_usage
from bot.telemetry.values import number, parsed, text

_CALLS = (
    "tokens_input",
    "tokens_output",
    "tokens_cache_read",
    "tokens_cache_write",
    "tokens_reasoning",
    "ttft_ms",
    "finish",
    "response_id",
)
_METADATA = {
    "cachedPromptTokens": "tokens_cache_read",
    "cacheReadInputTokens": "tokens_cache_read", "cacheCreationInputTokens": "tokens_cache_write",
    "reasoningTokens": "tokens_reasoning", "serviceTier": "service_tier", "systemFingerprint": "fingerprint",
}  # fmt: skip


def provider(value: object) -> str | None:
    """`openai.responses`, `anthropic.messages` -> openai, anthropic."""
    said = text(value)
    return said.partition(".")[0] if said else None


TABLE: dict[str, Rule] = {
    "ai.operationId": "op",
    "ai.model.provider": ("provider", provider),
    "gen_ai.system": ("provider", provider),
    "ai.model.id": "model_requested",
    "gen_ai.request.model": "model_requested",
    "ai.response.model": "model_served",
    "gen_ai.response.model": "model_served",
    "gen_ai.request.temperature": "temperature",
    "ai.settings.temperature": "temperature",
    "gen_ai.request.top_p": "top_p",
    "gen_ai.request.max_tokens": "max_tokens",
    "ai.settings.maxTokens": "max_tokens",
    "ai.settings.maxOutputTokens": "max_tokens",
    "ai.usage.inputTokens": "tokens_input",
    "ai.usage.promptTokens": "tokens_input",
    "gen_ai.usage.input_tokens": "tokens_input",
    "gen_ai.usage.prompt_tokens": "tokens_input",
    "ai.usage.outputTokens": "tokens_output",
    "ai.usage.completionTokens": "tokens_output",
    "gen_ai.usage.output_tokens": "tokens_output",
    "gen_ai.usage.completion_tokens": "tokens_output",
    "ai.usage.cachedInputTokens": "tokens_cache_read",
    "ai.usage.inputTokenDetails.cacheReadTokens": "tokens_cache_read",
    "ai.usage.inputTokenDetails.cacheWriteTokens": "tokens_cache_write",
    "ai.usage.reasoningTokens": "tokens_reasoning",
    "ai.usage.outputTokenDetails.reasoningTokens": "tokens_reasoning",
    "ai.response.finishReason": ("finish", finish),
    "ai.finishReason": ("finish", finish),
    "gen_ai.response.finish_reasons": ("finish", finish),
    "ai.response.msToFirstChunk": "ttft_ms",
    "ai.stream.msToFirstChunk": "ttft_ms",
    "ai.response.id": "response_id",
    "gen_ai.response.id": "response_id",
    "ai.toolCall.name": "tool",
}


def _kinds(group: Group) -> list[str]:
    operations = group.values("ai.operationId", "operation.name") or [None] * group.n
    return [_kind(str(operation or name)) for operation, name in zip(operations, group.names, strict=True)]


def _kind(operation: str) -> str:
    """operation.name has the function's id appended after a blank."""
    word = operation.partition(" ")[0]
    if word == "ai.toolCall":
        return "tool"
    if word.endswith((".doGenerate", ".doStream")):
        return "llm"
    if word.endswith(".doEmbed"):
        return "embedding"
    return "rerank" if word.endswith(".doRerank") else "chain"


def _finish(group: Group) -> None:
    captured.spread(group, [_metadata(value) for value in group.values("ai.response.providerMetadata") or []])
    settle_usage(group)
    for name in _CALLS:
        if name in group.out:
            group.out[name] = [value if kind == "llm" else None for value, kind in zip(group.out[name], group.kinds, strict=True)]
    operations = group.get("op")
    group.put("stream", ["doStream" in str(op) if kind == "llm" else None for op, kind in zip(operations, group.kinds, strict=True)])
    if "embedding" in group.kinds:
        models = group.get("model_requested")
        group.put("embedding_model", [model if kind == "embedding" else None for model, kind in zip(models, group.kinds, strict=True)])
    captured.hashed(group, "tool_defs_hash", "ai.prompt.tools")
    captured.chat(
        group,
        asked=(("ai.prompt.messages", "user"), ("ai.prompt", "user")),
        answered=("ai.response.text", "ai.result.text", "ai.response.object"),
    )
    captured.tool(group, ("ai.toolCall.args", "ai.toolCall.input"), ("ai.toolCall.result", "ai.toolCall.output"))
    captured.retrieved(group, ("ai.toolCall.result", "ai.toolCall.output"))


def _metadata(value: object) -> dict[str, object]:
    held = parsed(value)
    found: dict[str, object] = {}
    for inside in held.values() if isinstance(held, dict) else ():
        for name, column in _METADATA.items():
            if isinstance(inside, dict) and inside.get(name) is not None:
                found[column] = number(inside[name]) if column.startswith("tokens") else inside[name]
    return found


DIALECT = Dialect(
    name="vercel",
    rank=40,
    recognises=lambda keys, scope: "ai.operationId" in keys or ("operation.name" in keys and any(key.startswith("ai.") for key in keys)),
    table=TABLE,
    kinds=_kinds,
    finish=_finish,
    reads=frozenset({"operation.name", "resource.name"}),
    prefixes=(
        "ai.prompt",
        "ai.response.",
        "ai.result.",
        "ai.settings.",
        "ai.request.",
        "ai.toolCall.",
        "ai.usage.",
        "ai.value",
        "ai.embedding",
        "ai.schema",
        "ai.stream.",
        "gen_ai.",
    ),
)
