"""Signs of requests that try to turn the product against its owner, and whose they are."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Codes

HOSTILE = re.compile(r"inject|jail.?break|prompt.?(attack|leak|extract)|exfil|canary|abus|attack|adversar|malicious|override", re.I)
"""Words in a guardrail's category for an attempt at the product; its other categories are policies that good people meet as well."""

SENDERS = ("tenant", "key_id", "user_hash", "session_id", "client", "source_id")
"""Who or what may be behind an attack: a customer, a key, a person; a source, when the attack sits in its documents."""

GREW = 0.15  # of all requests that one sender's share grew by (catalogue 1.6)
HOLDS = 0.5  # of the excess hostile requests of one sender
MOST_OF_ALL = 0.9  # of all requests: the only customer there is is not "one of them"
MIN_EXCESS = 5.0
RISKY = 0.99  # quantile of its own past from which a risk score is one of an attempt
MIN_SCORES = 200  # before the page, to know that quantile


@dataclass(frozen=True)
class Hostile:
    """Requests with a sign of an attack among those in which it could have been seen; `by` names the sign, "" = none is recorded."""

    bad: BoolArray
    among: BoolArray
    by: str


def hostile(evidence: Evidence) -> Hostile:
    """By category where guardrails or requests ever name an attack; else by a risk score beyond nearly all of its past; else by what a
    guardrail blocked; else by what the model would not answer."""
    requests, guards = evidence.seen, evidence.kind("guardrail")
    guarded = evidence.requests_with(guards, np.ones(guards.n, dtype=np.bool_))
    named = evidence.requests_with(guards, _attack(guards.text("guardrail_category")) | _attack(guards.text("guardrail_subtype")))
    named |= _attack(requests.text("risk_category"))
    if named.any():
        return Hostile(named, guarded | requests.text("risk_category").recorded, "category")
    score = guards.number("guardrail_score")
    past = score[evidence.baseline(guards) & ~np.isnan(score)]
    if len(past) >= MIN_SCORES and np.ptp(past) > 0:
        with np.errstate(invalid="ignore"):
            risky = score > np.quantile(past, RISKY)
        return Hostile(evidence.requests_with(guards, risky), evidence.requests_with(guards, ~np.isnan(score)), "score")
    if guards.recorded("guardrail_action").any():
        blocked = evidence.requests_with(guards, guards.equals("guardrail_action", "block", "modify"))
        return Hostile(blocked, guarded, "blocked")
    refused = requests.recorded("refusal")
    return Hostile(requests.true("refusal"), refused, "refused" if refused.any() else "")


def _attack(codes: Codes) -> BoolArray:
    wanted = [code for code, value in enumerate(codes.values) if HOSTILE.search(value[:200])]
    return np.isin(codes.codes, wanted)


@dataclass(frozen=True)
class Sender:
    """The one from whom most of the excess comes, and its share of all requests now and before."""

    measured: Measured
    where: dict[str, str]
    rows: BoolArray


def sender_of(evidence: Evidence, bad: BoolArray) -> Sender:
    """STRONG when one sender has half of the excess bad requests and its share of all requests grew by 15 points; MODERATE with half."""
    nobody = Measured(test="SENDER", grade=Grade.NA, missing=("request.tenant",), reason="no tenant, key or user")
    best = Sender(nobody, {}, np.zeros(evidence.seen.n, dtype=np.bool_))
    order = (Grade.NA, Grade.NONE, Grade.MODERATE, Grade.STRONG)
    for name in SENDERS:
        codes = _per_request(evidence, name)
        if len(codes.values) >= 2 and codes.recorded.mean() >= 0.5:
            one = _one(evidence, bad, name, codes)
            if order.index(one.measured.grade) > order.index(best.measured.grade):
                best = one
    return best


def _per_request(evidence: Evidence, name: str) -> Codes:
    """A dimension of each request; of its model calls or retrievals where only they carry it."""
    own = evidence.seen.text(name)
    kind = {"key_id": "llm", "source_id": "retrieval"}.get(name)
    if own.values or kind is None:
        return own
    frame = evidence.kind(kind)
    rows, codes = evidence.request_of(frame), frame.text(name)
    known = (rows >= 0) & codes.recorded
    at = np.full(evidence.seen.n, -1, dtype=np.int64)
    at[rows[known]] = codes.codes[known]
    return Codes(codes.values, at)


def _one(evidence: Evidence, bad: BoolArray, name: str, codes: Codes) -> Sender:
    size = len(codes.values)
    now, then = evidence.in_current & codes.recorded, evidence.in_baseline & codes.recorded
    n_c, n_b = np.bincount(codes.codes[now], minlength=size), np.bincount(codes.codes[then], minlength=size)
    x_c = np.bincount(codes.codes[now & bad], minlength=size).astype(np.float64)
    base = float((then & bad).sum()) / max(1, int(then.sum()))
    over = x_c - base * n_c  # against the rate of all: a sender without a past has none of its own
    top = int(np.argmax(over))
    whole = float(x_c.sum()) - base * float(n_c.sum())
    held = min(1.0, float(over[top]) / whole) if whole >= MIN_EXCESS else 0.0
    share, before = float(n_c[top]) / max(1, int(n_c.sum())), float(n_b[top]) / max(1, int(n_b.sum()))
    one = held >= HOLDS and share < MOST_OF_ALL and held >= 1.5 * share
    grade = Grade.STRONG if one and share - before >= GREW else Grade.MODERATE if one else Grade.NONE
    numbers: dict[str, float | int | str | None] = {
        "sender": codes.values[top][:100], "held": round(held, 3), "share": round(share, 4), "share_before": round(before, 4),
    }  # fmt: skip
    measured = Measured(test="SENDER", grade=grade, effect=held, n=int(n_c.sum()), n_baseline=int(n_b.sum()), numbers=numbers)
    return Sender(measured, {name: codes.values[top]}, codes.codes == top)
