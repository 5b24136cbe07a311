"""OpenInference (Arize): `openinference.span.kind` and flattened messages and documents.

Traps: one model name stands for both requested and served, and the captured request tells them apart; `llm.system` is the vendor and
`llm.provider` the host; parameters are a JSON text; a finish reason exists only since April 2026, before that it hides in output.value; a
TOOL that returns documents is retrieval.
"""

from __future__ import annotations

from bot.telemetry import captured
from bot.telemetry.dialects import Dialect, Rule
from bot.telemetry.finish import finish
from bot.telemetry.group import Group
from bot.telemetry.usage import settle_usage
from bot.telemetry.values import Column, digest, number, parsed, text

KINDS = {
    "LLM": "llm", "EMBEDDING": "embedding", "CHAIN": "chain", "RETRIEVER": "retrieval", "RERANKER": "rerank", "TOOL": "tool",
    "AGENT": "agent", "GUARDRAIL": "guardrail", "EVALUATOR": "evaluator", "PROMPT": "prompt",
}  # fmt: skip

TABLE: dict[str, Rule] = {
    "openinference.span.kind": "op",
    "llm.system": "provider",
    "llm.provider": "provider",
    "llm.request.model_name": "model_requested",
    "llm.response.model_name": "model_served",
    "llm.token_count.prompt": "tokens_input",
    "llm.token_count.completion": "tokens_output",
    "llm.token_count.prompt_details.cache_read": "tokens_cache_read",
    "llm.token_count.prompt_details.cache_write": "tokens_cache_write",
    "llm.token_count.completion_details.reasoning": "tokens_reasoning",
    "llm.cost.total": "cost_usd",
    "llm.finish_reason": ("finish", finish),
    "llm.prompt_template.version": "prompt_version",
    "llm.prompt_template.name": "prompt_name",
    "llm.prompt_template.template": ("prompt_hash", digest),
    "prompt.id": "prompt_name",
    "prompt.name": "prompt_name",
    "prompt.vendor": "prompt_label",
    "embedding.model_name": "embedding_model",
    "reranker.model_name": "rerank_model",
    "tool.name": "tool",
    "tool_call.function.name": "tool",
    "retriever.name": "source_id",
    "index.name": "source_id",
}

_PARAMETERS = {
    "temperature": "temperature", "top_p": "top_p", "max_tokens": "max_tokens", "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens", "stream": "stream", "model": "model_requested",
    "reasoning_effort": "reasoning_level", "service_tier": "service_tier",
}  # fmt: skip


def _kinds(group: Group) -> list[str]:
    raw = group.values("openinference.span.kind") or [None] * group.n
    return [KINDS.get(str(kind).upper(), "other") for kind in raw]


def _finish(group: Group) -> None:
    _parameters(group)
    _models(group)
    captured.metadata(group, "metadata")
    settle_usage(group)
    captured.hashed(group, "tool_defs_hash", "llm.tools.#", "llm.tools")
    captured.chat(group, asked=_asked(group), answered=("llm.output_messages.#", "llm.output_messages", "output.value"))
    captured.tool(group, ("tool.parameters", "tool_call.function.arguments", "input.value"), ("output.value",))
    captured.retrieved(group, ("retrieval.documents.#", "retrieval.documents", "output.value"))
    _rerank(group)


def _models(group: Group) -> None:
    """`llm.model_name` is overwritten by the model that served; what was asked for stands in the captured request."""
    requests = group.values("input.value")
    if requests is not None:
        missing = group.get("model_requested")
        held = [
            parsed(value) if was is None and kind == "llm" else None
            for value, was, kind in zip(requests, missing, group.kinds, strict=True)
        ]
        group.put("model_requested", [text(one.get("model")) if isinstance(one, dict) else None for one in held])
    if "llm.model_name" in group.attrs:
        group.put("model_requested", group.attrs["llm.model_name"])
        group.put("model_served", group.attrs["llm.model_name"])


def _asked(group: Group) -> tuple[tuple[str, str], ...]:
    """Messages where they were captured; input.value repeats them."""
    held = [name for name in ("llm.input_messages.#", "llm.input_messages", "llm.prompts.#", "input.value") if name in group.attrs]
    return tuple((name, "user") for name in held[:1])


def _parameters(group: Group) -> None:
    values = group.values("llm.invocation_parameters")
    if values is None:
        return
    rows: list[dict[str, object]] = []
    for value in values:
        read = parsed(value)
        named = read.items() if isinstance(read, dict) else ()
        rows.append({_PARAMETERS[name]: held for name, held in named if name in _PARAMETERS})
    captured.spread(group, rows)


def _rerank(group: Group) -> None:
    for column, attribute in (("rerank_n_in", "reranker.input_documents.#"), ("rerank_n_out", "reranker.output_documents.#")):
        held: Column | None = group.values(attribute)
        if held is not None:
            group.put(column, [len({entry[0] for entry in row}) if isinstance(row, list) else None for row in held])
    top_k = group.values("reranker.top_k")
    if top_k is not None:
        group.put("rerank_n_out", [number(value) for value in top_k])


DIALECT = Dialect(
    name="openinference",
    rank=30,
    recognises=lambda keys, scope: "openinference.span.kind" in keys,
    table=TABLE,
    kinds=_kinds,
    finish=_finish,
    reads=frozenset(
        {
            "llm.invocation_parameters", "llm.model_name", "input.value", "output.value", "input.mime_type", "output.mime_type", "metadata",
            "llm.tools", "llm.prompts", "tool.parameters", "tool.description", "tool_call.function.arguments", "retrieval.documents",
        }
    ),
    prefixes=(
        "llm.token_count.", "llm.input_messages", "llm.output_messages", "llm.prompt_template.", "reranker.", "embedding.", "llm.cost.",
        "graph.node.",
        "output.", "input.",
    ),
)  # fmt: skip
