"""MLflow tracing: `mlflow.spanType`, inputs and outputs as JSON.

Traps: every attribute is a JSON text, often encoded twice, so that a plain name arrives in quotes; token usage is one JSON map; prompts
are a list of links; a RETRIEVER's documents are its outputs.
"""

from __future__ import annotations

from bot.telemetry import captured
from bot.telemetry.dialects import Dialect, Rule
from bot.telemetry.dialects import otel_genai as genai
from bot.telemetry.finish import finish
from bot.telemetry.group import Group
from bot.telemetry.usage import settle_usage
from bot.telemetry.values import parsed, person, text

KINDS = {
    "LLM": "llm", "CHAT_MODEL": "llm", "RETRIEVER": "retrieval", "TOOL": "tool", "AGENT": "agent", "CHAIN": "chain",
    "EMBEDDING": "embedding", "RERANKER": "rerank", "PARSER": "parser", "GUARDRAIL": "guardrail", "EVALUATOR": "evaluator",
    "MEMORY": "memory", "WORKFLOW": "workflow", "TASK": "chain",
}  # fmt: skip
_USAGE = {
    "input_tokens": "tokens_input", "output_tokens": "tokens_output", "cache_read_input_tokens": "tokens_cache_read",
    "cache_creation_input_tokens": "tokens_cache_write",
}  # fmt: skip
_PARAMETERS = {"temperature": "temperature", "top_p": "top_p", "max_tokens": "max_tokens", "stream": "stream", "model": "model_requested"}

TABLE: dict[str, Rule] = {
    "mlflow.spanType": "op",
    "mlflow.llm.model": "model_requested",
    "mlflow.llm.provider": "provider",
    "mlflow.trace.session": "session_id",
    "mlflow.trace.user": ("user_hash", person),
    "mlflow.traceTag.mlflow.source.git.commit": "app_version",
    **{name: rule for name, rule in genai.TABLE.items() if name != "gen_ai.operation.name"},
}


def _prepare(group: Group) -> None:
    for name, values in group.attrs.items():
        if any(isinstance(value, str) and value[:1] == '"' for value in values):
            group.attrs[name] = [parsed(value) if isinstance(value, str) and value[:1] == '"' else value for value in values]


def _kinds(group: Group) -> list[str]:
    return [KINDS.get(str(kind).upper(), "other") for kind in group.values("mlflow.spanType") or [None] * group.n]


def _finish(group: Group) -> None:
    captured.spread(group, [_renamed(value, _USAGE) for value in group.values("mlflow.chat.tokenUsage") or []])
    captured.spread(group, [_renamed(value, {"total_cost": "cost_usd"}) for value in group.values("mlflow.llm.cost") or []])
    captured.spread(group, [_prompt(value) for value in group.values("mlflow.linkedPrompts") or []])
    captured.spread(group, [_renamed(value, _PARAMETERS) for value in group.values("mlflow.spanInputs") or []])
    captured.spread(group, [_answer(value) for value in group.values("mlflow.spanOutputs") or []])
    settle_usage(group)
    if "tool" in group.kinds:
        group.put("tool", [name if kind == "tool" else None for name, kind in zip(group.names, group.kinds, strict=True)])
    captured.chat(group, asked=(("mlflow.spanInputs", "user"),), answered=("mlflow.spanOutputs",))
    captured.tool(group, ("mlflow.spanInputs",), ("mlflow.spanOutputs",))
    captured.retrieved(group, ("mlflow.spanOutputs",))


def _renamed(value: object, names: dict[str, str]) -> dict[str, object]:
    held = parsed(value)
    return {column: held[name] for name, column in names.items() if held.get(name) is not None} if isinstance(held, dict) else {}


def _prompt(value: object) -> dict[str, object]:
    held = parsed(value)
    first = held[0] if isinstance(held, list) and held and isinstance(held[0], dict) else {}
    return {"prompt_name": text(first.get("name")), "prompt_version": text(first.get("version"))}


def _answer(value: object) -> dict[str, object]:
    """What the provider's own response object says: the model that served, the response's id, why it ended."""
    held = parsed(value)
    if not isinstance(held, dict):
        return {}
    choices = held.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else held
    return {
        "model_served": text(held.get("model")),
        "response_id": text(held.get("id")),
        "finish": finish(first.get("finish_reason") or first.get("stop_reason")),
    }


DIALECT = Dialect(
    name="mlflow",
    rank=50,
    recognises=lambda keys, scope: "mlflow.spanType" in keys,
    table=TABLE,
    kinds=_kinds,
    finish=_finish,
    reads=genai.READS,
    prefixes=("mlflow.span", "mlflow.chat.", "mlflow.llm.", "mlflow.trace", "mlflow.linked", "mlflow.message", *genai.DIALECT.prefixes),
    prepare=_prepare,
)
