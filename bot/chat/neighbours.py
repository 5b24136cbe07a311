"""Which intent an utterance is nearest to: a kernel over sentence vectors and over letters and words, fitted on the examples.

Kernel ridge regression, one column an intent: each example votes with its likeness, and examples that say the same share one vote. It is
fitted in a fraction of a second when the program starts; nothing is stored but the examples and their vectors.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.model.frame import FloatArray
from bot.ports import Embedder

LETTERS = (3, 4)  # lengths of the letter groups that survive a slip
DENSE = 0.7  # weight of the sentence vectors beside letters and words; by cross-validation on the examples
POWER = 2.0  # a likeness of .5 counts a quarter: near neighbours decide
RIDGE = 0.1  # by the same cross-validation


@dataclass(frozen=True)
class Guess:
    """Intents with their scores, best first: about 1 for what an example says word for word, about 0 for what is like none."""

    ranked: tuple[tuple[str, float], ...]

    @property
    def intent(self) -> str:
        return self.ranked[0][0]

    @property
    def score(self) -> float:
        return self.ranked[0][1]

    @property
    def margin(self) -> float:
        return self.ranked[0][1] - self.ranked[1][1]


class Neighbours:
    """`embedder` None: letters and words alone. `kept`: the same one with a memory on disk, for the examples; questions are not kept."""

    def __init__(self, examples: Sequence[tuple[str, str]], embedder: Embedder | None, kept: Embedder | None = None) -> None:
        """`examples`: (intent, text), texts already mended."""
        self._texts = [text for _, text in examples]
        self.intents = tuple(sorted({intent for intent, _ in examples}))
        column = {intent: at for at, intent in enumerate(self.intents)}
        self._targets = np.zeros((len(examples), len(self.intents)))
        for row, (intent, _) in enumerate(examples):
            self._targets[row, column[intent]] = 1.0
        self._embedder = embedder
        self._kept = kept or embedder
        self._warm: dict[str, Sequence[float]] = {}
        self._grams = _Grams(self._texts)
        self._words = self._grams.matrix(self._texts)
        self._dense: FloatArray | None = None
        self._weights: FloatArray | None = None

    async def guess(self, texts: Sequence[str]) -> tuple[Guess, ...]:
        """SourceUnavailable when the embedder does not answer."""
        if self._weights is None:
            await self._fit()
        assert self._weights is not None
        if not texts:
            return ()
        dense = np.asarray(await self._vectors(self._embedder, texts)) if self._embedder is not None else None
        scores = _kernel(self._grams.matrix(texts), self._words, dense, self._dense) @ self._weights
        return tuple(self._ranked(row) for row in scores)

    async def warm(self, texts: Sequence[str]) -> None:
        """Embed many texts at once, for whoever has many questions: one by one takes ten times as long."""
        if self._embedder is not None:
            new = sorted(set(texts) - set(self._warm))
            self._warm |= dict(zip(new, await self._embedder.embed(new), strict=True))

    async def _vectors(self, embedder: Embedder, texts: Sequence[str]) -> list[Sequence[float]]:
        cold = [text for text in texts if text not in self._warm]
        fresh = dict(zip(cold, await embedder.embed(cold), strict=True)) if cold else {}
        return [self._warm.get(text) or fresh[text] for text in texts]

    async def _fit(self) -> None:
        if self._kept is not None:
            self._dense = np.asarray(await self._kept.embed(self._texts))
        kernel = _kernel(self._words, self._words, self._dense, self._dense)
        self._weights = np.asarray(np.linalg.solve(kernel + RIDGE * np.eye(len(self._texts)), self._targets), dtype=np.float64)

    def _ranked(self, scores: FloatArray) -> Guess:
        order = np.argsort(-scores, kind="stable")
        return Guess(tuple((self.intents[at], round(float(scores[at]), 4)) for at in order))


def _kernel(words: FloatArray, others: FloatArray, dense: FloatArray | None, other_dense: FloatArray | None) -> FloatArray:
    likeness = words @ others.T
    if dense is not None and other_dense is not None:
        likeness = (1.0 - DENSE) * likeness + DENSE * (dense @ other_dense.T)
    return np.asarray(np.clip(likeness, 0.0, None) ** POWER)


class _Grams:
    """Texts as rows of unit length over letter groups, words and pairs of words, weighted by how rare each is."""

    def __init__(self, texts: Sequence[str]) -> None:
        seen = Counter(gram for text in texts for gram in set(_grams(text)))
        self._place = {gram: at for at, gram in enumerate(sorted(seen))}
        self._idf = np.array([np.log((1 + len(texts)) / (1 + seen[gram])) + 1.0 for gram in sorted(seen)])

    def matrix(self, texts: Sequence[str]) -> FloatArray:
        rows = np.zeros((len(texts), len(self._place)))
        for row, text in enumerate(texts):
            for gram, count in Counter(_grams(text)).items():
                at = self._place.get(gram)
                if at is not None:
                    rows[row, at] = np.sqrt(count)
        rows *= self._idf
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.maximum(lengths, 1e-12))


def _grams(text: str) -> list[str]:
    words = text.split()
    padded = [f" {word} " for word in words]
    letters = [word[at : at + size] for word in padded for size in LETTERS for at in range(len(word) - size + 1)]
    return letters + [f"={word}" for word in words] + [f"={a}_{b}" for a, b in zip(["^", *words], [*words, "$"], strict=True)]
