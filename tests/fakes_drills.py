"""In-memory twin of the book of drills."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from bot.model.drill import Dispute, OpenDrill, Sitting
from bot.model.incident import MessageRef
from bot.model.value import moment


@dataclass
class MemoryDrills:
    """Port DrillBook."""

    drills: dict[str, OpenDrill] = field(default_factory=dict)
    seats: dict[tuple[str, str], Sitting] = field(default_factory=dict)
    said: dict[int, Dispute] = field(default_factory=dict)

    async def open(self, drill: OpenDrill) -> OpenDrill:
        return self.drills.setdefault(drill.id, drill)

    async def get(self, drill_id: str) -> OpenDrill | None:
        return self.drills.get(drill_id)

    async def placed(self, drill_id: str, message: MessageRef) -> None:
        self.drills[drill_id] = self.drills[drill_id].model_copy(update={"message": message})

    async def close(self, drill_id: str, at: float) -> bool:
        drill = self.drills.get(drill_id)
        if drill is None or drill.closed_at is not None:
            return False
        self.drills[drill_id] = drill.model_copy(update={"closed_at": moment(at)})
        return True

    async def sit(self, drill_id: str, participant: str, at: float) -> Sitting:
        new = Sitting(drill=drill_id, participant=participant, begun_at=moment(at))
        return self.seats.setdefault((drill_id, participant), new)

    async def asked(self, drill_id: str, participant: str, topic: str) -> None:
        seat = self.seats[drill_id, participant]
        self._change(seat, asked=(*seat.asked, topic)[-200:])

    async def hinted(self, drill_id: str, participant: str, most: int) -> int:
        seat = self.seats[drill_id, participant]
        self._change(seat, hints=min(seat.hints + 1, most))
        return self.seats[drill_id, participant].hints

    async def answered(self, drill_id: str, participant: str, answers: Mapping[str, JsonValue], at: float) -> bool:
        seat = self.seats[drill_id, participant]
        if seat.answered_at is not None:
            return False
        self._change(seat, answers=dict(answers), answered_at=moment(at))
        return True

    async def sittings(self, drill_id: str) -> tuple[Sitting, ...]:
        return tuple(self.seats[key] for key in sorted(self.seats) if key[0] == drill_id)

    async def waiting(self) -> tuple[Sitting, ...]:
        due = [one for one in self.seats.values() if one.answered_at is not None and not one.told]
        return tuple(sorted(due, key=lambda one: (one.answered_at, one.participant)))

    async def told(self, drill_id: str, participant: str) -> None:
        self._change(self.seats[drill_id, participant], told=True)

    async def dispute(self, drill_id: str, participant: str, said: str, at: float) -> int | None:
        if any(one.drill == drill_id and one.participant == participant for one in self.said.values()):
            return None
        number = len(self.said) + 1
        self.said[number] = Dispute(number=number, drill=drill_id, participant=participant, said=said, at=moment(at))
        return number

    async def disputes(self) -> tuple[Dispute, ...]:
        return tuple(one for one in self.said.values() if one.decided_at is None)

    async def decide(self, number: int, by: str, decision: str, score: float | None, at: float) -> Dispute | None:
        one = self.said.get(number)
        if one is None or one.decided_at is not None or one.participant == by:
            return None
        self.said[number] = one.model_copy(update={"decided_by": by, "decision": decision, "score": score, "decided_at": moment(at)})
        return self.said[number]

    def _change(self, seat: Sitting, **changed: object) -> None:
        self.seats[seat.drill, seat.participant] = seat.model_copy(update=changed)
