"""Which of several names of the same rows to tell: what people can act on first (catalogue 2.6, step 6)."""

from __future__ import annotations

from bot.stats.lattice import Predicate

DIM_ORDER = (
    "prompt_version", "prompt_hash", "model_served", "app_version", "index_version", "tool_version", "guardrail_policy_version",
    "parser_version", "judge_version", "flag:", "experiment", "model_requested", "prompt_name", "embedding_model", "rerank_model",
    "parser_schema", "guardrail", "cache_layer", "service_tier", "provider", "key_id", "source_id", "shard", "namespace", "tool",
    "tool_server", "server_address", "region", "zone", "pod", "env", "route", "tenant", "device_class", "client", "locale",
)  # fmt: skip
"""Which of several equivalent names to prefer: versions, then configuration, topology, tenant, locale. A trailing colon is a prefix."""


def preference(name: tuple[Predicate, ...]) -> tuple[int, int, tuple[tuple[str, str], ...]]:
    """Sorts names: fewer words, then DIM_ORDER, then the alphabet."""
    return len(name), sum(_place(one.dim) for one in name), tuple(sorted((one.dim, one.value) for one in name))


def _place(dim: str) -> int:
    if dim in DIM_ORDER:
        return DIM_ORDER.index(dim)
    prefixes = (i for i, name in enumerate(DIM_ORDER) if name.endswith(":") and dim.startswith(name))
    return next(prefixes, len(DIM_ORDER))
