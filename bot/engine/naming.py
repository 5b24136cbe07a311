"""What an operator would call a slice: the same requests often have several names, and each kind of fault has its usual one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from bot.engine.cells import own_names, usable
from bot.model.evidence import Evidence
from bot.model.frame import BoolArray
from bot.model.report import Slice
from bot.stats.slice_names import DIM_ORDER

SAME = 0.95  # row-Jaccard from which two names mean the same requests (catalogue 2.6, step 6)
HOLDS = 0.97  # of the slice that must lie within both halves of a two-word name
NAMES = 8  # told at the most
FEW = 20  # current requests below which names cannot be told apart

PAIRS = (
    ("prompt_name", "prompt_version"),
    ("prompt_version", "model_served"),
    ("prompt_name", "model_served"),
    ("provider", "region"),
    ("source_id", "index_version"),
    ("tool", "tool_version"),
    ("guardrail", "guardrail_policy_version"),
)
"""Two words that belong together: a version means little without what it is a version of."""

USUAL: Mapping[str, tuple[str, ...]] = {
    "model": ("provider", "model_requested", "model_served", "region", "service_tier", "key_id", "server_address"),
    "model.silent_version_change": ("model_served", "fingerprint", "model_requested", "provider"),
    "model.fallback_engaged": ("model_served", "model_requested", "provider"),
    "model.context_overflow": ("model_requested", "model_served", "route"),
    "model.truncated_output": ("prompt_name", "prompt_version", "model_requested", "route"),
    "model.output_corruption": ("region", "server_address", "service_tier", "model_served", "provider"),
    "prompt": ("prompt_name", "prompt_version", "model_served", "locale", "tenant"),
    "prompt.locale_regression": ("locale", "prompt_version", "prompt_name"),
    "retrieval": ("source_id", "index_version", "shard", "namespace", "tenant", "region"),
    "tool": ("tool", "tool_version", "tool_server", "region", "tenant"),
    "tool.loop": ("route", "prompt_version", "tool"),
    "tool.selection_drift": ("route", "prompt_version", "tool"),
    "cost": ("route", "tenant", "prompt_name", "prompt_version", "model_requested", "model_served"),
    "cost.model_upsell": ("model_requested", "model_served", "route"),
    "cost.cache_collapse": ("prompt_name", "prompt_version", "provider", "region"),
    "infra.app_deploy": ("app_version", "region", "pod"),
    "infra.network_region": ("region", "zone", "pod"),
    "infra.guardrail_overblock": ("guardrail_policy_version", "guardrail"),
    "infra.abuse_injection": ("tenant", "client", "key_id"),
    "infra.device_cohort": ("device_class", "client", "model_served"),
    "infra": ("region", "tenant", "route"),
    "telemetry": ("app_version", "evaluator", "judge_version"),
}
"""Cause, else layer -> the dimensions its runbook and its owner speak of, the most usual first."""

Members = Mapping[str, tuple[tuple[str, ...], list[BoolArray]]]


def renamed(evidence: Evidence, found: Slice, cause: str, cell: BoolArray, members: Members) -> Slice:
    """The slice under its most usual name for this cause, with the other names of the same requests as equivalents.

    `cell`: the slice's requests; `members`: per dimension of operations its values and which requests have any such operation.
    """
    now = evidence.in_current
    rows = cell[now]
    if int(rows.sum()) < FEW:
        return found
    names = [found.where, *found.equivalent, *_same(evidence, rows, now, members)]
    unique = list({tuple(sorted(name.items())): name for name in names}.values())
    unique.sort(key=lambda name: _rank(name, cause))
    return Slice(
        where=unique[0], equivalent=tuple(unique[1:NAMES]), share_of_traffic=found.share_of_traffic, share_of_excess=found.share_of_excess
    )


def _same(evidence: Evidence, rows: BoolArray, now: BoolArray, members: Members) -> list[dict[str, str]]:
    """One-word names, and pairs that belong together, of the same current requests."""
    size = int(rows.sum())
    names: list[dict[str, str]] = []
    wide: dict[str, list[tuple[str, BoolArray]]] = {}
    for dim, value, mask in _values(evidence, now, members, rows):
        inside = int((rows & mask).sum())
        if inside / max(1, size + int(mask.sum()) - inside) >= SAME:
            names.append({dim: value})
        if inside >= HOLDS * size:
            wide.setdefault(dim, []).append((value, mask))
    for first, second in PAIRS:
        for one, mask in wide.get(first, []):
            for other, mask_ in wide.get(second, []):
                both = mask & mask_
                inside = int((rows & both).sum())
                if inside / max(1, size + int(both.sum()) - inside) >= SAME:
                    names.append({first: one, second: other})
    return names


def _values(evidence: Evidence, now: BoolArray, members: Members, rows: BoolArray) -> Iterator[tuple[str, str, BoolArray]]:
    """(dimension, value, its current requests) of every value that holds nearly all of the rows."""
    seen = evidence.seen
    own = own_names(evidence)
    for dim in dict.fromkeys((*DIM_ORDER, *own)):
        codes = seen.text(dim) if dim in seen.texts else None
        if codes is not None and usable(codes):
            here = codes.codes[now]
            inside = np.bincount(here[rows & (here >= 0)], minlength=len(codes.values))
            for code in np.flatnonzero(inside >= HOLDS * int(rows.sum())):
                yield dim, codes.values[int(code)], here == code
    for dim, (values, masks) in members.items():
        if dim not in seen.texts:
            for value, mask in zip(values, masks, strict=True):
                yield dim, value, mask[now]


def _rank(name: Mapping[str, str], cause: str) -> tuple[int, int, int, int, tuple[tuple[str, str], ...]]:
    """Usual dimensions first; a version with its owner before the version alone; then fewer words and the alphabet."""
    usual = USUAL.get(cause) or USUAL.get(cause.partition(".")[0]) or DIM_ORDER
    order = (*usual, *(dim for dim in DIM_ORDER if dim not in usual))
    places = [order.index(dim) if dim in order else len(order) for dim in name]
    foreign = sum(dim not in usual for dim in name)
    whole = "prompt_version" in name and "prompt_name" in name
    return foreign, 0 if whole else 1, len(name), sum(places) // max(1, len(places)), tuple(sorted(name.items()))
