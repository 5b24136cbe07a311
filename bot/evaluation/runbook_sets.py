"""Public runbook sets: alerts with the runbook that is right for each, asked on shelves that hold it and on shelves that do not."""

import hashlib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.model.runbook import Runbook
from bot.ports import Embedder
from bot.shelf.calibration import Evidence
from bot.shelf.lexical import Scores, nearest
from bot.shelf.passages import to_embed
from bot.shelf.read import Document
from bot.shelf.search import Near, ranker
from bot.shelf.words import is_alert_name, names, plain

THIRDS = 3  # shelves that each lack a third of the runbooks

Cosines = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """An alert and the path of its runbook."""

    set: str
    query: str
    gold: str


@dataclass(frozen=True)
class Meant:
    """Cosines alert x runbook: of the nearest passage and of the nearest opening line."""

    passage: Cosines
    opening: Cosines


@dataclass(frozen=True)
class Case:
    """One alert asked on one shelf: `whole`, `third` (a third is missing), `off` (its runbook is missing), `other` (other vendors only)."""

    set: str
    gold: str
    shelf: str
    held: bool  # its runbook is on the shelf
    rank: int  # of its runbook; 0 where it is not held
    bound: bool  # some runbook is named by the alert
    unnamed: bool  # the alert has a name and the shelf is named by alerts
    evidence: Evidence
    floor_rank: int  # BM25's
    floor_score: float  # BM25's of what it ranks first


def load(data: Path, blind: bool, folder: Path) -> tuple[Path, list[Pair]]:
    """The shelf's folder and the alerts. Blind: no alert's name in a query or a runbook, and opaque file names, written to `folder`."""
    rows = [json.loads(line) for line in (data / "runbooks" / "pairs.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = [" ".join(row["query"].get(key) or "" for key in ("summary", "description")) for row in rows]
    docs = data / "runbooks" / "docs"
    if not blind:
        return docs, [Pair(row["corpus"], f"{row['alertname']} {text}", row["gold"]) for row, text in zip(rows, texts, strict=True)]
    hidden = _blinder(rows)
    opaque: dict[str, str] = {}
    for number, file in enumerate(sorted(docs.rglob("*.md"))):
        path = file.relative_to(docs)
        opaque[path.as_posix()] = f"{path.parts[0]}/d{number:03d}.md"
        target = folder / opaque[path.as_posix()]
        target.parent.mkdir(parents=True, exist_ok=True)
        body = re.sub(r"\A---\n.*?\n---\n", "", file.read_text(encoding="utf-8", errors="replace"), flags=re.S)
        target.write_text(hidden.sub(" ", body), encoding="utf-8")
    return folder, [Pair(row["corpus"], hidden.sub(" ", text), opaque[row["gold"]]) for row, text in zip(rows, texts, strict=True)]


def _blinder(rows: Sequence[Mapping[str, str]]) -> "re.Pattern[str]":
    found = {row["alertname"] for row in rows} | {Path(row["gold"]).stem for row in rows}
    known = sorted((name for name in found if len(name) > 5), key=len, reverse=True)
    return re.compile(r"(?<![A-Za-z0-9_])(?:" + "|".join(map(re.escape, known)) + r")(?![A-Za-z0-9_])", re.I)


async def meant(documents: Sequence[Document], pairs: Sequence[Pair], embedder: Embedder) -> Meant:
    """What an embedder says of every alert and every runbook."""
    passages = [(row, to_embed(passage)) for row, document in enumerate(documents) for passage in document.passages]
    lines = [(row, line) for row, document in enumerate(documents) for line in document.openings]
    asked = np.array(await embedder.embed([plain(pair.query) for pair in pairs]))

    async def cosines(texts: Sequence[tuple[int, str]]) -> Cosines:
        found = asked @ np.array(await embedder.embed([text for _, text in texts])).T
        owners = np.array([row for row, _ in texts], dtype=np.intp)
        return np.array([nearest(row, owners, len(documents)) for row in found])

    return Meant(await cosines(passages), await cosines(lines))


def cases(runbooks: Sequence[Runbook], pairs: Sequence[Pair], meant: Meant | None) -> list[Case]:
    """Every alert on every shelf."""
    sets = np.array([runbook.path.split("/")[0] for runbook in runbooks])
    third = np.array([int(hashlib.sha256(runbook.path.encode()).hexdigest(), 16) % THIRDS for runbook in runbooks])
    every = _Shelved(runbooks, np.ones(len(runbooks), dtype=np.bool_), meant)
    found = [every.case("whole", row, pair) for row, pair in enumerate(pairs)]
    found += [every.case("off", row, pair, without=pair.gold) for row, pair in enumerate(pairs)]
    for part in range(THIRDS):
        shelf = _Shelved(runbooks, third != part, meant)
        found += [shelf.case("third", row, pair) for row, pair in enumerate(pairs)]
    for name in sorted({pair.set for pair in pairs}):
        shelf = _Shelved(runbooks, sets != name, meant)
        found += [shelf.case("other", row, pair) for row, pair in enumerate(pairs) if pair.set == name]
    return found


class _Shelved:
    """Some of the runbooks on a shelf, and BM25 over the same."""

    def __init__(self, runbooks: Sequence[Runbook], there: npt.NDArray[np.bool_], meant: Meant | None) -> None:
        held = [runbook for runbook, is_there in zip(runbooks, there, strict=True) if is_there]
        self._ranking, self._floor = ranker(held), Floor([_floor_text(runbook) for runbook in held])
        self._paths = [runbook.path for runbook in held]
        self._there, self._meant = there, meant

    def case(self, shelf: str, row: int, pair: Pair, without: str = "") -> Case:
        """`without`: a runbook that is hidden from this question."""
        ranking = self._ranking
        near = None if self._meant is None else Near(self._meant.passage[row][self._there], self._meant.opening[row][self._there])
        seen = np.array([path != without for path in self._paths])
        gold = self._paths.index(pair.gold) if pair.gold in self._paths and pair.gold != without else None
        baseline = np.where(seen, self._floor.scores(floor_words(pair.query)), -1.0)
        weighed = ranking.weigh(pair.query, near)
        order = ranking.order(weighed.score, seen)
        bound = [number for number in ranking.bound(pair.query) if seen[number]]
        shown = [*bound, *(number for number in order if number not in bound)]
        same = [place for place, number in enumerate(shown, start=1) if gold is not None and ranking.twins[number] == ranking.twins[gold]]
        return Case(
            set=pair.set,
            gold=pair.gold,
            shelf=shelf,
            held=gold is not None,
            rank=same[0] if same else 0,
            bound=bool(bound),
            unnamed=ranking.named_by_alerts and any(is_alert_name(name) for name in names(pair.query)),
            evidence=weighed.evidence(order),
            floor_rank=0 if gold is None else _rank(baseline, gold, ranking.twins),
            floor_score=float(baseline.max()),
        )


def _rank(scores: Scores, row: int, twins: npt.NDArray[np.intp]) -> int:
    """Near-duplicates are one runbook, with the best of their scores: the floor is given what our own ranking is given."""
    own = scores[twins == twins[row]].max()
    return 1 + len(np.unique(twins[scores > own]))


_FLOOR_STOP = """the a an of to in is are and or for on with that this it be has have from by at as not var"""
FLOOR_STOP = frozenset(_FLOOR_STOP.split())


def floor_words(text: str) -> list[str]:
    """As in the BM25 script that ships with the data."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text)
    return [word for word in re.findall(r"[a-z0-9]+", apart.lower()) if word not in FLOOR_STOP and len(word) > 1]


def _floor_text(runbook: Runbook) -> list[str]:
    opaque = re.fullmatch(r"d\d{3}", Path(runbook.path).stem)
    name = "" if opaque else " ".join(runbook.path.removesuffix(".md").split("/")[1:])
    return floor_words(f"{name} {runbook.body}")


class Floor:
    """What every figure is printed beside: textbook BM25, k1 1.2, b 0.75, no stemming, a raw score."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        counts = [Counter(document) for document in documents]
        mean = sum(map(len, documents)) / len(documents)
        self._documents = len(documents)
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for row, count in enumerate(counts):
            for word, times in count.items():
                damped = times * 2.2 / (times + 1.2 * (0.25 + 0.75 * count.total() / mean))
                self._postings[word].append((row, damped))

    def scores(self, query: Sequence[str]) -> Scores:
        found = np.zeros(self._documents)
        for word in sorted(set(query)):
            postings = self._postings.get(word, [])
            idf = math.log(1 + (self._documents - len(postings) + 0.5) / (len(postings) + 0.5))
            for row, damped in postings:
                found[row] += idf * damped
        return found
