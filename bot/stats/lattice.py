"""Slices of rows counted in two windows: single values, pairs and triples of values, without a Python loop over rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from bot.model.frame import BoolArray, FloatArray, IntArray
from bot.stats.exact import KAPPA

Dims = Mapping[str, tuple[tuple[str, ...], IntArray]]
Members = Mapping[str, tuple[tuple[str, ...], Sequence[BoolArray]]]
MOST_EXPECTED = 0.9  # two bad values do not make certainty
Matrix = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Predicate:
    dim: str
    value: str


@dataclass(frozen=True)
class Counts:
    """Rows and bad rows of k slices in B and C, and the rate that each slice's history is shrunk to; each (k,)."""

    n_b: FloatArray
    x_b: FloatArray
    n_c: FloatArray
    x_c: FloatArray
    prior: FloatArray

    def take(self, rows: IntArray) -> Counts:
        return Counts(self.n_b[rows], self.x_b[rows], self.n_c[rows], self.x_c[rows], self.prior[rows])

    @property
    def own(self) -> FloatArray:
        """Each slice's own past rate, shrunk."""
        return np.asarray((self.x_b + KAPPA * self.prior) / (self.n_b + KAPPA), dtype=np.float64)

    @property
    def now(self) -> FloatArray:
        return np.asarray(np.clip(self.x_c / np.maximum(self.n_c, 1e-9), 0.0, 1.0), dtype=np.float64)

    def rest_of(self, whole: Counts) -> Counts:
        """The complements of these slices in a whole (k = 1)."""
        prior = np.full(len(self.n_b), whole.prior[0])
        return Counts(whole.n_b - self.n_b, whole.x_b - self.x_b, whole.n_c - self.n_c, whole.x_c - self.x_c, prior)

    def join(self, other: Counts) -> Counts:
        pairs = ((self.n_b, other.n_b), (self.x_b, other.x_b), (self.n_c, other.n_c), (self.x_c, other.x_c), (self.prior, other.prior))
        return Counts(*(np.concatenate(pair) for pair in pairs))


EMPTY = Counts(*(np.zeros(0) for _ in range(5)))


def llr(counts: Counts) -> FloatArray:
    """Binomial log-likelihood ratio of C against each slice's own shrunk past, (k,); 0 where it got no worse."""
    own, now = np.clip(counts.own, 1e-9, 1 - 1e-9), counts.now
    value = xlogy(counts.x_c, now / own) + xlogy(np.maximum(counts.n_c - counts.x_c, 0.0), (1 - now) / (1 - own))
    return np.asarray(np.where(now > own, value, 0.0), dtype=np.float64)


@dataclass(frozen=True)
class Rows:
    """The rows that count, once: indexes of B and C rows, their bad flags and weights (None: all 1)."""

    b: IntArray
    c: IntArray
    bad_b: BoolArray
    bad_c: BoolArray
    weight_b: FloatArray | None
    weight_c: FloatArray | None

    @property
    def whole(self) -> Counts:
        n_b, x_b, n_c, x_c = (np.array([column.sum()], dtype=np.float64) for column in self._weights())
        return Counts(n_b, x_b, n_c, x_c, np.array([self.rate]))

    @cached_property
    def rate(self) -> float:
        """The bad share of all B rows; 0 without any."""
        n_b, x_b = (float(column.sum()) for column in self._weights()[:2])
        return x_b / n_b if n_b > 0 else 0.0

    def _weights(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        w_b = np.ones(len(self.b)) if self.weight_b is None else self.weight_b
        w_c = np.ones(len(self.c)) if self.weight_c is None else self.weight_c
        return w_b, w_b * self.bad_b, w_c, w_c * self.bad_c

    def by_code(self, codes: IntArray, size: int) -> Counts:
        """Counts of every value of a dimension; -1 is nobody's."""

        def tally(rows: IntArray, bad: BoolArray, weight: FloatArray | None) -> tuple[FloatArray, FloatArray]:
            key = 2 * (codes[rows] + 1) + bad
            table = np.bincount(key, weights=weight, minlength=2 * (size + 1)).astype(np.float64).reshape(-1, 2)[1:]
            return table.sum(axis=1), table[:, 1]

        counted = (*tally(self.b, self.bad_b, self.weight_b), *tally(self.c, self.bad_c, self.weight_c))
        return Counts(*counted, np.full(size, self.rate))

    def by_mask(self, masks: Sequence[BoolArray]) -> Counts:
        """Counts of slices given as masks over all rows."""
        columns = self._weights()
        found = np.zeros((4, len(masks)))
        for i, mask in enumerate(masks):
            in_b, in_c = mask[self.b], mask[self.c]
            found[:, i] = [float(column[inside].sum()) for column, inside in zip(columns, (in_b, in_b, in_c, in_c), strict=True)]
        return Counts(found[0], found[1], found[2], found[3], np.full(len(masks), self.rate))


@dataclass(frozen=True)
class Singles:
    """Every value that was looked at: its name, counts, and where its mask comes from."""

    names: tuple[Predicate, ...]
    counts: Counts
    columns: tuple[IntArray | BoolArray, ...]  # the dimension's codes, or the member's mask
    codes: tuple[int, ...]  # -1 for a member

    def mask(self, i: int) -> BoolArray:
        """Over all rows."""
        column = self.columns[i]
        return np.asarray(column if self.codes[i] < 0 else column == self.codes[i], dtype=np.bool_)


def singles(rows: Rows, dims: Dims, members: Members, values: int, coverage: float, min_n: float) -> Singles:
    """The commonest `values` values of every dimension recorded on at least `coverage` of the rows, with at least `min_n` rows in C."""
    names: list[Predicate] = []
    columns: list[IntArray | BoolArray] = []
    codes: list[int] = []
    counts = EMPTY
    for dim, (words, column) in sorted(dims.items()):
        recorded = int((column[rows.b] >= 0).sum()) + int((column[rows.c] >= 0).sum())
        if not words or recorded < coverage * (len(rows.b) + len(rows.c)):
            continue
        mine = rows.by_code(column, len(words))
        kept = _common(mine, values, min_n)
        names += [Predicate(dim, words[i]) for i in kept]
        columns += [column] * len(kept)
        codes += [int(i) for i in kept]
        counts = counts.join(mine.take(kept))
    for dim, (words, masks) in sorted(members.items()):
        mine = rows.by_mask(masks)
        kept = _common(mine, values, min_n)
        names += [Predicate(dim, words[i]) for i in kept]
        columns += [masks[i] for i in kept]
        codes += [-1] * len(kept)
        counts = counts.join(mine.take(kept))
    return Singles(tuple(names), counts, tuple(columns), tuple(codes))


def _common(counts: Counts, values: int, min_n: float) -> IntArray:
    order = np.argsort(-(counts.n_c + counts.n_b), kind="stable")[:values]
    return np.sort(order[counts.n_c[order] >= min_n])


class Masks:
    """Masks of k slices over the B and the C rows as matrices: all pairs are counted by four products."""

    def __init__(self, rows: Rows, masks: Sequence[BoolArray]) -> None:
        self.rows = rows
        self.b, self.c = (self._stack(masks, at) for at in (rows.b, rows.c))

    def _stack(self, masks: Sequence[BoolArray], at: IntArray) -> Matrix:
        stacked = np.array([mask[at] for mask in masks], dtype=np.bool_).reshape(len(masks), len(at))
        # Whole counts are exact in either; single precision takes half the time.
        return stacked.astype(np.float32) if self.rows.weight_b is None else stacked.astype(np.float64)

    def take(self, rows: IntArray) -> Masks:
        picked = Masks(self.rows, [])
        picked.b, picked.c = self.b[rows], self.c[rows]
        return picked

    def overlap(self) -> FloatArray:
        """Row-Jaccard of all slices in C, (k, k), by rows and not by weights."""
        both = (self.c @ self.c.T).astype(np.float64)
        size = np.diag(both)
        return np.asarray(both / np.maximum(size[:, None] + size[None, :] - both, 1.0), dtype=np.float64)

    def crossed(self, other: Masks, own: FloatArray, others: FloatArray) -> Counts:
        """All intersections with the slices of another set, every field (k, other's k); `own`, `others`: the slices' own past rates.

        Small cells know little of their past; they are shrunk to what their two values together lead one to expect.
        """
        rows = self.rows
        tables = []
        for mine, theirs, bad, weight in ((self.b, other.b, rows.bad_b, rows.weight_b), (self.c, other.c, rows.bad_c, rows.weight_c)):
            weighed = mine if weight is None else mine * weight
            tables += [(weighed @ theirs.T).astype(np.float64), (weighed[:, bad] @ theirs[:, bad].T).astype(np.float64)]
        rate = max(rows.rate, 1e-9)
        expected = np.clip(own[:, None] * others[None, :] / rate, rate, MOST_EXPECTED)
        return Counts(tables[0], tables[1], tables[2], tables[3], expected)
