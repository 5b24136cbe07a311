"""The shelf itself: runbooks by cause, by name, and by meaning. Implements ports.Runbooks.

A runbook bound to a cause is found in its front matter: neither vectors nor embedder are touched, so a triage never waits for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.errors import SourceUnavailable
from bot.model.report import NextAction
from bot.model.runbook import Hit, Runbook
from bot.shelf.index import Dense
from bot.shelf.read import read_folders
from bot.shelf.search import Ranker, Ranking, ranker
from bot.shelf.words import QUERY_CHARS

NEIGHBOURS = 200  # passages asked of the store: some forty runbooks' worth, of which at most ten are shown


@dataclass(frozen=True)
class Asked:
    """A question and the groups of who asks; a person in no group reads what is open to all."""

    query: str
    groups: frozenset[str] = frozenset()


class Shelf:
    """Without `dense`, search is by words alone, with its own floor."""

    def __init__(self, runbooks: Sequence[Runbook], dense: Dense | None = None) -> None:
        self.runbooks = tuple(sorted(runbooks, key=lambda runbook: runbook.path))
        self._dense = dense
        self._by_id = {runbook.id: runbook for runbook in reversed(self.runbooks)}

    @cached_property
    def _ranker(self) -> Ranker:
        """Built at the first search: a bound lookup has no use for it."""
        return ranker(self.runbooks)

    def bound(self, cause: str, service: str | None = None) -> tuple[Runbook, ...]:
        """Runbooks bound to the cause: those of this very service first, then those of no service in particular."""
        found = [runbook for runbook in self.runbooks if cause in runbook.causes and (not runbook.services or service in runbook.services)]
        return tuple(sorted(found, key=lambda runbook: (not runbook.services, runbook.path)))

    async def for_cause(self, cause: str, service: str | None) -> tuple[Hit, ...]:
        """Bound hits, score 1. Those kept to some groups are left out: a report is read by everybody in the channel."""
        open_to_all = (runbook for runbook in self.bound(cause, service) if not runbook.groups)
        return tuple(Hit(path=r.path, title=r.title, score=1.0, id=r.id, why=f"bound to {cause}") for r in open_to_all)

    async def search(self, query: str, k: int, groups: frozenset[str]) -> tuple[Hit, ...]:
        ranking = await self.rank(query, k, groups)
        return ranking.hits if ranking.match else ()

    async def rank(self, query: str, k: int, groups: frozenset[str]) -> Ranking:
        """As `search`, with the nearest ones also where none is named."""
        (ranking,) = await self.rank_all([Asked(query, groups)], k)
        return ranking

    async def rank_all(self, asked: Sequence[Asked], k: int) -> tuple[Ranking, ...]:
        """One ranking a question; the questions are embedded together."""
        similar = await self._similar(asked)
        return tuple(self._ranker.rank(one.query, k, one.groups, near) for one, near in zip(asked, similar, strict=True))

    async def _similar(self, asked: Sequence[Asked]) -> list[dict[str, float] | None]:
        """For each question path -> cosine of the nearest passage; None when there are no embeddings or they do not answer."""
        words_alone: list[dict[str, float] | None] = [None] * len(asked)
        if self._dense is None:
            return words_alone
        try:
            vectors = await self._dense.embedder.embed([one.query[:QUERY_CHARS] for one in asked])
            return [await self._nearest(self._dense, vector, one.groups) for one, vector in zip(asked, vectors, strict=True)]
        except SourceUnavailable:
            return words_alone  # less than with meaning, but an answer

    async def _nearest(self, dense: Dense, vector: Sequence[float], groups: frozenset[str]) -> dict[str, float] | None:
        similar: dict[str, float] = {}
        for passage, cosine in await dense.vectors.near(vector, NEIGHBOURS, groups):
            similar[passage.path] = max(cosine, similar.get(passage.path, -1.0))
        return similar

    def next_actions(self, cause: str, service: str | None = None) -> tuple[NextAction, ...]:
        """What the first bound runbook proposes; empty when there is none."""
        return next((runbook.next for runbook in self.bound(cause, service) if runbook.next and not runbook.groups), ())

    def kept_to_groups(self, cause: str, service: str | None, groups: frozenset[str]) -> Runbook | None:
        """The first bound runbook that is not open to all and that a member of these groups may read."""
        return next((runbook for runbook in self.bound(cause, service) if groups & set(runbook.groups)), None)

    def runbook(self, runbook_id: str) -> Runbook | None:
        """By id, for 'Open runbook'. The caller checks `groups`."""
        return self._by_id.get(runbook_id)


def open_folder(folder: Path, dense: Dense | None = None) -> Shelf:
    """A shelf on the files as they are now. BadInput when the folder is not there."""
    return Shelf([document.runbook for document in read_folders([folder]).documents], dense)
