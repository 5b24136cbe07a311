"""Readiness put together from what is kept: marks, shifts, pages and acts; who asks is told what they may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.drills.readiness.gate import keeping_cover, readiness
from bot.drills.readiness.notice import AHEAD, MINUTES, Notice, helps, notice, upcoming
from bot.drills.readiness.team import TeamView, may_read, team_view
from bot.drills.repetition.choose import Offer, Team, choose, team_of
from bot.drills.repetition.quiet import DAILY_MINUTES, WEEK, jittered, minutes_of_week, next_free, why_not
from bot.errors import BadInput, NotAllowed
from bot.model.readiness import Act, ActKind, History, Person, Readiness, Rotation, Shift
from bot.ports import Duty, Marks, PagesTaken, ReadinessBook

BACK = timedelta(days=60)  # how far back a source is asked for shifts that ended: it is read at least every few weeks


@dataclass(frozen=True)
class Week:
    """Who is primary in the coming week. `open_shifts`: primaries with nothing missing; `unplanned`: nobody is on the rotation."""

    notices: tuple[Notice, ...]
    shifts: tuple[Shift, ...]
    new_shifts: int  # that ended and were not remembered yet

    @property
    def unplanned(self) -> bool:
        return not self.shifts


@dataclass(frozen=True)
class Next:
    """What this person should drill. `wait`: why not now; `free_at`: when they may be asked, None when not within sixty days."""

    drills: tuple[Offer, ...]
    wait: str | None
    free_at: datetime | None


@dataclass(frozen=True)
class Desk:
    """Over one rotation."""

    rotation: Rotation
    marks: Marks
    book: ReadinessBook
    pages: PagesTaken

    async def histories(self) -> dict[str, History]:
        """Everybody's, by id."""
        marked, shifts, acts = await self.marks.marked(), await self.book.shifts(), await self.book.acts()
        taken = await self.pages.taken(self.rotation)
        return {
            one.id: History(
                drills=tuple(mark for mark in marked if mark.participant == one.id),
                shifts=tuple(shift for shift in shifts if shift.person == one.id),
                pages=tuple(taken.get(one.id, ())),
                acts=tuple(act for act in acts if act.person == one.id),
            )
            for one in self.rotation.people
        }

    async def show(self, person: str, viewer: str, now: datetime) -> Readiness:
        """NotAllowed unless the viewer is the person or their mentor. BadInput: nobody of that name is on the rotation."""
        found = self._person(person)
        asks = self.rotation.person(viewer)
        may_read(asks.id if asks is not None else viewer, found.id, self.rotation)
        return self._ready(found.id, (await self.histories())[found.id], now)

    async def next(self, person: str, offers: Sequence[Offer], now: datetime) -> Next:
        """What the gate lacks, or will lack in a fortnight; else what is worth most of all that is due."""
        found, held = self._person(person), await self.histories()
        history = held[found.id]
        wait = why_not(found, now, history.pages, history.drills)
        free = now if wait is None else next_free(found, now, history.pages, history.drills)
        at = jittered(found.id, free) if free is not None and free != now else now
        ready = self._ready(found.id, history, now)
        fitting = keeping_cover(offers, history.drills)
        wanted = [one for one in fitting if helps(one, (*ready.lacks, *ready.soon))]
        room = min(MINUTES, max(0.0, DAILY_MINUTES * WEEK.days - minutes_of_week(history.drills, at)))
        chosen = choose(wanted or fitting, history.drills, self._team(held), at, minutes=room, only_due=not wanted)
        return Next(chosen, wait, at if free is not None else None)

    async def team(self, causes: Sequence[str], now: datetime) -> TeamView:
        """NotAllowed for fewer than four people."""
        held = await self.histories()
        ready = {name: self._ready(name, history, now) for name, history in held.items()}
        return team_view(self.rotation, held, ready, causes, now)

    async def week(self, duty: Duty, offers: Sequence[Offer], now: datetime) -> Week:
        """Read the rotation, remember what ended, and say who cannot be primary yet and what would help."""
        shifts = await duty.shifts((now - BACK).timestamp(), (now + AHEAD).timestamp())
        new = await self.book.served([one for one in shifts if one.end <= now])
        held = await self.histories()
        team = self._team(held)
        coming = upcoming(shifts, now)
        found = []
        for shift in coming:
            person, history = self._person(shift.person), held[shift.person]
            said = notice(person, shift, self._ready(person.id, history, now), history.drills, offers, team, now)
            if said is not None:
                found.append(said)
        return Week(tuple(found), coming, new)

    async def override(self, person: str, by: str, why: str, now: datetime) -> Act:
        """Logged with who and why; NotAllowed for anybody but the rotation's managers, and for oneself."""
        found = self._person(person)
        if by not in self.rotation.managers or by == found.id:
            raise NotAllowed(f"only a manager of {self.rotation.name} may override, and not for themself")
        if not why.strip():
            raise BadInput("an override needs its reason", place="--why")
        act = Act(kind=ActKind.OVERRIDE, person=found.id, by=by, why=why.strip()[:500], at=now)
        await self.book.log(act)
        return act

    async def proven(self, person: str, system: str, now: datetime) -> Act:
        """To be called once the ping with the person's own token came back."""
        act = Act(kind=ActKind.ACCESS, person=self._person(person).id, what=system, by="midwatch", at=now)
        await self.book.log(act)
        return act

    def _ready(self, name: str, history: History, now: datetime) -> Readiness:
        return readiness(name, history, now, tuple(self.rotation.systems))

    def _team(self, held: dict[str, History]) -> Team:
        drills = (mark for history in held.values() for mark in history.drills)
        return team_of(drills, ((page.cause, page.at) for history in held.values() for page in history.pages))

    def _person(self, called: str) -> Person:
        found = self.rotation.person(called)
        if found is None:
            raise BadInput(f"nobody on {self.rotation.name} is called that", place=called[:40])
        return found
