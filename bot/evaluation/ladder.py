"""The naive ladder of catalogue 4.6: the rules a tired engineer reads off a dashboard. Static thresholds, the first rule wins.

It sees the same frames and changes as Midwatch does, in the hour before the page; it knows no onset, no slice, no history and no
confidence. Its thresholds are those of common alert templates, not fitted, and it never abstains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.engine.failing import failed
from bot.evaluation.answer import Answer, blaming
from bot.model.change import Change, ChangeKind
from bot.model.frame import EMPTY, BoolArray, FloatArray, Frame
from bot.model.report import Verdict

HOUR = 3600.0
LOOK = HOUR  # what a dashboard shows when it is opened
DEPLOYED = 2 * HOUR  # before the page: "what did we ship?"
ERRORS = 0.05  # of calls or requests: the usual alert on an error rate
EMPTY_SHARE = 0.20  # of searches
REFUSED = 0.10  # of requests
SLOW_MS = 15_000.0  # p95 of a request
FIRST_TOKEN_MS = 5_000.0  # p95
DEARER = 1.5  # cost per request against the hours before
BUSIER = 2.0  # requests an hour against the hours before
FEW = 20  # calls or requests below which a rate is not looked at

LLM_CLASSES = {
    "rate_limit": "model.rate_limited",
    "quota": "model.quota_exhausted",
    "auth": "model.access_denied",
    "permission": "model.access_denied",
    "context_length": "model.context_overflow",
}
"""Commonest error class of failing model calls -> cause; every other class is the provider's fault."""


@dataclass(frozen=True)
class Dashboard:
    """The last hour, and what came before it. `recent` marks requests of the last hour."""

    requests: Frame
    ops: Mapping[str, Frame]
    changes: Sequence[Change]
    now: float
    recent: BoolArray

    def operations(self, kind: str) -> Frame:
        frame = self.ops.get(kind, EMPTY)
        return frame.where(frame.number("ts") >= self.now - LOOK)

    def rate(self, marks: BoolArray, among: BoolArray) -> float:
        seen = among & self.recent
        return float((marks & seen).sum()) / float(seen.sum()) if int(seen.sum()) >= FEW else 0.0

    def p95(self, values: FloatArray) -> float:
        seen = values[self.recent & ~np.isnan(values)]
        return float(np.quantile(seen, 0.95)) if len(seen) >= FEW else 0.0

    def ratio(self, values: FloatArray) -> float:
        """Mean of the last hour over the mean of the hours before."""
        now, before = (values[part & ~np.isnan(values)] for part in (self.recent, ~self.recent))
        if len(now) < FEW or len(before) < FEW or before.mean() <= 0:
            return 1.0
        return float(now.mean() / before.mean())

    def deployed(self, *kinds: ChangeKind) -> bool:
        since = self.now - DEPLOYED
        return any(one.kind in kinds and since <= one.time.timestamp() <= self.now for one in self.changes)


def ladder(requests: Frame | None, ops: Mapping[str, Frame], changes: Sequence[Change] | None, now: float) -> Answer:
    """The first rule that fires; no rule, no fault. Without traces there is no dashboard, and it blames the last deploy."""
    seen = requests if requests is not None else EMPTY
    board = Dashboard(seen, ops, changes or (), now, seen.number("ts") >= now - LOOK)
    total = int(board.recent.sum())
    for rule in (_calls, _searches, _tools, _failures, _answers, _slow, _dear, _busy, _shipped):
        cause = rule(board)
        if cause is not None:
            return blaming(cause, total)
    return Answer(Verdict.NO_FAULT, None, "none.noise_or_seasonal", total=total)


def _failing(frame: Frame) -> bool:
    return frame.n >= FEW and float(failed(frame).mean()) > ERRORS


def _timeouts(frame: Frame) -> bool:
    return float(frame.equals("error_class", "timeout").sum()) > 0.5 * float(failed(frame).sum())


def _calls(board: Dashboard) -> str | None:
    calls = board.operations("llm")
    if not _failing(calls):
        return None
    column = calls.text("error_class")
    known = column.codes[failed(calls) & column.recorded]
    if len(known) == 0:
        return "model.provider_incident"
    commonest = column.values[int(np.bincount(known).argmax())]
    return LLM_CLASSES.get(commonest, "model.provider_incident")


def _searches(board: Dashboard) -> str | None:
    searches = board.operations("retrieval")
    if _failing(searches):
        return "retrieval.timeout" if _timeouts(searches) else "retrieval.error"
    found = searches.number("n_returned")
    counted = found[~np.isnan(found)]
    return "retrieval.empty_results" if len(counted) >= FEW and float((counted == 0).mean()) > EMPTY_SHARE else None


def _tools(board: Dashboard) -> str | None:
    calls = board.operations("tool")
    if not _failing(calls):
        return None
    return "tool.timeout" if _timeouts(calls) else "tool.error"


def _failures(board: Dashboard) -> str | None:
    requests = board.requests
    unparsed = board.rate(requests.true("parse_failed"), requests.recorded("parse_failed"))
    broken = board.rate(requests.true("failed"), requests.recorded("failed"))
    if max(unparsed, broken) <= ERRORS:
        return None
    if unparsed > ERRORS or board.deployed(ChangeKind.PROMPT):
        return "prompt.contract_break"
    return "infra.app_deploy" if board.deployed(ChangeKind.APP) else "model.provider_incident"


def _answers(board: Dashboard) -> str | None:
    requests = board.requests
    if board.rate(requests.true("guardrail_blocked"), requests.recorded("guardrail_blocked")) > ERRORS:
        return "infra.guardrail_overblock"
    refused = board.rate(requests.true("refusal"), requests.recorded("refusal"))
    return "model.refusal_shift" if refused > REFUSED else None


def _slow(board: Dashboard) -> str | None:
    if board.p95(board.requests.number("user_ttft_ms")) > FIRST_TOKEN_MS:
        return "model.ttft_regression"
    return "model.decode_slowdown" if board.p95(board.requests.number("duration_ms")) > SLOW_MS else None


def _dear(board: Dashboard) -> str | None:
    requests = board.requests
    if max(board.ratio(requests.number("cost_usd")), board.ratio(requests.number("tokens_input"))) <= DEARER:
        return None
    return "prompt.bloat" if board.deployed(ChangeKind.PROMPT) else "cost.context_growth"


def _busy(board: Dashboard) -> str | None:
    ts = board.requests.number("ts")
    before = ts[~board.recent]
    if len(before) < FEW:
        return None
    hours = max((board.now - LOOK - float(before.min())) / HOUR, 1.0)
    return "infra.traffic_surge" if float(board.recent.sum()) > BUSIER * len(before) / hours else None


def _shipped(board: Dashboard) -> str | None:
    """Nothing on the dashboard: whoever shipped last did it."""
    if board.deployed(ChangeKind.PROMPT):
        return "prompt.contract_break"
    return "infra.app_deploy" if board.requests.n == 0 and board.deployed(ChangeKind.APP) else None
