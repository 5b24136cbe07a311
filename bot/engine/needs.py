"""What a check needs to see, and the words for what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model.evidence import Evidence
from bot.telemetry.canonical import FIELDS

RECORDED = 0.2  # below a fifth of the spans a column says more about which service is instrumented than about the fault


@dataclass(frozen=True)
class Need:
    """Spans of `kind`, and at least one of `columns` recorded on enough of them (none named: the spans suffice).

    `kind` may also be `requests`, `changes`, `prompts`, `probes` or `metrics`.
    """

    kind: str
    columns: tuple[str, ...] = ()


def need(kind: str, *columns: str) -> Need:
    return Need(kind, columns)


def missing(needs: tuple[Need, ...], evidence: Evidence) -> tuple[str, ...]:
    """Canonical names of what is not collected, in the order of the needs; empty when the check can run."""
    lacking: list[str] = []
    for one in needs:
        if one.kind in ("changes", "prompts", "probes", "metrics"):
            if getattr(evidence, one.kind) is None:
                lacking.append(one.kind)
        elif one.kind == "requests":
            lacking += _requests(one, evidence)
        elif evidence.kind(one.kind).n == 0:
            lacking.append(f"{one.kind} spans")
        elif one.columns and not any(seen(evidence, one.kind, column) for column in one.columns):
            lacking.append(path_of(one.kind, one.columns[0]))
    return tuple(dict.fromkeys(lacking))


def _requests(one: Need, evidence: Evidence) -> list[str]:
    if evidence.requests is None:
        return ["traces"]
    if one.columns and not any(seen(evidence, "requests", column) for column in one.columns):
        return [path_of("request", one.columns[0])]
    return []


def absent_kinds(needs: tuple[Need, ...], evidence: Evidence) -> tuple[str, ...]:
    special = ("requests", "changes", "prompts", "probes", "metrics")
    return tuple(one.kind for one in needs if one.kind not in special and evidence.kind(one.kind).n == 0)


def seen(evidence: Evidence, kind: str, column: str) -> bool:
    """Whether a column is recorded on enough rows of the two windows."""
    frame = evidence.seen if kind == "requests" else evidence.kind(kind)
    if frame.n == 0:
        return False
    return float(frame.recorded(column).mean()) >= RECORDED


def path_of(kind: str, column: str) -> str:
    """`retrieval`, `n_returned` -> `retrieval.n_returned`: the name an operator would add."""
    for field in FIELDS:
        if field.column == column and field.kind in (kind, "span"):
            return f"{kind}.{field.path}"
    for field in FIELDS:
        if field.column == column:
            return f"{field.kind}.{field.path}"
    return f"{kind}.{column}"
