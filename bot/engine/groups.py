"""Ambiguity groups (catalogue 1.9): causes that cannot be told apart without a named field."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.engine.needs import path_of, seen
from bot.model.evidence import Evidence


@dataclass(frozen=True)
class Group:
    """Members are separable only when one of `fields` (kind, column) is recorded."""

    members: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    untested: bool = False  # members that cannot be tested without the fields are as likely as the one that can


GROUPS: tuple[Group, ...] = (
    Group(
        ("model.silent_version_change", "prompt.contract_break"),
        (("llm", "model_served"), ("llm", "fingerprint"), ("llm", "prompt_version")),
    ),
    Group(("prompt.contract_break", "prompt.model_mismatch"), (("llm", "model_served"),)),
    Group(("model.output_corruption", "prompt.locale_regression"), (("llm", "input_lang"), ("llm", "prompt_version"))),
    Group(("model.truncated_output", "prompt.contract_break"), (("llm", "finish"), ("llm", "max_tokens"))),
    Group(("infra.guardrail_overblock", "model.refusal_shift"), (("guardrail", "guardrail_action"), ("llm", "finish"))),
    Group(("retrieval.embedding_mismatch", "retrieval.partial_results", "retrieval.ranking_regression"), (("retrieval", "score_top"),)),
    Group(("cost.cache_collapse", "model.ttft_regression", "prompt.bloat"), (("llm", "tokens_cache_read"), ("llm", "system_tokens"))),
    Group(("model.silent_version_change", "telemetry.judge_drift"), (("evaluator", "judge_version"),)),
    Group(("retrieval.error", "retrieval.timeout"), (("retrieval", "error_class"),)),
    Group(("tool.error", "tool.timeout"), (("tool", "error_class"),)),
    Group(("tool.error", "tool.schema_break"), (("tool", "error_class"), ("tool", "tool_args_valid"), ("tool", "tool_schema_hash"))),
    Group(
        ("model.access_denied", "model.provider_incident", "model.quota_exhausted", "model.rate_limited"),
        (("llm", "error_class"),),
        untested=True,
    ),
)


def unresolved(first: str, second: str, evidence: Evidence) -> tuple[Group, tuple[str, ...]] | None:
    """The group both causes are in and the canonical names of its separating fields, when none of these is recorded."""
    for group in GROUPS:
        if first in group.members and second in group.members and not any(_told(evidence, kind, column) for kind, column in group.fields):
            return group, tuple(path_of(kind, column) for kind, column in group.fields)
    return None


def untested(cause: str, skipped: Collection[str], evidence: Evidence) -> tuple[str, ...]:
    """The cause and those of its group that lack the very field that would tell them from it; empty when there are none."""
    for group in GROUPS:
        if group.untested and cause in group.members and not any(_told(evidence, kind, column) for kind, column in group.fields):
            rivals = [one for one in group.members if one == cause or one in skipped]
            return tuple(rivals) if len(rivals) > 1 else ()
    return ()


def _told(evidence: Evidence, kind: str, column: str) -> bool:
    if column != "error_class":
        return seen(evidence, kind, column)
    frame = evidence.kind(kind)  # an error's class is only ever on failed spans: is it known on most of those?
    failed = frame.equals("status", "error")
    known = frame.text("error_class").recorded & ~frame.equals("error_class", "unknown")
    return int(failed.sum()) == 0 or float((known & failed).sum()) >= 0.5 * float(failed.sum())
