"""BM25 over whole runbooks, and what share of a question one line covers. Both 0..1, comparable between questions and shelves."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

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

    def _weights(self, counts: Sequence[Counter[str]]) -> sparse.csc_array:
        mean = sum(count.total() for count in counts) / max(self._n, 1) or 1.0
        cells: list[Mapping[str, float]] = []
        for count in counts:
            damp = K1 * (1 - B + B * count.total() / mean)
            cells.append({word: times / (times + damp) for word, times in count.items()})
        return self._sparse(cells)

    def _sparse(self, cells: Sequence[Mapping[str, float]]) -> sparse.csc_array:
        """One row a mapping word -> value; words no document holds are left out."""
        rows, columns, values = [], [], []
        for row, cell in enumerate(cells):
            for word, value in cell.items():
                if word in self._column:
                    rows.append(row)
                    columns.append(self._column[word])
                    values.append(value)
        shape = (len(cells), max(len(self._column), 1))
        return sparse.csc_array((values, (rows, columns)), shape=shape, dtype=np.float64)

    def scores(self, query: Iterable[str]) -> Scores:
        """One score a document. A word no document holds counts against all of them: it is what the shelf does not know."""
        columns, weights, best = self._asked(query)
        return _weighed(self._matrix, columns, weights) / best if best > 0 else np.zeros(self._n)

    def lines(self, lines: Sequence[Sequence[str]], owners: Sequence[int]) -> "Lines":
        """Lines of the documents, ready to be covered; `owners` is the document of each, ascending."""
        return Lines(self, self._sparse([dict.fromkeys(line, 1.0) for line in lines]), np.asarray(owners, dtype=np.intp), self._n)

    def _asked(self, query: Iterable[str]) -> tuple[list[int], Scores, float]:
        """Column and weight of every known word of the query, and what all its words weigh together."""
        asked = set(query)
        known = sorted(self._column[word] for word in asked if word in self._column)
        weights = self._idf[known] if known else np.zeros(0)
        return known, weights, float(weights.sum()) + (len(asked) - len(known)) * _idf(self._n, 0)


class Lines:
    """Short texts, several a document."""

    def __init__(self, lexical: Lexical, matrix: sparse.csc_array, owners: npt.NDArray[np.intp], documents: int) -> None:
        self._lexical = lexical
        self._matrix = matrix
        self._owners = owners
        self._documents = documents

    def covered(self, query: Iterable[str]) -> Scores:
        """One number a document: the largest share of the query's weight that one of its lines holds."""
        columns, weights, best = self._lexical._asked(query)
        shares = _weighed(self._matrix, columns, weights) / best if best > 0 else np.zeros(len(self._owners))
        return nearest(shares, self._owners, self._documents)


def _weighed(matrix: sparse.csc_array, columns: Sequence[int], weights: Scores) -> Scores:
    """Row sums over a query's few columns: what it costs does not depend on the words nobody asked for."""
    return np.asarray(matrix[:, list(columns)] @ weights, dtype=np.float64)


def nearest(values: Scores, owners: npt.NDArray[np.intp], documents: int) -> Scores:
    """The largest value of each document; 0 for one that owns none."""
    found = np.zeros(documents)
    np.maximum.at(found, owners, values)
    return found


def _idf(documents: int, holding: int) -> float:
    return math.log(1 + (documents - holding + 0.5) / (holding + 0.5))
