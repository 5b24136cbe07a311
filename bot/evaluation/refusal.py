"""When a search should answer: the chance that its first hit is right, fitted, and how often it answers wrongly at a floor."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from bot.evaluation.runbook_sets import Case
from bot.shelf.calibration import Evidence, Stand

RIDGE = 10.0  # on standardised signals, of some 1,200 cases: between a tenth and ten times that the held-out sets agree within .02
AIM = 0.07  # false matches on the sets that are fitted, so that others stay below .08
STRANGERS = ("third", "other")  # alerts without a runbook: half of them of products on the shelf, half of others
SIGNALS = {  # of Evidence, for a shelf with embeddings and for one without
    "dense": ("margin", "words", "opening_words", "phrases", "opening"),
    "lexical": ("margin", "words", "opening_words", "phrases"),
}

Numbers = npt.NDArray[np.float64]


def fit(blind: Sequence[Case], named: Sequence[Case], signals: Sequence[str]) -> Stand:
    """Cases with hidden names set the weights and the floor, those with names the floor for alerts the shelf does not know by name."""
    signs = np.array([[getattr(case.evidence, name) for name in signals] for case in blind])
    right = np.array([case.rank == 1 for case in blind])
    middle, spread = signs.mean(axis=0), signs.std(axis=0) + 1e-9
    scaled = (signs - middle) / spread

    def loss(theta: Numbers) -> float:
        odds = theta[0] + scaled @ theta[1:]
        return float(np.logaddexp(0.0, np.where(right, -odds, odds)).sum() + RIDGE * (theta[1:] ** 2).sum())

    # No signal may speak against a runbook: that would be the three sets, not runbooks at large.
    bounds = [(None, None), *((0.0, None) for _ in signals)]
    best = minimize(loss, np.zeros(len(signals) + 1), method="L-BFGS-B", bounds=bounds).x
    weights = best[1:] / spread
    weigh = {**dict.fromkeys(Evidence.model_fields, 0.0), **{name: round(float(w), 3) for name, w in zip(signals, weights, strict=True)}}
    bias = round(float(best[0] - (best[1:] * middle / spread).sum()), 3)
    open_ = Stand(bias=bias, weigh=Evidence.model_validate(weigh), floor=0.0, floor_unnamed=0.0)
    floor = _floor(open_, [case for case in blind if case.shelf in STRANGERS and not case.held])
    unnamed = [case for case in named if case.shelf in STRANGERS and not case.held and not case.bound and case.unnamed]
    return open_.model_copy(update={"floor": floor, "floor_unnamed": max(floor, _floor(open_, unnamed))})


def _floor(stand: Stand, without: Sequence[Case]) -> float:
    """The chance that AIM of the alerts without a runbook reach."""
    return round(float(np.quantile([stand.chance(case.evidence) for case in without], 1 - AIM)), 3)


def answered(stand: Stand, case: Case) -> bool:
    least = stand.floor_unnamed if case.unnamed else stand.floor
    return case.bound or stand.chance(case.evidence) >= least


def recall(found: Sequence[Case], k: int, *, of_floor: bool = False) -> float:
    """On the whole shelf; a mean over runbooks, so that one runbook of many alerts counts once."""
    by_gold: dict[str, list[bool]] = defaultdict(list)
    for case in found:
        if case.shelf == "whole":
            by_gold[case.gold].append(0 < (case.floor_rank if of_floor else case.rank) <= k)
    return float(np.mean([np.mean(ranks) for ranks in by_gold.values()]))


def reciprocal(found: Sequence[Case], *, of_floor: bool = False) -> float:
    """Mean reciprocal rank over the first ten, likewise a mean over runbooks."""
    by_gold: dict[str, list[float]] = defaultdict(list)
    for case in found:
        if case.shelf == "whole":
            rank = case.floor_rank if of_floor else case.rank
            by_gold[case.gold].append(1 / rank if 0 < rank <= 10 else 0.0)
    return float(np.mean([np.mean(ranks) for ranks in by_gold.values()]))


def false_matches(stand: Stand, found: Sequence[Case]) -> float:
    """Share of the alerts without a runbook that get one."""
    return float(np.mean([answered(stand, case) for case in found if not case.held]))


def right_first(stand: Stand, found: Sequence[Case]) -> float:
    """Share of the alerts with a runbook that are answered, and rightly first."""
    return float(np.mean([answered(stand, case) and case.rank == 1 for case in found if case.held]))


def strangers(found: Sequence[Case], shelf: str) -> list[Case]:
    """The alerts without a runbook on such shelves, and those with one that they are weighed against."""
    held_on = "third" if shelf == "third" else "whole"
    return [case for case in found if case.shelf == (held_on if case.held else shelf)]


def floor_right_first(found: Sequence[Case], rate: float) -> float:
    """As `right_first` for BM25, cut where it names a runbook to at most `rate` of the alerts without one."""
    unheld = np.sort([case.floor_score for case in found if not case.held])[::-1]
    cut = unheld[min(int(np.floor(rate * len(unheld) + 1e-9)), len(unheld) - 1)]
    return float(np.mean([case.floor_score > cut and case.floor_rank == 1 for case in found if case.held]))
