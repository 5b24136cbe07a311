"""Change events as evidence: worth as much as the team's own deploy rate lets a coincidence be worth (catalogue 2.2, rule 5)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.model.change import Change, ChangeKind
from bot.model.evidence import Evidence

CAP = 2.5  # nats: a change alone never outweighs what was measured
COMPATIBLE = 0.65  # share of change-caused faults whose change is in the log at all
MISSING = 0.35
MINUTE = 60.0
LAG: dict[ChangeKind, float] = {
    ChangeKind.APP: 60 * MINUTE,
    ChangeKind.INDEX: 24 * 60 * MINUTE,
    ChangeKind.DATA: 24 * 60 * MINUTE,
    ChangeKind.INFRA: 60 * MINUTE,
}
LAG_DEFAULT = 10 * MINUTE  # config, flag, prompt label: these take effect within minutes
AFTER = 2 * MINUTE  # clocks of the change log and of the traces differ a little

KINDS: dict[str, tuple[ChangeKind, ...]] = {
    "model": (ChangeKind.MODEL, ChangeKind.CONFIG, ChangeKind.FLAG),
    "prompt": (ChangeKind.PROMPT, ChangeKind.FLAG, ChangeKind.MODEL),
    "retrieval": (ChangeKind.INDEX, ChangeKind.CONFIG, ChangeKind.INFRA, ChangeKind.DATA),
    "tool": (ChangeKind.TOOL, ChangeKind.CONFIG, ChangeKind.INFRA),
    "cost": (ChangeKind.CONFIG, ChangeKind.MODEL, ChangeKind.FLAG, ChangeKind.PROMPT),
    "telemetry": (ChangeKind.OTEL, ChangeKind.JUDGE, ChangeKind.APP),
    "infra.app_deploy": (ChangeKind.APP,),
    "infra.guardrail_overblock": (ChangeKind.GUARDRAIL, ChangeKind.CONFIG, ChangeKind.FLAG),
    "infra.network_region": (ChangeKind.INFRA,),
    "infra.cache_wrong_hit": (ChangeKind.CONFIG, ChangeKind.FLAG, ChangeKind.APP),
    "infra.device_cohort": (ChangeKind.MODEL, ChangeKind.CONFIG, ChangeKind.APP),
}
"""Kinds of change that can bring a cause about; by cause where stated, else by layer."""

DRIVEN = (
    "prompt.contract_break",
    "prompt.verbosity_drift",
    "prompt.bloat",
    "infra.app_deploy",
    "infra.guardrail_overblock",
    "tool.schema_break",
)
"""Causes that hardly ever come about without a change: its absence from a log that is kept speaks against them a little."""


@dataclass(frozen=True)
class ChangeClue:
    """Log-likelihood ratio in nats, and the compatible change that gives it, if any."""

    nats: float
    change: Change | None


def kinds_of(cause: str) -> tuple[ChangeKind, ...]:
    return KINDS.get(cause) or KINDS.get(cause.split(".", maxsplit=1)[0], ())


def began(change: Change) -> float:
    return (change.rollout.start if change.rollout and change.rollout.start else change.time).timestamp()


def ended(change: Change) -> float:
    return (change.rollout.end if change.rollout and change.rollout.end else change.time).timestamp()


def compatible(change: Change, earliest: float, latest: float) -> bool:
    """Whether a change lies in the matching window of an onset (catalogue 2.4)."""
    lag = LAG.get(change.kind, LAG_DEFAULT)
    return began(change) <= latest + AFTER and ended(change) >= earliest - lag


def overlap(change: Change, where: dict[str, str], service: str | None) -> float:
    """0, 1/2 or 1: does the change touch the localised slice? Unstated scope is a half."""
    scope = change.scope
    if scope.service and service and scope.service != service:
        return 0.0
    stated = [(scope.route, where.get("route")), (scope.region, where.get("region"))]
    if any(theirs and ours and theirs != ours for theirs, ours in stated):
        return 0.0
    names = {value.casefold() for value in where.values()}
    touches = change.object.casefold() in names or (change.after or "").casefold() in names
    return 1.0 if touches or (scope.service and scope.service == service) else 0.5


def clue(evidence: Evidence, cause: str, onset: tuple[float, float], where: dict[str, str], start: float) -> ChangeClue:
    """The change evidence for one found cause; zero when no change log is kept."""
    if evidence.changes is None:
        return ChangeClue(0.0, None)
    kinds = kinds_of(cause)
    mine = [change for change in evidence.changes if change.kind in kinds]
    earliest, latest = onset
    span = max(evidence.windows.now - min([start, *(began(change) for change in mine)]), 3600.0)
    lag = max((LAG.get(kind, LAG_DEFAULT) for kind in kinds if kind not in (ChangeKind.INDEX, ChangeKind.DATA)), default=LAG_DEFAULT)
    expected = len(mine) / span * (latest - earliest + lag + AFTER)
    fitting = [(overlap(change, where, evidence.service), change) for change in mine if compatible(change, earliest, latest)]
    fitting = [pair for pair in fitting if pair[0] > 0]
    if fitting:
        weight, change = max(fitting, key=lambda pair: (pair[0], -abs(began(pair[1]) - earliest), pair[1].id))
        nats = math.log(COMPATIBLE / max(1e-9, -math.expm1(-expected))) * weight
        return ChangeClue(max(0.0, min(CAP, nats)), change)
    if cause in DRIVEN:
        return ChangeClue(max(-1.0, math.log(MISSING) + expected) if expected < 1 else 0.0, None)
    return ChangeClue(0.0, None)
