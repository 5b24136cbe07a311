"""LangSmith's OpenTelemetry exporter: `langsmith.span.kind`, runs with inputs and outputs.

Traps: it writes gen_ai.operation.name "embeddings" for retriever runs and "chat" for prompt runs, so only its own kind counts; the
provider is guessed from the model's name and "langchain" means unknown; token details are JSON maps.
"""

from __future__ import annotations

from bot.telemetry import captured
from bot.telemetry.dialects import Dialect, Rule
from bot.telemetry.dialects import otel_genai as genai
from bot.telemetry.group import Group
from bot.telemetry.usage import settle_usage
from bot.telemetry.values import parsed, text

KINDS = {
    "llm": "llm", "chain": "chain", "tool": "tool", "retriever": "retrieval", "prompt": "prompt", "parser": "parser",
    "embedding": "embedding",
}  # fmt: skip


def _provider(value: object) -> str | None:
    said = genai.provider(value)
    return None if said == "langchain" else said


TABLE: dict[str, Rule] = {
    **genai.TABLE,
    "gen_ai.system": ("provider", _provider),
    "gen_ai.operation.name": "op",
    "langsmith.metadata.ls_provider": "provider",
    "langsmith.metadata.ls_model_name": "model_requested",
    "langsmith.metadata.ls_temperature": "temperature",
    "langsmith.metadata.ls_max_tokens": "max_tokens",
    "langsmith.metadata.lc_hub_commit_hash": "prompt_version",
    "langsmith.metadata.lc_hub_repo": "prompt_name",
    "langsmith.metadata.ls_retriever_name": "source_id",
    "langsmith.metadata.revision_id": "app_version",
    "langsmith.trace.session_id": "session_id",
    "langsmith.request.streaming": "stream",
}


def _kinds(group: Group) -> list[str]:
    own = group.values("langsmith.span.kind") or [None] * group.n
    others = genai.kinds(group)
    return [KINDS.get(str(kind).lower()) or ("chain" if kind is not None else other) for kind, other in zip(own, others, strict=True)]


def _finish(group: Group) -> None:
    _details(group, "gen_ai.usage.input_token_details", {"cache_read": "tokens_cache_read", "cache_creation": "tokens_cache_write"})
    _details(group, "gen_ai.usage.output_token_details", {"reasoning": "tokens_reasoning"})
    settle_usage(group)
    names = group.values("langsmith.trace.name") or group.names
    if "tool" in group.kinds:
        group.put("tool", [text(name) if kind == "tool" else None for name, kind in zip(names, group.kinds, strict=True)])
    captured.metadata(group, "langsmith.metadata")
    captured.chat(group, asked=(("gen_ai.prompt", "user"),), answered=("gen_ai.completion",))
    captured.tool(group, ("gen_ai.prompt",), ("gen_ai.completion",))
    captured.retrieved(group, ("gen_ai.completion",))


def _details(group: Group, attribute: str, names: dict[str, str]) -> None:
    rows = []
    for value in group.values(attribute) or []:
        held = parsed(value)
        rows.append({column: held.get(name) for name, column in names.items()} if isinstance(held, dict) else {})
    captured.spread(group, rows)


DIALECT = Dialect(
    name="langsmith",
    rank=10,
    recognises=lambda keys, scope: "langsmith.span.kind" in keys or scope == "langsmith",
    table=TABLE,
    kinds=_kinds,
    finish=_finish,
    reads=genai.READS | {"langsmith.span.kind", "langsmith.span.id", "langsmith.span.parent_id", "langsmith.trace.id"},
    prefixes=("langsmith.span.", "langsmith.trace.", "langsmith.metadata.ls_", "langsmith.metadata.LANG", *genai.DIALECT.prefixes),
)
