"""An utterance -> intents and slots: words mended, values masked, neighbours and cues weighed, requests to act told apart by grammar."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path

import yaml

from bot.chat.acting import Act, clauses, hostile, wish
from bot.chat.cueing import cued
from bot.chat.neighbours import Guess, Neighbours
from bot.chat.slots import Found, find
from bot.chat.values import Values
from bot.chat.words import mended, tidy, tokens
from bot.errors import SourceUnavailable
from bot.ports import Embedder

log = logging.getLogger(__name__)

EXAMPLES = Path(__file__).parent / "examples.yaml"
FOREIGN = 0.17  # with no cue, what is less like every example than this is about something else; nine in ten of ours are above it
CLOSE = 0.12  # two readings nearer than this are asked about
SURE = 0.55  # a first reading that is this good is taken when the second has no cue of its own
PARTS = 3  # questions answered in one message
FOLLOWS = re.compile(r"^(?:and|what about|how about|same (?:for|with)|also|ok(?:ay)? and|then|but|only|just|for|or)\b")
CARRIED = frozenset({"slice", "blast_radius", "compare", "traces", "cost", "onset", "evidence", "status"})  # questions that a slot narrows
ACTION = "action_request"
OUTSIDE = "out_of_scope"


@dataclass(frozen=True)
class Asked:
    """What somebody wants to know. `known`: slots that are values of this incident. `close`: the second reading, when it is nearly as good.
    `hostile`: it tries to change who decides here. `act`: what it asks to be done, for an action request."""

    intent: str
    slots: Mapping[str, str] = field(default_factory=dict)
    said: str = ""  # mended and masked
    text: str = ""  # tidied, as typed
    all: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    close: str | None = None
    hostile: bool = False
    act: Act | None = None
    score: float = 0.0


class Understanding:
    """Holds the fitted neighbours. `embedder` None, or one that does not answer: letters and words alone, which is then said in the log.

    `kept`: the same one, with a memory for the examples.
    """

    def __init__(self, embedder: Embedder | None, kept: Embedder | None = None) -> None:
        self._words = vocabulary()
        rows = [(intent, _plain(self._mend(text))) for intent, texts in examples().items() for text in texts]
        self._neighbours = Neighbours(rows, embedder, kept)
        self._rows = rows
        self.intents = self._neighbours.intents

    async def read(self, text: str, values: Values, now: datetime, before: Asked | None = None) -> tuple[Asked, ...]:
        """One to PARTS questions, in the order they were asked; a request to act stands alone, whatever stands beside it.

        `now` is the incident's; `before` is what the same person asked last in this conversation.
        """
        typed = tidy(text)
        found = find(typed, values, now)
        said = self._mend(found.masked)
        whole = Asked(OUTSIDE, found.slots, said, typed, found.all, found.known, hostile=hostile(text))
        wished = wish(said)
        if wished is not None:
            return (replace(whole, intent=ACTION, act=wished.act, score=1.0),)
        if whole.hostile:
            return (whole,)
        followed = _followed(whole, before)
        if followed is not None:
            return (followed,)
        return await self._parts(whole, found)

    async def start(self) -> None:
        """Fit now what the first question would wait for: the model loaded, the examples embedded."""
        await self._guess(())

    async def warm(self, texts: Sequence[str], values: Values, now: datetime) -> None:
        """Make many texts ready to be read, in one go."""
        said = [self._mend(find(tidy(text), values, now).masked) for text in texts]
        await self._neighbours.warm([_plain(piece) for one in said for piece in (one, *_pieces(one))])

    async def _parts(self, whole: Asked, found: Found) -> tuple[Asked, ...]:
        pieces = _pieces(whole.said)
        guesses = await self._guess([_plain(text) for text in (whole.said, *pieces)])
        alone = _decided(whole, guesses[0])
        parts = [_decided(replace(whole, said=piece), guess) for piece, guess in zip(pieces, guesses[1:], strict=True)]
        if not all(part.score >= SURE and part.intent != OUTSIDE for part in parts):
            return (alone,)
        kept: list[Asked] = []
        for part in parts:
            if all(part.intent != other.intent for other in kept):
                kept.append(part)
        return tuple(kept[:PARTS]) if len(kept) > 1 else (alone,)

    @cached_property
    def _by_words(self) -> Neighbours:
        return Neighbours(self._rows, None)

    async def _guess(self, texts: Sequence[str]) -> tuple[Guess, ...]:
        try:
            return await self._neighbours.guess(texts)
        except SourceUnavailable as error:
            log.warning("questions are understood by letters and words alone: %s", error)
            return await self._by_words.guess(texts)

    def _mend(self, text: str) -> str:
        return mended(text, self._words)


def _decided(asked: Asked, guess: Guess) -> Asked:
    cues = cued(_plain(asked.said))
    scores = {intent: score + cues.get(intent, 0.0) for intent, score in guess.ranked if intent != ACTION}
    ranked = sorted(scores.items(), key=lambda row: (-row[1], row[0]))
    (first, score), (second, next_score) = ranked[0], ranked[1]
    if not cues and score < (FOREIGN if not ours() & set(tokens(asked.said)) else FOREIGN / 4):
        return replace(asked, intent=OUTSIDE, score=score)
    near = score - next_score < CLOSE and not (score >= SURE and second not in cues) and OUTSIDE not in (first, second)
    return replace(asked, intent=first, score=score, close=second if near else None)


def _plain(said: str) -> str:
    """Without commas: where they stand says where a question ends, not what it asks."""
    return said.replace(",", "").replace(";", "")


_OPENS = (
    r"(?:what|when|where|which|who|whose|why|how|is|are|was|were|do|does|did|can|could|should|shall|will|would|has|have|any|show|give|list|tell"
    r"|explain|compare|summari[sz]e|write|draft|also|root|impact|since|find|open|quiz)"
)
_SPLIT = re.compile(rf"(?:[?!.;]+\s+(?=\w)|[,;]?\s+(?:and then|and also|and|also|plus|then)\s+(?={_OPENS}\b)|,\s+(?={_OPENS}\b))")


def _pieces(said: str) -> list[str]:
    """The questions a text may hold: cut where a new one begins; none when it is one question."""
    pieces = [piece.strip(" ,.;") for piece in _SPLIT.split(said)]
    pieces = [piece for piece in pieces if piece and not re.fullmatch(r"(?:ok|hi|hey|hello|please|thanks|sorry|so)", piece)]
    return pieces[: PARTS + 1] if len(pieces) > 1 else []


def _followed(asked: Asked, before: Asked | None) -> Asked | None:
    """`and tenant acme?` asks the question before once more, with this slot; after one that no slot narrows it asks for the slice."""
    if before is None or not asked.slots or not FOLLOWS.match(asked.said) or len(tokens(asked.said)) > 6:
        return None
    intent = before.intent if before.intent in CARRIED else "slice"
    slots = {**{slot: value for slot, value in before.slots.items() if slot == "time"}, **asked.slots}
    return replace(asked, intent=intent, slots=slots, score=1.0)


@lru_cache(maxsize=1)
def examples() -> Mapping[str, Sequence[str]]:
    read = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    return {str(intent): tuple(str(text) for text in rows) for intent, rows in sorted(read.items())}


@lru_cache(maxsize=1)
def ours() -> frozenset[str]:
    """Words that only questions about incidents hold: with one of them a question is hardly about something else."""
    inside = Counter(token for intent, rows in examples().items() if intent != OUTSIDE for text in rows for token in set(tokens(text)))
    outside = {token for text in examples()[OUTSIDE] for token in tokens(text)}
    return frozenset(token for token, count in inside.items() if count >= 2 and len(token) >= 4 and token not in outside)


@lru_cache(maxsize=1)
def vocabulary() -> frozenset[str]:
    """The words that questions here are made of: slips are mended towards them."""
    words = {token for rows in examples().values() for text in rows for token in tokens(text)}
    return frozenset(
        words | {"acknowledge", "replicas", "provider", "embedding", "embeddings", "snooze", "throttle", "revert", "chats", "chat"}
    )


__all__ = ["ACTION", "OUTSIDE", "Asked", "Understanding", "clauses", "examples", "vocabulary"]
