"""The room where a drill is played by several people: evidence on request, one answer each, marks in private, one debrief.

What people did is stored before they are told; the incident itself is made again from recipe and seed after a crash.
"""

from __future__ import annotations

import asyncio
import hashlib
import statistics
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from bot.drills.competencies import competencies
from bot.drills.exercise import Exercise, Workshop
from bot.drills.marking.answer_reader import understand
from bot.drills.marking.answers import Answers
from bot.drills.marking.mark import PASS, Mark
from bot.drills.quiz import Quiz
from bot.drills.scenarios.recipe import recipes
from bot.drills.table import Drill, laid
from bot.drills.topics import NAMES, hints, shown
from bot.errors import BadInput
from bot.model.drill import Dispute, MarkedDrill, OpenDrill, Part, Sitting
from bot.model.value import moment
from bot.ports import DrillBook, Marks

REMEMBERED = 8  # incidents kept in memory: as many drills as are played at once
TEAM = 4  # people from whom on a team sees more than a count (catalogue 5.5)


@dataclass(frozen=True)
class Result:
    """One participant's mark, with what it was given for."""

    sitting: Sitting
    marked: MarkedDrill
    mark: Mark
    drill: Drill


@dataclass(frozen=True)
class Tally:
    """What everybody may see. `mean` and `passed` only of TEAM people or more."""

    sitting: int
    answered: int
    mean: float | None = None
    passed: int | None = None


class Room:
    """`clock`: epoch seconds."""

    def __init__(self, shop: Workshop, book: DrillBook, marks: Marks, clock: Callable[[], float]) -> None:
        self._shop = shop
        self._book = book
        self._marks = marks
        self._clock = clock
        self._made: OrderedDict[tuple[str, int], asyncio.Task[Drill]] = OrderedDict()

    async def open(self, key: str, scenario: str, channel: str, people: Sequence[str] = ()) -> OpenDrill:
        """Opened once a key. BadInput: there is no such scenario."""
        seed = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest(), "big")
        await self._drill(scenario, seed)
        now = moment(self._clock())
        return await self._book.open(OpenDrill(id=key, scenario=scenario, seed=seed, channel=channel, people=tuple(people), opened_at=now))

    def names(self) -> list[str]:
        """The drills there are to choose from; group drills with a game master are started by name."""
        return [one.name for one in recipes(self._shop.folder)] if self._shop.folder is not None else []

    async def drill(self, opened: OpenDrill) -> Drill:
        return await self._drill(opened.scenario, opened.seed)

    async def _drill(self, scenario: str, seed: int) -> Drill:
        """Made once, however many people ask at the same time."""
        key = (scenario, seed)
        if key not in self._made:
            self._made[key] = asyncio.create_task(laid(self._shop, scenario, seed))
        self._made.move_to_end(key)
        while len(self._made) > REMEMBERED:
            self._made.popitem(last=False)
        try:
            return await asyncio.shield(self._made[key])
        except BaseException:
            if key in self._made and self._made[key].done():
                del self._made[key]
            raise

    async def evidence(self, opened: OpenDrill, participant: str, topic: str) -> list[str]:
        """Its lines, for this participant alone. BadInput: there is no such topic, or they have answered."""
        if topic not in NAMES:
            raise BadInput("there is no such evidence")
        await self._may_ask(opened, participant)
        made = await self.drill(opened)
        lines = list(made.shown) if isinstance(made, Quiz) else shown(made, topic)
        await self._book.asked(opened.id, participant, topic)
        return lines

    async def hint(self, opened: OpenDrill, participant: str) -> str:
        await self._may_ask(opened, participant)
        made = await self.drill(opened)
        if isinstance(made, Quiz):
            raise BadInput("a short drill has no hints")
        ready = hints(made)
        before = (await self._book.sit(opened.id, participant, self._clock())).hints
        used = await self._book.hinted(opened.id, participant, len(ready))
        return ready[used - 1] if used > before else "There are no more hints."

    async def sit(self, opened: OpenDrill, participant: str) -> None:
        """Their time begins with the first thing they ask for, or with the form."""
        await self._book.sit(opened.id, participant, self._clock())

    async def _may_ask(self, opened: OpenDrill, participant: str) -> None:
        sitting = await self._book.sit(opened.id, participant, self._clock())
        if opened.closed_at is not None:
            raise BadInput("this drill is over")
        if sitting.answered_at is not None:
            raise BadInput("you have answered: the debrief shows the rest")

    async def answer(self, opened: OpenDrill, participant: str, said: Mapping[str, JsonValue]) -> bool:
        """Stored; marked later. False when they answered before. BadInput names what cannot be read."""
        understand(said, "answer")
        if opened.closed_at is not None:
            raise BadInput("this drill is over")
        await self._book.sit(opened.id, participant, self._clock())
        return await self._book.answered(opened.id, participant, said, self._clock())

    async def waiting(self) -> list[Result]:
        """Marks that are due: kept, and not told yet. Safe to repeat."""
        return [result for one in await self._book.waiting() if (result := await self.result(one)) is not None]

    async def result(self, sitting: Sitting) -> Result | None:
        opened = await self._book.get(sitting.drill)
        if opened is None or sitting.answers is None or sitting.answered_at is None:
            return None
        made = await self.drill(opened)
        answers = _answers(sitting)
        mark = made.mark(answers)
        marked = _marked(sitting, opened, made, answers, mark)
        await self._marks.keep(_key(sitting), marked)
        return Result(sitting, marked, mark, made)

    async def told(self, result: Result) -> None:
        await self._book.told(result.sitting.drill, result.sitting.participant)

    async def close(self, opened: OpenDrill) -> bool:
        """True for the one who closed it: they post the debrief."""
        return await self._book.close(opened.id, self._clock())

    async def tally(self, opened: OpenDrill) -> Tally:
        """Counts only, where fewer than four people would let anybody guess a colleague's score."""
        sittings = await self._book.sittings(opened.id)
        marks = [one.mark for sitting in sittings if (one := await self.result(sitting)) is not None]
        if len(marks) < TEAM:
            return Tally(len(sittings), len(marks))
        return Tally(len(sittings), len(marks), statistics.fmean(one.score for one in marks), sum(one.passed for one in marks))

    async def mine(self, participant: str) -> list[MarkedDrill]:
        """Their own marks and nobody else's, newest first."""
        return [one for one in reversed(await self._marks.marked()) if one.participant == participant]

    async def dispute(self, opened: OpenDrill, participant: str, said: str) -> int | None:
        number = await self._book.dispute(opened.id, participant, said, self._clock())
        sitting = next((one for one in await self._book.sittings(opened.id) if one.participant == participant), None)
        result = await self.result(sitting) if sitting is not None else None
        if number is not None and result is not None:
            await self._marks.dispute(await self._marks.keep(_key(result.sitting), result.marked))
        return number

    async def decide(self, number: int, by: str, decision: str, score: float | None) -> Dispute | None:
        """A person's word; a new score replaces the old one, with their name on it."""
        decided = await self._book.decide(number, by, decision, score, self._clock())
        if decided is None or score is None:
            return decided
        sitting = next((one for one in await self._book.sittings(decided.drill) if one.participant == decided.participant), None)
        result = await self.result(sitting) if sitting is not None else None
        if result is not None:
            changed = _corrected(result.marked, score, by, decision)
            await self._marks.correct(await self._marks.keep(_key(result.sitting), result.marked), changed)
        return decided


def _key(sitting: Sitting) -> str:
    return f"{sitting.drill}:{sitting.participant}"


def _answers(sitting: Sitting) -> Answers:
    """What they said, with what the room knows of it: topics, hints, and the time it took."""
    assert sitting.answered_at is not None
    said = understand(sitting.answers or {}, "answer")
    took = (sitting.answered_at - sitting.begun_at).total_seconds()
    return replace(said, asked=sitting.asked, hints=sitting.hints, seconds=took)


def _marked(sitting: Sitting, opened: OpenDrill, made: Drill, answers: Answers, mark: Mark) -> MarkedDrill:
    assert sitting.answered_at is not None
    causes = made.key.truth.causes if isinstance(made, Exercise) else ((made.cause,) if made.cause else ())
    declared = made.recipe.competencies if made.recipe is not None else ()
    return MarkedDrill(
        participant=sitting.participant,
        scenario=opened.scenario,
        seed=opened.seed,
        drill_type=made.type,
        cause=causes[0] if causes else None,
        competencies=declared or competencies(made.type, causes),
        score=mark.score,
        parts=mark.parts,
        passed=mark.passed,
        layer_right=mark.layer_right,
        confidence=answers.confidence,
        seconds=answers.seconds,
        at=sitting.answered_at,
    )


def _corrected(marked: MarkedDrill, score: float, by: str, decision: str) -> MarkedDrill:
    given = min(100.0, max(0.0, score))
    part = Part(name="dispute", points=round(given - marked.score, 1), of=0.0, why=decision[:300] or "decided by a person", evidence=(by,))
    failed = any(one.name == "irreversible" for one in marked.parts) and given < PASS
    return marked.model_copy(update={"score": given, "parts": (*marked.parts, part), "passed": given >= PASS and not failed})
