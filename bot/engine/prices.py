"""Which of two models is dearer: by what its calls cost a token, else by what its name says of its size."""

from __future__ import annotations

import re

import numpy as np

from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, Frame

DEARER = 1.25  # times as much a token: less is a difference of what was asked, not of the price list
ENOUGH = 20  # priced calls on either side
PARAMETERS = re.compile(r"(?:^|[^0-9.])(\d{1,4}(?:\.\d)?)b(?:$|[^a-z0-9])")  # `llama-3-70b`: parameters, in billions
SMALL = re.compile(r"(?:^|[^a-z])(?:mini|nano|small|lite|flash|haiku|tiny|micro|air|turbo)(?:$|[^a-z])")
"""What vendors call the cheap size of a family; a name without such a word is the larger one of the two."""


def dearer(ops: Frame, grown: BoolArray, left: BoolArray) -> Measured:
    """What calls of `grown` cost a token against those of `left`, at output shares alike; by name when no call has a price."""
    tokens = np.nan_to_num(ops.number("tokens_input")) + np.nan_to_num(ops.number("tokens_output"))
    price = ops.number("cost_usd") / np.where(tokens > 0, tokens, np.nan)
    priced = ~np.isnan(price) & (price > 0)
    one, other = grown & priced, left & priced
    if min(int(one.sum()), int(other.sum())) < ENOUGH:
        return Measured(test="PRICE", grade=Grade.NA, missing=("llm.cost_usd",), reason="calls have no price")
    share = np.nan_to_num(ops.number("tokens_output")) / np.where(tokens > 0, tokens, np.nan)
    edges = np.quantile(share[other], [0.25, 0.5, 0.75])  # answers cost more a token than questions: like is compared with like
    place = np.searchsorted(edges, share)
    ratios = [
        (float(one[mine].sum()), float(np.median(price[mine & one])) / float(np.median(price[mine & other])))
        for mine in (place == k for k in range(4))
        if (mine & one).any() and (mine & other).any()
    ]
    if not ratios:
        return Measured(test="PRICE", grade=Grade.NA, missing=("llm.cost_usd",), reason="no calls alike to compare")
    weight = sum(n for n, _ in ratios)
    ratio = float(np.exp(sum(n * np.log(value) for n, value in ratios) / weight))
    grade = Grade.STRONG if ratio >= DEARER else Grade.NONE
    return Measured(test="PRICE", grade=grade, effect=float(np.log(ratio)), n=int(one.sum()), numbers={"price_ratio": round(ratio, 3)})


def larger(grown: str, left: str) -> bool | None:
    """Whether a model's name says it is the larger one; None when the names do not tell."""
    a, b = (PARAMETERS.search(name.casefold()) for name in (grown, left))
    if a and b:
        return float(a.group(1)) > float(b.group(1))
    one, other = (bool(SMALL.search(name.casefold())) for name in (grown, left))
    return None if one == other else other
