"""Ranks runbooks for a text: by the alert's name first, then by words and meaning together; and says when none of them is it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.model.runbook import Hit, Runbook
from bot.shelf.calibration import Calibration, Evidence, Half, fitted
from bot.shelf.lexical import Lexical, Lines, Scores
from bot.shelf.passages import openings
from bot.shelf.twins import twins
from bot.shelf.words import QUERY_CHARS, is_alert_name, is_name, key, names, phrases, plain, words

CROWD = slice(2, 5)  # ranks 3 to 5 are what the first is measured against: rank 2 is often its sibling ("warning", "critical")

Rows = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Near:
    """What embeddings say, one cosine a runbook, 0..1: of its nearest passage, and of its nearest opening line."""

    passage: Scores
    opening: Scores


@dataclass(frozen=True)
class Ranking:
    """Best first. `match` False: the shelf names none of them; the hits are then only the nearest. `chance`: that the first is right."""

    match: bool
    hits: tuple[Hit, ...]
    chance: float = 0.0


@dataclass(frozen=True)
class Weighed:
    """Every runbook against one question; permissions and names aside."""

    score: Scores
    words: Scores
    opening_words: Scores
    phrases: Scores
    opening: Scores

    def evidence(self, order: Sequence[int]) -> Evidence:
        """Of the first of `order` (rows, best first)."""
        first, scores = order[0], self.score[list(order[:5])]
        crowd = scores[CROWD] if len(scores) > 2 else np.zeros(1)
        return Evidence(
            margin=float(scores[0] - crowd.mean()),
            words=float(self.words[first]),
            opening_words=float(self.opening_words[first]),
            phrases=float(self.phrases[first]),
            opening=float(self.opening[first]),
        )


@dataclass(frozen=True)
class Ranker:
    """The lexical half of the shelf, built once from its runbooks."""

    runbooks: tuple[Runbook, ...]
    lexical: Lexical
    lines: Lines
    phrases: Lexical
    named: Mapping[str, tuple[int, ...]]  # key of a name -> the runbooks that bear it
    exact: Mapping[str, tuple[int, ...]]  # a one-word name, as written, with its capital
    named_by_alerts: bool
    twins: npt.NDArray[np.intp]  # the row of the first runbook of the same text
    calibration: Calibration

    def rank(self, query: str, k: int, groups: frozenset[str], near: Near | None, trust: Mapping[str, float] | None = None) -> Ranking:
        """`near` None = no embeddings. `trust` is id -> a factor on the score, 1 where it is not named."""
        readable = self.readable(groups)
        if not readable.any() or not query.strip():
            return Ranking(match=False, hits=())
        weighed = self.weigh(query, near)
        score = weighed.score * np.array([(trust or {}).get(runbook.id, 1.0) for runbook in self.runbooks])
        order = self.order(score, readable)
        chance = self.half(near).stand.chance(weighed.evidence(order))
        bound = self._unfolded([row for row in self.bound(query) if readable[row]])
        shown = [*bound, *(row for row in order if row not in bound)][:k]
        hits = tuple(self._hit(row, float(score[row]), row in bound) for row in shown)
        match = bool(bound) or chance * self._trusted(order[0], trust) >= self.least(query, near)
        return Ranking(match=match, hits=hits, chance=round(1.0 if bound else chance, 4))

    def readable(self, groups: frozenset[str]) -> Rows:
        """A person in no group reads what is open to all."""
        return np.array([not runbook.groups or bool(groups & set(runbook.groups)) for runbook in self.runbooks], dtype=np.bool_)

    def order(self, score: Scores, readable: Rows) -> list[int]:
        """Rows best first, ties by path, near-duplicates of a better one left out."""
        ranked = np.lexsort((np.arange(len(score)), -score))
        return self._unfolded([int(row) for row in ranked if readable[row]])

    def _unfolded(self, rows: Sequence[int]) -> list[int]:
        first: dict[int, int] = {}
        for row in rows:
            first.setdefault(int(self.twins[row]), row)
        return list(first.values())

    def bound(self, query: str) -> list[int]:
        """Rows of the runbooks whose file, id or title is a name in the query, in the order the query names them."""
        found: list[int] = []
        for name in names(query):
            found += self.named.get(key(name), ()) if is_name(name) else self.exact.get(name, ())
        whole = query.strip()
        found += self.named.get(key(whole), ()) if len(whole) <= QUERY_CHARS else ()
        return list(dict.fromkeys(found))

    def weigh(self, query: str, near: Near | None) -> Weighed:
        stems = words(plain(query))
        by_words, by_opening = self.lexical.scores(stems), self.lines.covered(stems)
        mix = self.half(near).mix
        score = mix.words * by_words + mix.opening_words * by_opening
        if near is not None:
            score = score + mix.opening * near.opening + mix.passage * near.passage
        opening = near.opening if near is not None else np.zeros(len(self.runbooks))
        return Weighed(score, by_words, by_opening, self.phrases.scores(phrases(stems)), opening)

    def half(self, near: Near | None) -> Half:
        return self.calibration.lexical if near is None else self.calibration.dense

    def least(self, query: str, near: Near | None) -> float:
        """The chance below which nothing is named. Higher when the alert has a name and a shelf named by alerts does not know it."""
        stand = self.half(near).stand
        unnamed = self.named_by_alerts and any(is_alert_name(name) for name in names(query))
        return stand.floor_unnamed if unnamed else stand.floor

    def _trusted(self, row: int, trust: Mapping[str, float] | None) -> float:
        return (trust or {}).get(self.runbooks[row].id, 1.0)

    def _hit(self, row: int, score: float, bound: bool) -> Hit:
        runbook = self.runbooks[row]
        why = "named by the alert" if bound else "found by its words"
        return Hit(path=runbook.path, title=runbook.title, score=round(1.0 if bound else score, 4), id=runbook.id, why=why)


def ranker(runbooks: Sequence[Runbook], calibration: Calibration | None = None) -> Ranker:
    """Runbooks -> Ranker."""
    chosen = calibration or fitted()
    bodies = [words(runbook.body) for runbook in runbooks]
    texts = [words(f"{runbook.path} {runbook.title}") + body for runbook, body in zip(runbooks, bodies, strict=True)]
    lexical = Lexical(texts)
    opened = [(words(line), row) for row, runbook in enumerate(runbooks) for line in openings(runbook)]
    named, exact, like_alerts = _names(runbooks)
    return Ranker(
        runbooks=tuple(runbooks),
        lexical=lexical,
        lines=lexical.lines([line for line, _ in opened], [row for _, row in opened]),
        phrases=Lexical([phrases(text) for text in texts]),
        named=named,
        exact=exact,
        named_by_alerts=like_alerts >= chosen.named_shelf * max(len(runbooks), 1),
        twins=np.array(twins(runbooks, bodies), dtype=np.intp),
        calibration=chosen,
    )


def _names(runbooks: Sequence[Runbook]) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]], int]:
    """Who bears a name: by its key, by the exact word with a capital; and how many runbooks are named like alerts."""
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
    capital = {name: tuple(rows) for name, rows in exact.items() if name[:1].isupper()}
    return {name: tuple(rows) for name, rows in named.items()}, capital, like_alerts
