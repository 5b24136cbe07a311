"""Golden queries: questions whose runbook is known, asked again after every edit, so that a shelf cannot get worse unseen."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model.value import Value
from bot.shelf.search import Ranking
from bot.shelf.shelf import Asked

DEEP = 5  # ranks that count as found: what one card shows


@dataclass(frozen=True)
class Golden:
    """`expected`: ids or paths, any of them is right; none = the shelf must refuse."""

    id: str
    asked: Asked
    expected: frozenset[str]


class Marks(Value):
    """Shares of the questions with a runbook (n) and of those without (n_none)."""

    n: int
    n_none: int
    recall_1: float  # right one ranked first
    recall_5: float
    right_first: float  # ranked first and named, not only listed
    false_matches: float  # of those without


@dataclass(frozen=True)
class Drop:
    """A mark that is worse than it was."""

    mark: str
    was: float
    now: float


def mark(golden: Sequence[Golden], rankings: Sequence[Ranking]) -> Marks:
    """Rankings of at least DEEP hits, in the order of the questions."""
    asked = [(one, ranking) for one, ranking in zip(golden, rankings, strict=True) if one.expected]
    none = [ranking for one, ranking in zip(golden, rankings, strict=True) if not one.expected]
    return Marks(
        n=len(asked),
        n_none=len(none),
        recall_1=_share([place(one, ranking) == 1 for one, ranking in asked]),
        recall_5=_share([0 < place(one, ranking) <= DEEP for one, ranking in asked]),
        right_first=_share([ranking.match and place(one, ranking) == 1 for one, ranking in asked]),
        false_matches=_share([ranking.match for ranking in none]),
    )


def place(one: Golden, ranking: Ranking) -> int:
    """Rank of a right runbook; 0 where none is listed."""
    return next((rank for rank, hit in enumerate(ranking.hits, start=1) if {hit.id, hit.path} & one.expected), 0)


def _share(held: Sequence[bool]) -> float:
    return round(sum(held) / len(held), 4) if held else 0.0


def drops(was: Marks, now: Marks, allowed: float) -> tuple[Drop, ...]:
    """What got worse by more than `allowed` (a share)."""
    found = [Drop(name, getattr(was, name), getattr(now, name)) for name in ("recall_1", "recall_5", "right_first")]
    worse = [one for one in found if one.now < one.was - allowed - 1e-9]
    if now.n_none and now.false_matches > was.false_matches + allowed + 1e-9:
        worse.append(Drop("false_matches", was.false_matches, now.false_matches))
    return tuple(worse)
