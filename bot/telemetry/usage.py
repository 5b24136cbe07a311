"""Token counts: input always with cached tokens, and never a zero that nobody counted (catalogue 3.6)."""

from __future__ import annotations

from bot.telemetry.group import Group
from bot.telemetry.values import Column


def settle_usage(group: Group, *, left_out: bool | None = None) -> None:
    """Input gains the cached tokens where they were left out; zeros that a stream or a failed call leaves become not recorded.
    `left_out`: what the dialect knows about its input count; None = told by the figures."""
    if "tokens_input" not in group.out and "tokens_output" not in group.out:
        return
    if "tokens_input" in group.out and ("tokens_cache_read" in group.out or "tokens_cache_write" in group.out):
        _with_cached(group, left_out)
    sent, got, live = group.get("tokens_input"), group.get("tokens_output"), group.get("stream")
    if "tokens_input" in group.out:  # no call sends nothing: a zero is what an instrumentation writes when usage did not come back
        group.out["tokens_input"] = [value or None for value in sent]
    if "tokens_output" in group.out:
        group.out["tokens_output"] = [
            None if count == 0 and (stream or not asked) else count for count, stream, asked in zip(got, live, sent, strict=True)
        ]


def _with_cached(group: Group, left_out: bool | None) -> None:
    """Anthropic's raw input_tokens leaves cached tokens out, OpenTelemetry's includes them. More cached than sent on any span of a
    group tells that its instrumentation passes the raw figure on, for all of them."""
    sent = list(map(_number, group.out["tokens_input"]))
    cached = [
        _number(read) + _number(wrote) for read, wrote in zip(group.get("tokens_cache_read"), group.get("tokens_cache_write"), strict=True)
    ]
    if left_out or (left_out is None and any(there > all_ for there, all_ in zip(cached, sent, strict=True))):
        held: Column = group.out["tokens_input"]
        group.out["tokens_input"] = [None if was is None else count + there for was, count, there in zip(held, sent, cached, strict=True)]


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
