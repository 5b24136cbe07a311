"""Causes that a narrow signal shows first: calm over all requests, it says little while one of them was not looked for."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model.finding import Examination
from bot.model.report import Outcome

FIRST_SEEN_IN: Mapping[str, tuple[str, ...]] = {
    "cost": (
        "cost.cache_collapse", "cost.call_fanout", "cost.context_growth", "cost.model_upsell", "cost.reasoning_growth",
        "cost.retry_amplification",
    ),
    "tokens_input": ("cost.context_growth", "prompt.bloat"),
    "tokens_output": ("cost.reasoning_growth", "prompt.verbosity_drift"),
    "calls": ("cost.call_fanout", "cost.retry_amplification"),
    "ttft": ("model.ttft_regression",),
    "llm_error": ("model.provider_incident", "model.rate_limited"),
    "parse_failed": ("prompt.contract_break",),
    "refusal": ("model.refusal_shift",),
    "guardrail_blocked": ("infra.guardrail_overblock",),
    "lang_mismatch": ("prompt.locale_regression",),
    "policy_hit": ("prompt.safety_section_missing",),
    "empty_retrieval": ("retrieval.empty_results",),
    "retrieval_error": ("retrieval.error", "retrieval.timeout"),
    "tool_error": ("tool.error", "tool.timeout"),
    "tool_empty": ("tool.silent_empty",),
    "quality": ("telemetry.judge_drift",),
}  # fmt: skip
"""Signal -> the causes that show in it before they show in anything broader. Broad ones (failed, duration) are everybody's."""


def unchecked(signal: str, examined: Mapping[str, Examination]) -> tuple[str, ...]:
    """The signal's own causes that could not be checked."""
    return tuple(cause for cause in FIRST_SEEN_IN.get(signal, ()) if cause in examined and examined[cause].outcome is Outcome.SKIPPED)
