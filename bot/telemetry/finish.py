"""Finish reasons of every vendor -> one vocabulary (catalogue 3.2)."""

from __future__ import annotations

from bot.telemetry.values import parsed

FINISH: dict[str, tuple[str, ...]] = {
    "stop": ("stop", "end_turn", "stop_sequence", "complete", "completed", "eos", "eos_token", "finish_reason_stop", "end", "endturn"),
    "length": ("length", "max_tokens", "max_output_tokens", "model_length", "max_tokens_reached", "incomplete", "finish_reason_max_tokens"),
    "context_window": ("model_context_window_exceeded", "context_window", "context_length_exceeded", "error_limit"),
    "tool_call": ("tool_calls", "tool_call", "function_call", "tool_use", "tool-calls", "toolcalls"),
    "content_filter": (
        "content_filter", "content-filter", "contentfilter", "safety", "recitation", "blocklist", "prohibited_content", "spii",
        "image_safety", "language", "guardrail_intervened", "content_filtered", "sensitive", "error_toxic",
    ),
    "refusal": ("refusal", "refused"),
    "pause": ("pause_turn", "compaction", "pause"),
    "error": (
        "error", "malformed_function_call", "unexpected_tool_call", "other", "network_error", "insufficient_system_resource", "failed",
        "malformed_model_output", "malformed_tool_use",
    ),
}  # fmt: skip
_BY_WORD = {word: canonical for canonical, words in FINISH.items() for word in words}
_WEIGHT = ("error", "content_filter", "refusal", "context_window", "length", "pause", "tool_call", "stop")
"""Of several choices the one that hurts most is the span's: a truncated second choice must not hide behind the first."""


def finish(value: object) -> str | None:
    """A reason, a list of them, or a JSON list as text -> canonical; a word nobody knows is kept as itself in lower case."""
    if type(value) is list and len(value) == 1 and type(value[0]) is str and value[0] in _BY_WORD:
        return _BY_WORD[value[0]]  # the usual case by far
    value = parsed(value)
    if isinstance(value, list):
        found = [reason for reason in map(finish, value[:16]) if reason]  # 16 choices: nobody asks for more
        return min(found, key=_rank) if found else None
    if not isinstance(value, str) or not value:
        return None
    word = value[:60].strip().lower().rpartition(".")[2]  # "FinishReason.STOP"
    return _BY_WORD.get(word) or _BY_WORD.get(word.replace(" ", "_")) or word or None


def _rank(reason: str) -> int:
    return _WEIGHT.index(reason) if reason in _WEIGHT else len(_WEIGHT)
