"""BM25 over whole runbooks. Scores are a share of the best a document could have: 0..1, comparable between queries and shelves."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

K1 = 1.2  # saturation of a repeated word; the textbook value, flat between 0.8 and 1.6 on the public sets
B = 0.75  # how much a long document is held against it; textbook value

Scores = npt.NDArray[np.float64]


class Lexical:
    """One matrix document x word, built once; a query is one product."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        counts = [Counter(document) for document in documents]
        vocabulary = sorted({word for count in counts for word in count})
        self._column = {word: number for number, word in enumerate(vocabulary)}
        self._n = len(counts)
        holding = Counter(word for count in counts for word in count)
        self._idf = np.array([_idf(self._n, holding[word]) for word in vocabulary])
        self._matrix = self._weights(counts)

    def _weights(self, counts: Sequence[Counter[str]]) -> sparse.csr_array:
        mean = sum(count.total() for count in counts) / max(self._n, 1) or 1.0
        rows, columns, values = [], [], []
        for row, count in enumerate(counts):
            damp = K1 * (1 - B + B * count.total() / mean)
            for word, times in count.items():
                rows.append(row)
                columns.append(self._column[word])
                values.append(times / (times + damp))
        shape = (self._n, max(len(self._column), 1))
        return sparse.csr_array((values, (rows, columns)), shape=shape, dtype=np.float64)

    def scores(self, query: Sequence[str]) -> Scores:
        """One score a document. A word no document holds counts against all of them: it is what the shelf does not know."""
        asked = set(query)
        known = sorted(self._column[word] for word in asked if word in self._column)
        weights = np.zeros(self._matrix.shape[1])
        weights[known] = self._idf[known] if known else 0.0
        best = float(weights.sum()) + (len(asked) - len(known)) * _idf(self._n, 0)
        if best <= 0:
            return np.zeros(self._n)
        return np.asarray(self._matrix @ weights, dtype=np.float64) / best


def _idf(documents: int, holding: int) -> float:
    return math.log(1 + (documents - holding + 0.5) / (holding + 0.5))
