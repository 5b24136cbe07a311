"""Langfuse: observations of a type, usage and cost as JSON maps.

Traps: the Python SDK up to 3.3.0 marks generations as `span`: a model, usage or prompt on one tells; `input` in usage_details leaves
cached tokens out; an error is a level, not a status; time to first token is a moment, not a duration.
"""

from __future__ import annotations

from bot.telemetry import captured
from bot.telemetry.dialects import Dialect, Rule
from bot.telemetry.dialects import otel_genai as genai
from bot.telemetry.group import Group
from bot.telemetry.usage import settle_usage
from bot.telemetry.values import number, parsed, person, seconds

KINDS = {
    "generation": "llm", "embedding": "embedding", "agent": "agent", "tool": "tool", "chain": "chain", "retriever": "retrieval",
    "guardrail": "guardrail", "evaluator": "evaluator", "event": "other", "span": "other",
}  # fmt: skip
_MODEL = (
    "langfuse.observation.model.name", "langfuse.observation.usage_details", "langfuse.observation.prompt.name",
    "langfuse.observation.completion_start_time",
)  # fmt: skip

TABLE: dict[str, Rule] = {
    "langfuse.observation.type": "op",
    "langfuse.observation.model.name": "model_requested",
    "langfuse.observation.prompt.name": "prompt_name",
    "langfuse.observation.prompt.version": "prompt_version",
    "langfuse.release": "app_version",
    "langfuse.version": "app_version",
    "langfuse.environment": "env",
    "langfuse.session.id": "session_id",
    "langfuse.user.id": ("user_hash", person),
    **{name: rule for name, rule in genai.TABLE.items() if name != "gen_ai.operation.name"},
}


def _kinds(group: Group) -> list[str]:
    raw = group.values("langfuse.observation.type") or [None] * group.n
    marked = group.values(*_MODEL) or [None] * group.n
    found = [KINDS.get(str(kind).lower(), "other") for kind in raw]
    return ["llm" if kind == "other" and mark is not None else kind for kind, mark in zip(found, marked, strict=True)]


def _finish(group: Group) -> None:
    captured.spread(group, [_usage(value) for value in group.values("langfuse.observation.usage_details") or []])
    captured.spread(group, [_cost(value) for value in group.values("langfuse.observation.cost_details") or []])
    captured.spread(group, [_parameters(value) for value in group.values("langfuse.observation.model.parameters") or []])
    settle_usage(group, left_out="langfuse.observation.usage_details" in group.attrs)
    _first_token(group)
    levels = group.values("langfuse.observation.level")
    if levels is not None:
        group.put("status", ["error" if str(level).upper() == "ERROR" else None for level in levels])
    if "tool" in group.kinds:
        group.put("tool", [name if kind == "tool" else None for name, kind in zip(group.names, group.kinds, strict=True)])
    captured.metadata(group, "langfuse.trace.metadata")
    captured.metadata(group, "langfuse.observation.metadata")
    captured.chat(group, asked=(("langfuse.observation.input", "user"),), answered=("langfuse.observation.output",))
    captured.tool(group, ("langfuse.observation.input",), ("langfuse.observation.output",))
    captured.retrieved(group, ("langfuse.observation.output",))


def _usage(value: object) -> dict[str, object]:
    """{input, output, input_cached_tokens, cache_read_input_tokens, output_reasoning_tokens, ...} -> token columns."""
    held = parsed(value)
    if not isinstance(held, dict):
        return {}
    counts = {str(name): number(count) or 0.0 for name, count in held.items()}
    read = sum(count for name, count in counts.items() if "cache_read" in name or name == "input_cached_tokens")
    wrote = sum(count for name, count in counts.items() if "cache_creation" in name or "cache_write" in name)
    thought = sum(count for name, count in counts.items() if "reasoning" in name)
    return {
        "tokens_input": _first(counts, "input", "input_tokens", "prompt_tokens"),
        "tokens_output": _plus(_first(counts, "output", "output_tokens", "completion_tokens"), counts.get("output_reasoning_tokens")),
        "tokens_cache_read": read or None,
        "tokens_cache_write": wrote or None,
        "tokens_reasoning": thought or None,
    }


def _first(counts: dict[str, float], *names: str) -> float | None:
    return next((counts[name] for name in names if name in counts), None)


def _plus(count: float | None, more: float | None) -> float | None:
    return None if count is None else count + (more or 0.0)


def _cost(value: object) -> dict[str, object]:
    held = parsed(value)
    return {"cost_usd": number(held.get("total"))} if isinstance(held, dict) else {}


def _parameters(value: object) -> dict[str, object]:
    held = parsed(value)
    known = ("temperature", "top_p", "max_tokens", "stream")
    return {name: held[name] for name in known if held.get(name) is not None} if isinstance(held, dict) else {}


def _first_token(group: Group) -> None:
    moments = group.values("langfuse.observation.completion_start_time")
    if moments is not None:
        read = [seconds(parsed(moment)) for moment in moments]
        starts = group.out["ts"]
        group.put("ttft_ms", [None if at is None or at < start else (at - start) * 1000.0 for at, start in zip(read, starts, strict=True)])


DIALECT = Dialect(
    name="langfuse",
    rank=20,
    recognises=lambda keys, scope: "langfuse.observation.type" in keys or scope == "langfuse-sdk",
    table=TABLE,
    kinds=_kinds,
    finish=_finish,
    reads=genai.READS,
    prefixes=("langfuse.observation.", "langfuse.trace.", "langfuse.internal.", *genai.DIALECT.prefixes),
)
