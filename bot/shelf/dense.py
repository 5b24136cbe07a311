"""Search by meaning: the store of passages, the opening lines, and the embedder both are from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from bot.model.runbook import Runbook
from bot.ports import Embedder, Vectors
from bot.shelf.lexical import Scores, nearest
from bot.shelf.passages import path_of
from bot.shelf.search import Near
from bot.shelf.words import plain

NEIGHBOURS = 200  # passages asked of the store: some forty runbooks' worth, of which at most ten are shown

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Dense:
    """`openings` is path -> the vectors of its opening lines, one a row; a runbook it lacks is as far as can be."""

    vectors: Vectors
    embedder: Embedder
    openings: Mapping[str, Matrix] = field(default_factory=dict)


class Meaning:
    """A shelf's runbooks by meaning."""

    def __init__(self, dense: Dense, runbooks: Sequence[Runbook]) -> None:
        self._dense = dense
        self._rows = {runbook.path: row for row, runbook in enumerate(runbooks)}

    async def near(self, queries: Sequence[tuple[str, frozenset[str]]]) -> list[Near]:
        """One answer a (text, groups of who asks). SourceUnavailable when embedder or store do not answer."""
        asked = await self._dense.embedder.embed([plain(query) for query, _ in queries])
        return [
            Near(await self._passages(vector, groups), self._openings(vector)) for vector, (_, groups) in zip(asked, queries, strict=True)
        ]

    async def _passages(self, vector: Sequence[float], groups: frozenset[str]) -> Scores:
        """A runbook none of whose passages is among the neighbours is no nearer than the last of them."""
        similar: dict[int, float] = {}
        last = 0.0
        for id_, cosine in await self._dense.vectors.near(vector, NEIGHBOURS, groups):
            row, last = self._rows.get(path_of(id_), -1), max(cosine, 0.0)
            if row >= 0:
                similar[row] = max(last, similar.get(row, 0.0))
        found = np.full(len(self._rows), last)
        found[list(similar)] = list(similar.values())
        return found

    def _openings(self, vector: Sequence[float]) -> Scores:
        lines, owners = self._lines
        if not len(lines):
            return np.zeros(len(self._rows))
        # Row by row: a product of the whole starts BLAS's own threads, and they go on spinning where the model's want to run.
        cosines = np.vecdot(lines, np.asarray(vector, dtype=np.float32))
        return nearest(cosines.astype(np.float64), owners, len(self._rows))

    @cached_property
    def _lines(self) -> tuple[Matrix, npt.NDArray[np.intp]]:
        """All opening lines under each other, and the row of the runbook of each."""
        held = [(row, self._dense.openings[path]) for path, row in self._rows.items() if path in self._dense.openings]
        if not held:
            return np.zeros((0, 0), dtype=np.float32), np.zeros(0, dtype=np.intp)
        owners = np.concatenate([np.full(len(vectors), row, dtype=np.intp) for row, vectors in held])
        return np.concatenate([vectors for _, vectors in held]), owners
