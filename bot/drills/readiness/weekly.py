"""The weekly look at a rotation: shifts are read and remembered, and who cannot be primary next week is told what would help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

from bot.drills.readiness.desk import Desk
from bot.drills.readiness.notice import Notice
from bot.drills.repetition.choose import Offer
from bot.model.readiness import Due, Firing, FiringState, Rotation
from bot.ports import DrillLedger, Duty, Herald


@dataclass(frozen=True)
class Weekly:
    """`duty`: opens the rotation's sources; `offers`: the library as it is now."""

    rotations: Sequence[Rotation]
    desk: Callable[[Rotation], Desk]
    duty: Callable[[Rotation], AbstractAsyncContextManager[Duty]]
    offers: Callable[[], Sequence[Offer]]
    ledger: DrillLedger
    herald: Herald
    now: Callable[[], datetime]

    async def look(self, due: Due, *, made_up: bool) -> None:
        """SourceUnavailable: the rotation cannot be read; the work is tried again. What was said is said again then."""
        rotation = next((one for one in self.rotations if one.weekly.id == due.schedule), None)
        if rotation is None:
            await self.ledger.record(Firing(due=due, state=FiringState.DROPPED, at=self.now(), why="the rotation is gone"))
            return
        async with self.duty(rotation) as duty:
            week = await self.desk(rotation).week(duty, self.offers(), self.now())
        for n, one in enumerate(week.notices):
            await self._tell(rotation, one, f"{due.key}.{n}")
        if week.unplanned:
            said = f"{rotation.name}: nobody is primary in the coming week."
            await self.herald.publicly(rotation.channel, said, f"{due.key}.unplanned")
        state = FiringState.MADE_UP if made_up else FiringState.FIRED
        why = f"{len(week.notices)} of {len(week.shifts)} primary shifts are with somebody whose gate is closed"
        await self.ledger.record(Firing(due=due, state=state, at=self.now(), why=why))

    async def _tell(self, rotation: Rotation, said: Notice, key: str) -> None:
        """All of it to the person and their mentor; to the channel who helps, and not what somebody lacks."""
        drills = ", ".join(f"{one.scenario} ({one.minutes:g} min)" for one in said.drills)
        missing = "; ".join(lack.what for lack in said.lacks)
        text = f"{said.text} Missing: {missing}." + (f" Offered: {drills}." if drills else "")
        mentor = next((one.mentor for one in rotation.people if one.id == said.person), None)
        await self.herald.privately(said.person, text, f"{key}.person")
        if mentor is not None:
            await self.herald.privately(mentor, text, f"{key}.mentor")
        await self.herald.publicly(rotation.channel, f"{rotation.name}: {said.public}", f"{key}.public")
