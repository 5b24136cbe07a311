"""Runbooks that are nearly the same text: one of them is shown, and the others are no rivals of it."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bot.model.runbook import Runbook
from bot.shelf.words import words

SAME = 0.9  # share of phrases in common; two alerts' runbooks from one template have .3 to .7 on the public sets
SHINGLE = 4  # words a phrase
BANDS, ROWS = 8, 4  # of the sketch: a pair at SAME is missed once in 10^4, one at .5 is compared six times in ten
SMALLEST = 12  # phrases; two stubs ("TODO") are alike and yet not the same runbook

_MASKS = np.random.default_rng(20261121).integers(1, 2**63, size=(BANDS * ROWS, 2), dtype=np.uint64)

Shingles = npt.NDArray[np.uint64]


def twins(runbooks: Sequence[Runbook], bodies: Sequence[Sequence[str]] | None = None) -> tuple[int, ...]:
    """For each runbook the row of the first that has its text, its own where it is that one. Only among those the same people may read.

    `bodies`: the words of each, where they are known already.
    """
    numbers = _Numbers()
    shingled = [_shingles(text, numbers) for text in bodies or [words(runbook.body) for runbook in runbooks]]
    buckets: dict[tuple[object, ...], list[int]] = defaultdict(list)
    first = list(range(len(runbooks)))
    for row, shingles in enumerate(shingled):
        if len(shingles) < SMALLEST:
            continue
        keys = [(runbooks[row].groups, runbooks[row].causes, runbooks[row].services, *key) for key in _bands(shingles)]
        rivals = sorted({first[other] for key in keys for other in buckets[key]})
        first[row] = next((other for other in rivals if _alike(shingled[other], shingles)), row)
        for key in keys:
            buckets[key].append(row)
    return tuple(first)


class _Numbers(dict[str, int]):
    """Word -> its hash, reckoned once a word."""

    def __missing__(self, stem: str) -> int:
        self[stem] = found = int.from_bytes(hashlib.blake2b(stem.encode(), digest_size=8).digest(), "little")
        return found


def _shingles(stems: Sequence[str], numbers: Mapping[str, int]) -> Shingles:
    """Hashes of the phrases of SHINGLE words, each once, sorted."""
    if len(stems) < SHINGLE:
        return np.empty(0, dtype=np.uint64)
    hashed = np.array([numbers[stem] for stem in stems], dtype=np.uint64)
    rolled = np.zeros(len(stems) - SHINGLE + 1, dtype=np.uint64)
    for offset in range(SHINGLE):
        rolled = rolled * np.uint64(0x9E3779B97F4A7C15) + hashed[offset : offset + len(rolled)]
    return np.unique(rolled)


def _bands(shingles: Shingles) -> list[tuple[int, bytes]]:
    """MinHash: the smallest of each mixed hash; rows of it together are a bucket."""
    least = (shingles[None, :] * (_MASKS[:, :1] | np.uint64(1)) ^ _MASKS[:, 1:]).min(axis=1)
    return [(band, least[band * ROWS : (band + 1) * ROWS].tobytes()) for band in range(BANDS)]


def _alike(one: Shingles, other: Shingles) -> bool:
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common >= SAME * (len(one) + len(other) - common)
