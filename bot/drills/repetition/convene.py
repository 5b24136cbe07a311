"""A team drill that came due: which scenario, who takes part, who is left alone; then it is opened on its stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.drills.repetition.choose import Offer, Team, score, team_of
from bot.drills.repetition.memory import memories
from bot.drills.repetition.quiet import MINUTES, why_not
from bot.errors import SourceUnavailable
from bot.model.drill import DrillType, MarkedDrill
from bot.model.readiness import Due, Firing, FiringState, RealPage, Rotation, Schedule, TeamDrill
from bot.ports import DrillLedger, Marks, PagesTaken, Stage


@dataclass(frozen=True)
class Convener:
    """`offers`: the library as it is now. `now`: epoch seconds -> aware UTC time, as the clock gives it."""

    rotations: Sequence[Rotation]
    offers: Callable[[], Sequence[Offer]]
    marks: Marks
    pages: PagesTaken
    ledger: DrillLedger
    stage: Stage
    now: Callable[[], datetime]

    async def convene(self, due: Due, *, made_up: bool) -> None:
        """Safe to repeat: the same due time opens the same drill, and is recorded once."""
        found = self._schedule(due.schedule)
        now = self.now()
        if found is None:
            await self.ledger.record(Firing(due=due, state=FiringState.DROPPED, at=now, why="the schedule is gone"))
            return
        rotation, schedule = found
        drill = await self._drill(due, rotation, schedule, now)
        if isinstance(drill, str):
            await self.ledger.record(Firing(due=due, state=FiringState.DROPPED, at=now, why=drill))
            return
        await self.stage.open(drill)
        state = FiringState.MADE_UP if made_up else FiringState.FIRED
        await self.ledger.record(Firing(due=due, state=state, at=now, why=f"{len(drill.people)} of {len(rotation.people)} asked"))

    def _schedule(self, name: str) -> tuple[Rotation, Schedule] | None:
        return next(((rotation, one) for rotation in self.rotations for one in rotation.drills if one.id == name), None)

    async def _drill(self, due: Due, rotation: Rotation, schedule: Schedule, now: datetime) -> TeamDrill | str:
        """The drill, or why there is none."""
        marked = await self.marks.marked()
        by = {one.id: tuple(mark for mark in marked if mark.participant == one.id) for one in rotation.people}
        taken = await self._taken(rotation)
        quiet = {one.id: why_not(one, now, taken.get(one.id, ())) for one in rotation.people}
        people = tuple(name for name, why in quiet.items() if why is None)
        if not people:
            return "nobody may be asked now"
        offers = [one for one in self.offers() if one.drill_type in schedule.types]
        if not offers:
            return f"the library has no drill of the types {', '.join(schedule.types)}"
        team = team_of(marked, ((page.cause, page.at) for pages in taken.values() for page in pages))
        chosen = best_for_all(offers, [by[name] for name in people], team, now)
        left_out = tuple((name, why) for name, why in quiet.items() if why is not None)
        return TeamDrill(
            key=due.key, rotation=rotation.name, channel=rotation.channel, scenario=chosen.scenario, people=people, left_out=left_out
        )

    async def _taken(self, rotation: Rotation) -> Mapping[str, tuple[RealPage, ...]]:
        """Without it a drill may reach somebody who was paged in the night: better none, so the work is tried again."""
        try:
            return await self.pages.taken(rotation)
        except SourceUnavailable as error:
            raise SourceUnavailable(f"who was paged in the night is not known: {error}", source=error.source, asked=error.asked) from error


def best_for_all(offers: Sequence[Offer], histories: Sequence[Sequence[MarkedDrill]], team: Team, now: datetime) -> Offer:
    """The offer that is worth most to the group as a whole; of equals the longer, then the first by name."""
    held = [(drills, memories(drills)) for drills in histories]

    def worth(one: Offer) -> float:
        return round(sum(score(one, drills, memory, team, now) for drills, memory in held) / max(1, len(held)), 9)

    return min(offers, key=lambda one: (-worth(one), -MINUTES[DrillType(one.drill_type)], one.scenario))
