"""Origin against symptom (catalogue 2.7): which found cause is only the consequence of another. Tested, never assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bot.engine.load import MEETING, under_way
from bot.model.evidence import Evidence
from bot.model.finding import Examination, Role
from bot.model.frame import BoolArray
from bot.model.report import Outcome

EXPLAINED = 0.80  # share of the child's excess that is gone without the parent's requests: the child is a symptom
CONTRIBUTING = 0.50
MIN_EXCESS = 10.0  # excess child requests below which nothing can be said about explaining them
CROWDED = 0.1  # of the calls beyond those that find no place: who waits in vain keeps others waiting
ORDER_SLACK = 300.0  # seconds a parent may seem to start after its child before the order forbids the edge

_SURGE = "infra.traffic_surge"
_RETRIEVAL = ("retrieval.timeout", "retrieval.error", "retrieval.empty_results", "retrieval.partial_results")
_TOOL = ("tool.timeout", "tool.error", "tool.schema_break", "tool.silent_empty")
_QUALITY = ("model.refusal_shift", "prompt.safety_section_missing", "model.output_corruption", "prompt.locale_regression")

_OF_GROWTH = ("model.rate_limited", "model.quota_exhausted", "model.context_overflow", "model.ttft_regression", "cost.cache_collapse")
_OF_PROVIDER = (
    "cost.call_fanout",
    "model.ttft_regression",
    "model.decode_slowdown",
    "cost.cache_collapse",
    "model.fallback_engaged",
    "prompt.model_mismatch",
    "cost.retry_amplification",
    "prompt.contract_break",
    "infra.app_deploy",
    "tool.loop",
    "cost.model_upsell",
    "model.silent_version_change",
)
_OF_RETRIEVAL = (
    *_QUALITY,
    "prompt.contract_break",
    "infra.app_deploy",
    "retrieval.empty_results",
    "infra.guardrail_overblock",
    "cost.retry_amplification",
    "tool.loop",
    "retrieval.partial_results",
    "model.truncated_output",
    "tool.selection_drift",
)
_OF_TOOL = (
    *_QUALITY,
    "tool.loop",
    "cost.retry_amplification",
    "model.context_overflow",
    "infra.app_deploy",
    "cost.call_fanout",
    "tool.selection_drift",
    "cost.context_growth",
)
_OF_VERSION = (
    "prompt.contract_break",
    "model.refusal_shift",
    "prompt.verbosity_drift",
    "tool.selection_drift",
    "prompt.model_mismatch",
    "model.truncated_output",
    "tool.schema_break",
)

EDGES: dict[str, tuple[str, ...]] = {
    "infra.network_region": ("model.provider_incident", *_RETRIEVAL, *_TOOL, "model.fallback_engaged", "tool.loop", "infra.app_deploy"),
    "infra.traffic_surge": (
        "model.rate_limited",
        "model.provider_incident",  # a provider that is asked too much answers 503 as well as 429
        "model.ttft_regression",
        "retrieval.timeout",
        "retrieval.error",
        "tool.timeout",
        "cost.retry_amplification",
        "model.fallback_engaged",
        "infra.app_deploy",
        "retrieval.partial_results",
        "tool.error",
    ),
    "cost.context_growth": _OF_GROWTH,
    "prompt.bloat": _OF_GROWTH,
    "tool.loop": (*_OF_GROWTH, "cost.call_fanout", "cost.context_growth"),
    "cost.call_fanout": _OF_GROWTH,
    "model.provider_incident": _OF_PROVIDER,
    "model.context_overflow": ("cost.retry_amplification", "model.fallback_engaged"),
    "model.rate_limited": _OF_PROVIDER,
    "model.quota_exhausted": _OF_PROVIDER,
    "model.access_denied": _OF_PROVIDER,
    "model.fallback_engaged": ("prompt.model_mismatch", "prompt.contract_break", "model.silent_version_change", "cost.model_upsell"),
    "retrieval.timeout": _OF_RETRIEVAL,
    "retrieval.error": _OF_RETRIEVAL,
    "retrieval.empty_results": _OF_RETRIEVAL,
    "retrieval.partial_results": (*_OF_RETRIEVAL, "retrieval.ranking_regression"),
    "retrieval.embedding_mismatch": (*_QUALITY, "retrieval.empty_results", "retrieval.ranking_regression"),
    "retrieval.ranking_regression": (*_QUALITY, "retrieval.empty_results"),
    "tool.timeout": _OF_TOOL,
    "tool.error": _OF_TOOL,
    "tool.schema_break": _OF_TOOL,
    "tool.silent_empty": _OF_TOOL,
    "tool.selection_drift": (*_QUALITY, "tool.loop", "infra.app_deploy", "cost.call_fanout", "cost.context_growth"),
    "prompt.verbosity_drift": ("model.truncated_output", "prompt.contract_break", "tool.timeout", "model.decode_slowdown"),
    "cost.reasoning_growth": ("model.truncated_output", "prompt.contract_break", "prompt.verbosity_drift"),
    "model.truncated_output": ("prompt.contract_break", "infra.app_deploy", "prompt.model_mismatch"),
    "model.decode_slowdown": ("cost.retry_amplification",),
    "cost.cache_collapse": ("model.ttft_regression",),
    "infra.abuse_injection": ("infra.guardrail_overblock", "model.rate_limited", "model.refusal_shift", "infra.traffic_surge"),
    "infra.device_cohort": ("infra.app_deploy", "model.silent_version_change"),
    "infra.guardrail_overblock": ("model.refusal_shift",),
    "prompt.contract_break": (
        "prompt.locale_regression",
        "tool.schema_break",
        "infra.app_deploy",
        "cost.retry_amplification",
        "prompt.model_mismatch",
    ),
    "prompt.model_mismatch": ("prompt.contract_break", "infra.app_deploy"),
    "prompt.unresolved_reference": ("prompt.contract_break", "model.refusal_shift", "prompt.locale_regression"),
    "prompt.locale_regression": ("model.output_corruption",),
    "model.silent_version_change": _OF_VERSION,
}
"""Parent -> the causes it can bring about as symptoms. Only these edges are tried, and each is tested on the requests."""


@dataclass(frozen=True)
class Explained:
    """`child` is a consequence of `parent` to this share."""

    child: str
    parent: str
    share: float


def excess(evidence: Evidence, affected: BoolArray, without: BoolArray | None = None) -> float:
    """Excess affected requests in C over what B's rate would give; `without` drops requests from both windows first."""
    keep = np.ones(evidence.seen.n, dtype=np.bool_) if without is None else ~without
    now, then = evidence.in_current & keep, evidence.in_baseline & keep
    n_c, n_b = float(now.sum()), float(then.sum())
    base = float((affected & then).sum()) / n_b if n_b else 0.0
    return float((affected & now).sum()) - base * n_c


def explained_share(evidence: Evidence, parent: BoolArray, child: BoolArray) -> float | None:
    """EXPL of catalogue 0.3: 1 - excess without the parent's requests / excess. None when there is too little to explain."""
    whole = excess(evidence, child)
    if whole < MIN_EXCESS:
        return None
    return float(np.clip(1.0 - max(0.0, excess(evidence, child, parent)) / whole, 0.0, 1.0))


def explain_away(evidence: Evidence, found: Mapping[str, Examination], onsets: Mapping[str, tuple[float, float]]) -> tuple[Explained, ...]:
    """Try every edge between found causes; a child already explained explains nothing further itself."""
    result: dict[str, Explained] = {}
    for parent in sorted(found, key=lambda cause: (-_reach(cause), cause)):
        if parent in result and result[parent].share >= EXPLAINED:
            continue
        for child in EDGES.get(parent, ()):
            share = _share(evidence, found, parent, child, onsets)
            if share is not None and share >= CONTRIBUTING and share > (result[child].share if child in result else 0.0):
                result[child] = Explained(child, parent, share)
    return tuple(result[child] for child in sorted(result))


def _reach(cause: str) -> int:
    """Causes deeper in the dependency order have more possible consequences; they are tried first."""
    return len(EDGES.get(cause, ()))


def _meeting(evidence: Evidence, affected: BoolArray) -> bool:
    """Whether requests meet at all: more of them weigh on everybody only where some have to wait for others."""
    busy = under_way(evidence, affected) if affected.any() else None
    return busy is None or busy >= MEETING


def _beyond_capacity(surge: Examination, other: Examination) -> bool:
    """Whether more fails than finds no place: of twice the demand half does, and a part that fails altogether has another cause."""
    ratio = _told(surge, "ratio")
    risen = (_told(other, "rate") or 0.0) - (_told(other, "baseline_rate") or 0.0)
    return ratio is not None and risen > 1.0 - 1.0 / max(ratio, 1.0) + CROWDED


def _told(one: Examination, number: str) -> float | None:
    """A number of the first required test that has it."""
    told = (clue.measured.numbers.get(number) for clue in one.clues if clue.role is Role.REQUIRED)
    return next((float(value) for value in told if isinstance(value, int | float)), None)


def _share(
    evidence: Evidence, found: Mapping[str, Examination], parent: str, child: str, onsets: Mapping[str, tuple[float, float]]
) -> float | None:
    if parent == child:
        return None
    one, other = found.get(parent), found.get(child)
    if one is None or other is None or other.outcome is not Outcome.FOUND or one.outcome is not Outcome.FOUND:
        return None
    if parent in onsets and child in onsets and onsets[parent][0] > onsets[child][1] + ORDER_SLACK:
        return None
    if one.affected is None or other.affected is None:
        return None
    if parent == _SURGE and (not _meeting(evidence, one.affected) or _beyond_capacity(one, other)):
        return None
    return explained_share(evidence, one.affected, other.affected)
