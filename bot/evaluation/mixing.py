"""What a choice of ranking weights is worth: chosen on two public runbook sets, tried on the third.

The rule of choice is fixed, whatever it gives: the mean of the best tenth of a coarse grid, not its one best point, which is luck.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from bot.evaluation.runbook_sets import Meant, Pair
from bot.model.runbook import Runbook
from bot.shelf.calibration import Mix
from bot.shelf.search import Near, ranker

STEP = 0.05
WORDS, OPENING_WORDS, OPENING, PASSAGE = (0.2, 0.8), (0.0, 0.3), (0.05, 0.4), (0.0, 0.4)  # from, to: what a sane person might choose
BEST = 0.1  # share of the grid that is averaged

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """Signals alert x runbook in the order of Mix, the row of each alert's runbook, the rows' near-duplicates, and the alert's set."""

    signals: Numbers  # signal x alert x runbook
    gold: npt.NDArray[np.intp]
    twins: npt.NDArray[np.intp]  # the row of the first runbook of the same text
    sets: npt.NDArray[np.str_]


def asked(runbooks: Sequence[Runbook], pairs: Sequence[Pair], meant: Meant) -> Asked:
    """Every alert on the whole shelf, with embeddings."""
    ranking = ranker(runbooks)
    rows = {runbook.path: row for row, runbook in enumerate(runbooks)}
    gold = np.array([rows[pair.gold] for pair in pairs], dtype=np.intp)
    weighed = [ranking.weigh(pair.query, Near(meant.passage[row], meant.opening[row])) for row, pair in enumerate(pairs)]
    words, opening_words = (np.array([getattr(one, name) for one in weighed]) for name in ("words", "opening_words"))
    return Asked(
        signals=np.array([words, opening_words, meant.opening, meant.passage]),
        gold=gold,
        twins=ranking.twins,
        sets=np.array([pair.set for pair in pairs]),
    )


def measure(found: Asked, weights: Numbers, of: str) -> tuple[float, float, float]:
    """R@1, R@5 and MRR of one set, a mean over its runbooks; near-duplicates are one runbook."""
    here = found.sets == of
    gold = found.gold[here]
    folded = np.full((len(found.twins), len(gold)), -np.inf)
    np.maximum.at(folded, found.twins, np.tensordot(weights, found.signals[:, here], 1).T)
    ranks = 1 + (folded > folded[found.twins[gold], np.arange(len(gold))]).sum(axis=0)
    by_gold: dict[int, list[tuple[float, float, float]]] = defaultdict(list)
    for own, rank in zip(gold.tolist(), ranks.tolist(), strict=True):
        by_gold[own].append((float(rank <= 1), float(rank <= 5), 1 / rank if rank <= 10 else 0.0))
    first, fifth, reciprocal = np.mean([np.mean(each, axis=0) for each in by_gold.values()], axis=0).tolist()
    return first, fifth, reciprocal


def grid() -> Numbers:
    """Every mix of the four signals in steps of STEP that adds up to 1."""
    marks = [np.arange(low, high + STEP / 2, STEP) for low, high in (WORDS, OPENING_WORDS, OPENING)]
    points = [(*point, 1 - sum(point)) for point in product(*marks)]
    return np.array([point for point in points if PASSAGE[0] - 1e-9 <= point[3] <= PASSAGE[1] + 1e-9]).clip(min=0.0)


def held_out(found: Asked) -> dict[str, tuple[Mix, tuple[float, float, float]]]:
    """Set -> the mix that the others choose, and what it measures on the set."""
    points = grid()
    names = sorted(set(found.sets.tolist()))
    worth = np.array([[sum(measure(found, point, name)) for name in names] for point in points])
    chosen = {}
    for column, name in enumerate(names):
        others = np.delete(worth, column, axis=1).mean(axis=1)
        best = np.argsort(-others, kind="stable")[: round(len(points) * BEST)]
        weights = points[best].mean(axis=0)
        mix = Mix(**dict(zip(Mix.model_fields, (round(float(weight), 3) for weight in weights), strict=True)))
        chosen[name] = mix, measure(found, np.array(list(mix.model_dump().values())), name)
    return chosen
