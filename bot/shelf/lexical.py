"""BM25 over whole runbooks, and what share of a question one line covers. Both 0..1, comparable between questions and shelves."""

import math
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
from scipy import sparse

K1 = 1.2  # saturation of a repeated word; the textbook value, flat between 0.8 and 1.6 on the public sets
B = 0.75  # how much a long document is held against it; textbook value

Scores = npt.NDArray[np.float64]


class Lexical:
    """One matrix document x word, built once; a query is one product."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        met = dict.fromkeys(chain.from_iterable(documents))  # in the order of the texts: to sort a million phrases takes a second
        self._column = {word: number for number, word in enumerate(met)}
        self._n = len(documents)
        times = self._cells(documents)
        holding = np.bincount(times.indices, minlength=times.shape[1])
        self._idf = np.log(1 + (self._n - holding + 0.5) / (holding + 0.5))
        lengths = np.array([len(document) for document in documents], dtype=np.float64)
        damp = K1 * (1 - B + B * lengths / (lengths.mean() or 1.0)) if self._n else lengths
        times.data /= times.data + np.repeat(damp, np.diff(times.indptr))
        self._matrix = times.tocsc()

    def _cells(self, texts: Sequence[Sequence[str]]) -> sparse.csr_array:
        """How often each text has each word; words no document holds are left out."""
        known = [[column for column in map(self._column.get, text) if column is not None] for text in texts]
        ends = np.cumsum([0, *map(len, known)])
        columns = np.fromiter(chain.from_iterable(known), dtype=np.int32, count=int(ends[-1]))
        found = sparse.csr_array((np.ones(len(columns)), columns, ends), shape=(len(texts), max(len(self._column), 1)))
        found.sum_duplicates()
        return found

    def scores(self, query: Iterable[str]) -> Scores:
        """One score a document. A word no document holds counts against all of them: it is what the shelf does not know."""
        columns, weights, best = self._asked(query)
        return _weighed(self._matrix, columns, weights) / best if best > 0 else np.zeros(self._n)

    def lines(self, lines: Sequence[Sequence[str]], owners: Sequence[int]) -> "Lines":
        """Lines of the documents, ready to be covered; `owners` is the document of each, ascending."""
        return Lines(self, self._cells([list(dict.fromkeys(line)) for line in lines]).tocsc(), np.asarray(owners, dtype=np.intp), self._n)

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
