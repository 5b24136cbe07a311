"""Ranks runbooks for a text: by the alert's name first, then by words and meaning together; and says when none of them is it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.model.runbook import Hit, Runbook
from bot.shelf import floor
from bot.shelf.lexical import Lexical, Scores
from bot.shelf.words import QUERY_CHARS, is_alert_name, is_name, key, names, words

CROWD = slice(2, 5)  # ranks 3 to 5: near-duplicates of the best one take rank 2


@dataclass(frozen=True)
class Ranking:
    """Best first. `match` False: the shelf names none of them; the hits are then only the nearest."""

    match: bool
    hits: tuple[Hit, ...]


@dataclass(frozen=True)
class Ranker:
    """The lexical half of the shelf, built once from its runbooks."""

    runbooks: tuple[Runbook, ...]
    lexical: Lexical
    named: Mapping[str, tuple[int, ...]]  # key of a name -> the runbooks that bear it
    exact: Mapping[str, tuple[int, ...]]  # a one-word name, as written, with its capital
    named_by_alerts: bool

    def rank(self, query: str, k: int, groups: frozenset[str], similar: Mapping[str, float] | None) -> Ranking:
        """`similar` is path -> cosine of its nearest passage; None = no embeddings. A path it lacks is below all it has."""
        readable = np.array([not runbook.groups or bool(groups & set(runbook.groups)) for runbook in self.runbooks], dtype=np.bool_)
        if not readable.any() or not query.strip():
            return Ranking(match=False, hits=())
        scores = np.where(readable, self.scores(query, similar), -1.0)
        bound = [row for row in self.bound(query) if readable[row]]
        order = [*bound, *(row for row in np.lexsort((np.arange(len(scores)), -scores)) if readable[row] and row not in bound)]
        hits = tuple(self._hit(row, float(scores[row]), row in bound) for row in order[:k])
        best_first = np.sort(scores[readable])[::-1]
        return Ranking(match=bool(bound) or standing(best_first) >= self.least(query, dense=similar is not None), hits=hits)

    def bound(self, query: str) -> list[int]:
        """Rows of the runbooks whose file, id or title is a name in the query, in the order the query names them."""
        found: list[int] = []
        for name in names(query):
            found += self.named.get(key(name), ()) if is_name(name) else self.exact.get(name, ())
        whole = query.strip()
        found += self.named.get(key(whole), ()) if len(whole) <= QUERY_CHARS else ()
        return list(dict.fromkeys(found))

    def scores(self, query: str, similar: Mapping[str, float] | None) -> Scores:
        """0..1, one a runbook, permissions and names aside."""
        lexical = self.lexical.scores(words(query[:QUERY_CHARS]))
        if similar is None:
            return lexical
        least = min(similar.values(), default=0.0)
        dense = np.array([max(similar.get(runbook.path, least), 0.0) for runbook in self.runbooks])
        return floor.LEXICAL * lexical + floor.DENSE * dense

    def least(self, query: str, *, dense: bool) -> float:
        """The standing below which nothing is named. Higher when the alert has a name and a shelf named by alerts does not know it."""
        unnamed = self.named_by_alerts and any(is_alert_name(name) for name in names(query))
        if dense:
            return floor.FLOOR_UNNAMED if unnamed else floor.FLOOR
        return floor.FLOOR_LEXICAL_UNNAMED if unnamed else floor.FLOOR_LEXICAL

    def _hit(self, row: int, score: float, bound: bool) -> Hit:
        runbook = self.runbooks[row]
        why = "named by the alert" if bound else "found by its words"
        return Hit(path=runbook.path, title=runbook.title, score=round(1.0 if bound else score, 4), id=runbook.id, why=why)


def standing(descending: Scores) -> float:
    """The best score, and how far it is ahead of the crowd. Scores best first; with fewer than three runbooks there is no crowd."""
    crowd = descending[CROWD]
    best = float(descending[0])
    return best + floor.LEAD * (best - float(crowd.mean())) if len(crowd) else best


def ranker(runbooks: Sequence[Runbook]) -> Ranker:
    """Runbooks -> Ranker."""
    named: dict[str, list[int]] = {}
    exact: dict[str, list[int]] = {}
    like_alerts = 0
    for row, runbook in enumerate(runbooks):
        stem = runbook.path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        heard = {key(stem), key(runbook.id), key(runbook.title)} - {""}
        for name in sorted(heard):
            named.setdefault(name, []).append(row)
        exact.setdefault(stem, []).append(row)
        like_alerts += is_alert_name(stem) or is_alert_name(runbook.id)
    texts = [words(f"{runbook.path} {runbook.title} {runbook.body}") for runbook in runbooks]
    return Ranker(
        runbooks=tuple(runbooks),
        lexical=Lexical(texts),
        named={name: tuple(rows) for name, rows in named.items()},
        exact={name: tuple(rows) for name, rows in exact.items() if name[:1].isupper()},
        named_by_alerts=like_alerts >= floor.NAMED_SHELF * max(len(runbooks), 1),
    )
