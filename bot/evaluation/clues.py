"""What the engine weighed, one line of JSON a scenario: enough to fit priors, likelihood ratios, temperature and caps without a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.engine.check import Check
from bot.evaluation.truth import Truth
from bot.model.finding import Clue, Examination
from bot.model.report import Report
from bot.model.value import moment, rfc3339
from bot.stats.figures import figure
from bot.triage.state import State

Json = dict[str, Any]


def clues(name: str, truth: Truth, state: State, checks: Sequence[Check]) -> Json:
    """`state`: of a finished triage. Every check is in it, also those that were skipped; nats and shares at six significant digits."""
    evidence, report = state["evidence"], state["report"]
    by_cause = {one.cause: one for one in state["examined"]}
    return {
        "scenario": name,
        "truth": _truth(truth),
        "answer": _answer(report),
        "signal": evidence.signal,
        "moved": evidence.moved,
        "unseen": list(evidence.unseen),
        "n_current": int(evidence.in_current.sum()),
        "n_baseline": int(evidence.in_baseline.sum()),
        "causes": [_cause(one, by_cause[one.slug], state) for one in checks],
    }


def _truth(truth: Truth) -> Json:
    return {
        "verdict": truth.verdict.value,
        "layer": truth.layer,
        "causes": list(truth.causes),
        "accept": [sorted(one) for one in truth.accept],
        "slice": dict(truth.slice) if truth.slice else None,
        "onset": rfc3339(moment(truth.onset)) if truth.onset is not None else None,
        "profile": truth.profile,
        "severity": truth.severity,
        "shape": truth.shape,
        "impact": truth.impact,
    }


def _answer(report: Report) -> Json:
    return {
        "verdict": report.verdict.value,
        "layer": report.layer,
        "cause": report.cause,
        "group": list(report.group) if report.group else None,
        "confidence": figure(report.confidence),
        "layer_confidence": figure(report.layer_confidence),
        "observability": figure(report.observability),
        "reasons": list(report.reasons),
        "slice": dict(report.slice.where) if report.slice else None,
    }


def _cause(check: Check, one: Examination, state: State) -> Json:
    """`cap`: the check's own; `caps`: the lowest of the engine's. `nats`, `probability`, `confidence` only of what was weighed."""
    weights = state["weights"]
    weighed = next((w for w in weights.ranked if w.cause == one.cause), None)
    explained = [(e.parent, figure(e.share)) for e in weights.explained if e.child == one.cause]
    listed = weights.clues.get(one.cause, one.clues)
    return {
        "cause": one.cause,
        "prior": check.prior,
        "outcome": one.outcome.value,
        "missing": list(one.missing),
        "where": dict(one.where),
        "other_window": one.windows is not None,
        "cap": one.cap,
        "caps": weights.caps.get(one.cause, 1.0),
        "share": figure(weights.shares.get(one.cause)),
        "extra": figure(weights.extra.get(one.cause, 0.0)),
        "explained": [{"by": parent, "share": share} for parent, share in explained],
        "nats": figure(weighed.nats) if weighed else None,
        "probability": figure(weighed.probability) if weighed else None,
        "confidence": figure(weighed.confidence) if weighed else None,
        "clues": [_clue(clue) for clue in listed],
    }


def _clue(clue: Clue) -> Json:
    measured = clue.measured
    return {
        "role": clue.role.value,
        "signal": clue.signal.value,
        "grade": measured.grade.value,
        "name": clue.name,
        "test": measured.test,
        "z": figure(measured.z),
        "effect": figure(measured.effect),
        "n": measured.n,
    }
