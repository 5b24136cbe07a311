"""What the bill is made of: volume x calls x tokens x price, before and after (DECOMP of catalogue 0.3)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bot.engine.exam import Exam
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray
from bot.stats.decomposition import CostTotals, decompose

SHARE = 0.40  # of the rise per request that one component makes
MIN_REQUESTS = 200
PRICED = 0.5  # of the requests carry a cost: below it a sum of costs is a sum of who reports them
RISEN = 0.14  # log ratio of cost per request (15 %) below which there is no rise to take apart


def totals(exam: Exam, window: BoolArray) -> CostTotals | None:
    """Requests, calls, tokens and cost of one window; None when a part is not recorded. Without cost, price is taken as constant."""
    requests, llm = exam.requests, exam.ops("llm")
    n = float(window.sum())
    rows = exam.evidence.request_of(llm)
    inside = (rows >= 0) & window[np.maximum(rows, 0)] if requests.n else np.zeros(llm.n, dtype=np.bool_)
    attempts = np.nan_to_num(llm.number("attempts"), nan=1.0)
    tokens = np.nan_to_num(llm.number("tokens_input")) + np.nan_to_num(llm.number("tokens_output"))
    total_tokens = float(tokens[inside].sum())
    known = requests.number("cost_usd")[window]
    cost = float(np.nansum(known)) if len(known) and float((~np.isnan(known)).mean()) >= PRICED else 0.0
    if n < MIN_REQUESTS or total_tokens <= 0:
        return None
    return CostTotals(requests=n, calls=float(attempts[inside].sum()), tokens=total_tokens, cost=cost)


def component(exam: Exam, name: str) -> Measured:
    """Share of the rise of cost per request that `calls`, `tokens` or `price` makes."""
    before, after = totals(exam, exam.evidence.in_baseline), totals(exam, exam.evidence.in_current)
    if before is None or after is None:
        return Measured(test="DECOMP", grade=Grade.NA, missing=("llm.tokens.input",), reason="tokens per request cannot be counted")
    if before.cost <= 0 or after.cost <= 0:
        if name == "price":
            return Measured(test="DECOMP", grade=Grade.NA, missing=("request.cost_usd",), reason="cost is not recorded")
        before, after = replace(before, cost=before.tokens), replace(after, cost=after.tokens)  # without prices: a constant one
    parts = decompose(before, after)
    per_request = parts.calls + parts.tokens + parts.price
    mine = {"calls": parts.calls, "tokens": parts.tokens, "price": parts.price}[name]
    share = mine / per_request if per_request > RISEN else 0.0
    grade = Grade.STRONG if per_request > RISEN and share >= SHARE else Grade.NONE
    numbers = {"component_share": round(share, 3), "cost_per_request_ratio": round(float(np.exp(per_request)), 3)}
    return Measured(test="DECOMP", grade=grade, effect=mine, n=int(after.requests), n_baseline=int(before.requests), numbers=numbers)
