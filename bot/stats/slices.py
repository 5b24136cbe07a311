"""SLICE of catalogue 2.6: which requests got worse than their own past, in the shortest words that say it.

Every slice is held against its own history (a beta-binomial predictive tail), so chronic differences do not count: on null windows
the plug-in binomial tail would find a false slice in 22 to 32 % of cases, this one in 0 to 1 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from bot.model.frame import BoolArray, FloatArray, IntArray
from bot.model.value import Limits
from bot.stats.exact import bh, predictive_p
from bot.stats.lattice import Counts, Dims, Masks, Members, Predicate, Rows, Singles, llr, singles
from bot.stats.slice_names import DIM_ORDER, preference

__all__ = ["DIM_ORDER", "Dims", "Members", "Predicate", "SliceFound", "SliceGates", "search"]


class SliceGates(Limits):
    q: float = 0.01  # Benjamini-Hochberg over all slices tried
    ratio: float = 2.0  # against its own past: less is drift
    contrast: float = 2.0  # its rise over the rise of everybody else, as ratio and as difference: trouble everywhere has no slice
    excess: float = 0.20  # of the whole excess: a slice that holds less explains nothing
    min_bad: float = 5  # fewer are an anecdote
    min_n: float = 20  # rows in C; a broken slice shows from some 17 (catalogue 0.3)
    keep: int = 25  # best single predicates that are paired: 300 pairs
    values: int = 200  # commonest values a dimension is read to; rarer ones count towards the whole only
    coverage: float = 0.8  # of rows on which a dimension must be recorded
    per_predicate: float = 3.0  # log-likelihood a further word must earn
    same: float = 0.95  # row-Jaccard in C from which two descriptions are the same slice
    third_n: float = 200  # rows of a pair from which a third word is tried
    third_good: float = 0.30  # of the pair's rows that are good: otherwise there is nothing left to cut away
    names: int = 8  # equivalent names that are told


@dataclass(frozen=True)
class SliceFound:
    """One slice: its name, other names for the same rows, and its counts (adjusted counts where weights were given).

    `p`: the predictive tail; `score`: log-likelihood for it, less that of the rest and the price of its words; `mask`: all rows.
    """

    where: tuple[Predicate, ...]
    equivalent: tuple[tuple[Predicate, ...], ...]
    share_of_traffic: float
    share_of_excess: float
    n_c: float
    bad_c: float
    n_b: float
    bad_b: float
    p: float
    score: float
    mask: BoolArray


DEFAULT = SliceGates()
WIDE = 60  # best single predicates that are compared for being the same slice before the best of them are paired
Item = tuple[int, ...]  # a slice as positions among the singles


def search(
    bad: BoolArray,
    weight: FloatArray | None,
    in_b: BoolArray,
    in_c: BoolArray,
    dims: Dims,
    members: Members | None = None,
    gates: SliceGates = DEFAULT,
) -> tuple[SliceFound, ...]:
    """None, one or two slices; the second among the rows that the first leaves. Arrays (rows,); `dims`: (values, codes), -1 not recorded.

    `members`: dimensions with several values a row, as one mask a value. `weight`: adjusted counts (1 / sampling probability); tests
    then count effective rows. An empty answer means that the trouble, if any, is everywhere.
    """
    found: list[SliceFound] = []
    left = np.ones(len(bad), dtype=np.bool_)
    whole_excess: float | None = None
    for _ in range(2):
        rows = _rows(bad, weight, in_b & left, in_c & left)
        whole = rows.whole
        if not whole.n_c[0] or not whole.n_b[0] or whole.x_c[0] < gates.min_bad:
            break
        excess = float(whole.x_c[0] - rows.rate * whole.n_c[0])
        whole_excess = excess if whole_excess is None else whole_excess
        one = _best(_Search(rows, whole, whole_excess, gates), dims, members or {})
        if one is None:
            break
        share = _share_of_excess(rows, one.mask, whole_excess)
        found.append(_told(one, weight, bad, in_b & left, in_c & left, left, share))
        left &= ~one.mask
    return tuple(found)


def _rows(bad: BoolArray, weight: FloatArray | None, in_b: BoolArray, in_c: BoolArray) -> Rows:
    b, c = np.flatnonzero(in_b), np.flatnonzero(in_c)
    if weight is None:
        return Rows(b, c, bad[b], bad[c], None, None)
    return Rows(b, c, bad[b], bad[c], _effective(weight[b]), _effective(weight[c]))


def _effective(weight: FloatArray) -> FloatArray:
    """Weights scaled so that they add up to the effective number of rows (Kish): a trace that stands for ten is not ten witnesses."""
    square = float((weight**2).sum())
    return weight * (float(weight.sum()) / square) if square > 0 else weight


@dataclass(frozen=True)
class _Search:
    rows: Rows
    whole: Counts
    excess: float
    gates: SliceGates


@dataclass(frozen=True)
class _Lead:
    """The best slice, and the other names for its rows."""

    names: tuple[tuple[Predicate, ...], ...]
    p: float
    score: float
    mask: BoolArray


def _best(task: _Search, dims: Dims, members: Members) -> _Lead | None:
    gates = task.gates
    values = singles(task.rows, dims, members, gates.values, gates.coverage, gates.min_n)
    if not values.names:
        return None
    order = _ordered(values)
    wide = [int(i) for i in order[:WIDE]]
    masks = Masks(task.rows, [values.mask(i) for i in wide])
    groups = _groups(masks.overlap(), gates)
    heads = np.array([group[0] for group in groups[: gates.keep]], dtype=np.int64)
    items: list[Item] = [(i,) for i in range(len(values.names))]
    counts, picked = values.counts, masks.take(heads)
    pairs, of_pairs = _pairs(values, [wide[i] for i in heads], picked, gates)
    items, counts = items + pairs, counts.join(of_pairs)
    score, p = _judged(task, items, counts)
    best = _first(score, items, values)
    if best is not None and len(items[best]) == 2 and _worth_a_third(counts, best, gates):
        triples, of_triples = _triples(values, [wide[i] for i in heads], picked, items[best], task)
        items, counts = items + triples, counts.join(of_triples)
        score, p = _judged(task, items, counts)
        best = _first(score, items, values)
    if best is None:
        return None
    return _named(task, values, items[best], [[wide[i] for i in group] for group in groups], (float(p[best]), float(score[best])))


def _ordered(values: Singles) -> IntArray:
    """Positions of the values that got worse, the likeliest first; ties by name."""
    value = llr(values.counts)
    names = [preference((one,)) for one in values.names]
    order = sorted(np.flatnonzero(value > 0), key=lambda i: (-value[i], names[i]))
    return np.array(order, dtype=np.int64)


def _groups(overlap: FloatArray, gates: SliceGates) -> list[list[int]]:
    """Values with the same rows, each group led by the likeliest: otherwise five names of one slice would crowd out its partner."""
    groups: list[list[int]] = []
    for i in range(len(overlap)):
        home = next((group for group in groups if overlap[group[0], i] >= gates.same), None)
        if home is None:
            groups.append([i])
        else:
            home.append(i)
    return groups


def _pairs(values: Singles, heads: list[int], masks: Masks, gates: SliceGates) -> tuple[list[Item], Counts]:
    """All pairs of different dimensions that are large enough and are not one of the two by another name."""
    first, second = np.triu_indices(len(heads), 1)
    single = values.counts.take(np.array(heads, dtype=np.int64))
    crossed, alone = masks.crossed(masks, single.own, single.own), single.n_c
    counts = Counts(*(table[first, second] for table in (crossed.n_b, crossed.x_b, crossed.n_c, crossed.x_c, crossed.prior)))
    kept = np.array([values.names[heads[i]].dim != values.names[heads[j]].dim for i, j in zip(first, second, strict=True)], dtype=np.bool_)
    kept &= (counts.n_c >= gates.min_n) & (counts.n_c < gates.same * np.minimum(alone[first], alone[second]))
    rows = np.flatnonzero(kept)
    return [(heads[first[i]], heads[second[i]]) for i in rows], counts.take(rows)


def _worth_a_third(counts: Counts, best: int, gates: SliceGates) -> bool:
    n, x = float(counts.n_c[best]), float(counts.x_c[best])
    return n >= gates.third_n and 1.0 - x / n >= gates.third_good


def _triples(values: Singles, heads: list[int], masks: Masks, pair: Item, task: _Search) -> tuple[list[Item], Counts]:
    """The best pair with each third value of another dimension."""
    both = Masks(task.rows, [values.mask(pair[0]) & values.mask(pair[1])])
    single = values.counts.take(np.array(heads, dtype=np.int64))
    crossed = both.crossed(masks, task.rows.by_mask([values.mask(pair[0]) & values.mask(pair[1])]).own, single.own)
    counts = Counts(*(table[0] for table in (crossed.n_b, crossed.x_b, crossed.n_c, crossed.x_c, crossed.prior)))
    taken = {values.names[i].dim for i in pair}
    kept = np.array([values.names[i].dim not in taken for i in heads], dtype=np.bool_)
    kept &= (counts.n_c >= task.gates.min_n) & (counts.n_c < task.gates.same * float(both.c.sum()))
    rows = np.flatnonzero(kept)
    return [(*pair, heads[i]) for i in rows], counts.take(rows)


def _judged(task: _Search, items: list[Item], counts: Counts) -> tuple[FloatArray, FloatArray]:
    """Score of every slice (-inf where a gate fails), and its predictive p (1 where a floor fails: nobody asks for it then)."""
    gates, rest = task.gates, counts.rest_of(task.whole)
    own, now = counts.own, counts.now
    worse, rise = now / np.maximum(own, 1e-9), now - own
    elsewhere = np.where(rest.n_c > 0, rest.now / np.maximum(rest.own, 1e-9), 0.0), np.where(rest.n_c > 0, rest.now - rest.own, 0.0)
    large = (counts.n_c >= gates.min_n) & (counts.x_c >= gates.min_bad) & (worse >= gates.ratio)
    large &= (worse >= gates.contrast * elsewhere[0]) & (rise >= gates.contrast * elsewhere[1])
    large &= counts.n_c < gates.same * float(task.whole.n_c[0])  # the same rows as everybody: no slice
    large &= rise * counts.n_c >= gates.excess * max(task.excess, 0.0)
    p = np.ones(len(items))
    if large.any():
        # The past is raised by what everybody else rose: of a rise that is everywhere some value always has the most by chance.
        lift = np.maximum(elsewhere[1], 0.0)[large]
        history = np.minimum(counts.x_b[large] + lift * counts.n_b[large], counts.n_b[large])
        p[large] = predictive_p(counts.x_c[large], counts.n_c[large], history, counts.n_b[large], counts.prior[large] + lift)
    words = np.array([len(item) for item in items], dtype=np.float64)
    score = llr(counts) - llr(rest) - gates.per_predicate * words
    return np.where(large & (bh(p) <= gates.q) & (score > 0), score, -np.inf), p


def _first(score: FloatArray, items: list[Item], values: Singles) -> int | None:
    """The best score; of equal ones the preferred name."""
    if not len(score) or not np.isfinite(score.max()):
        return None
    equal = np.flatnonzero(score >= score.max() - 1e-9)
    return int(min(equal, key=lambda i: preference(tuple(values.names[k] for k in items[i]))))


def _named(task: _Search, values: Singles, best: Item, groups: list[list[int]], told: tuple[float, float]) -> _Lead:
    """Every name of the best slice's rows: its values' twins in all combinations, and any single value with the same rows."""
    mask = _mask(values, best)
    homes = [next((group for group in groups if i in group), [i]) for i in best]
    size = float(mask[task.rows.c].sum())
    alike = np.flatnonzero((values.counts.n_c >= task.gates.same * size * 0.9) & (values.counts.n_c <= size / task.gates.same * 1.1))
    tried: list[Item] = [*product(*homes), *((int(i),) for i in alike)]
    names = {tuple(values.names[i] for i in item) for item in tried if len({values.names[i].dim for i in item}) == len(item)
             and _same(mask, _mask(values, item), task)}  # fmt: skip
    fewest = min(len(name) for name in names)
    ordered = sorted((name for name in names if len(name) == fewest), key=preference)
    kept = tuple(tuple(sorted(name, key=lambda one: preference((one,)))) for name in ordered[: task.gates.names + 1])
    return _Lead(kept, told[0], told[1], mask)


def _mask(values: Singles, item: Item) -> BoolArray:
    mask = values.mask(item[0])
    for i in item[1:]:
        mask = mask & values.mask(i)
    return mask


def _same(one: BoolArray, other: BoolArray, task: _Search) -> bool:
    mine, theirs = one[task.rows.c], other[task.rows.c]
    return int((mine & theirs).sum()) >= task.gates.same * int((mine | theirs).sum())


def _share_of_excess(rows: Rows, mask: BoolArray, excess: float) -> float:
    counts = rows.by_mask([mask])
    mine = float((counts.x_c - counts.own * counts.n_c)[0])
    return float(np.clip(mine / max(excess, mine, 1e-9), 0.0, 1.0))


def _told(
    lead: _Lead, weight: FloatArray | None, bad: BoolArray, in_b: BoolArray, in_c: BoolArray, left: BoolArray, share: float
) -> SliceFound:
    w = np.ones(len(bad)) if weight is None else weight
    n_b, x_b, n_c, x_c = (float(w[lead.mask & rows].sum()) for rows in (in_b, in_b & bad, in_c, in_c & bad))
    return SliceFound(
        where=lead.names[0],
        equivalent=lead.names[1:],
        share_of_traffic=n_c / float(w[in_c].sum()),
        share_of_excess=share,
        n_c=n_c,
        bad_c=x_c,
        n_b=n_b,
        bad_b=x_b,
        p=lead.p,
        score=lead.score,
        mask=lead.mask & left,
    )
