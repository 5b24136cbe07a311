"""The shelf itself: runbooks by cause, by name, and by meaning. Implements ports.Runbooks.

A runbook bound to a cause is found in its front matter: neither vectors nor embedder are touched, so a triage never waits for them.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.errors import SourceUnavailable
from bot.model.report import NextAction
from bot.model.runbook import Hit, Runbook
from bot.shelf.dense import Dense, Meaning
from bot.shelf.read import read_folders
from bot.shelf.search import Near, Ranker, Ranking, ranker

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """A question and the groups of who asks; a person in no group reads what is open to all."""

    query: str
    groups: frozenset[str] = frozenset()


class Shelf:
    """Without `dense`, search is by words alone, with its own floor."""

    def __init__(
        self, runbooks: Sequence[Runbook], dense: Dense | None = None, trust: Mapping[str, float] | None = None, like: "Shelf | None" = None
    ) -> None:
        """`trust`: runbook id -> a factor of its score, 1 where it is not named. `like`: a shelf of the same runbooks, counted already."""
        self.runbooks = tuple(sorted(runbooks, key=lambda runbook: runbook.path))
        self._meaning = Meaning(dense, self.runbooks) if dense is not None else None
        self._trust = trust or {}
        self._like = like
        self._by_id = {runbook.id: runbook for runbook in reversed(self.runbooks)}

    @cached_property
    def _ranker(self) -> Ranker:
        """Built at the first search: a bound lookup has no use for it."""
        return self._like._ranker if self._like is not None else ranker(self.runbooks)

    async def warm(self) -> None:
        """Pay now for what the first search would: its words counted, off the event loop, the model loaded, the store opened."""
        await asyncio.to_thread(lambda: self._ranker)
        await self._near([Asked("the first question")])

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
        found = await self._near(asked)
        return tuple(self._ranker.rank(one.query, k, one.groups, near, self._trust) for one, near in zip(asked, found, strict=True))

    async def _near(self, asked: Sequence[Asked]) -> Sequence[Near | None]:
        """What embeddings say of each question; None when there are none or they do not answer: less than with meaning, but an answer."""
        if self._meaning is not None:
            try:
                return await self._meaning.near([(one.query, one.groups) for one in asked])
            except SourceUnavailable as error:
                log.warning("runbooks are searched by words alone: %s", error)
        return [None] * len(asked)

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
