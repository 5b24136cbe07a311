"""In-memory twins of the ports of readiness."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.errors import BadInput, SourceUnavailable
from bot.model.drill import MarkedDrill
from bot.model.outcome import Course, Milestone
from bot.model.readiness import Act, Due, Firing, RealPage, Rotation, Shift, TeamDrill


@dataclass
class MemoryReadiness:
    """Ports DrillLedger and ReadinessBook."""

    known: dict[str, float] = field(default_factory=dict)
    plans: dict[str, float] = field(default_factory=dict)
    recorded: dict[str, Firing] = field(default_factory=dict)
    logged: list[Act] = field(default_factory=list)
    ended: dict[tuple[str, str, float], Shift] = field(default_factory=dict)

    async def since(self, schedule: str, cron: str, zone: str, now: float) -> float:
        return self.known.setdefault(schedule, now)

    async def plan(self, schedule: str, next_due_at: float) -> None:
        self.plans[schedule] = next_due_at

    async def planned(self) -> dict[str, float]:
        return dict(sorted(self.plans.items()))

    async def record(self, firing: Firing) -> bool:
        return self.recorded.setdefault(firing.due.key, firing) is firing

    async def firings(self, schedule: str) -> tuple[Firing, ...]:
        found = (one for one in self.recorded.values() if one.due.schedule == schedule)
        return tuple(sorted(found, key=lambda one: one.due.at))

    async def log(self, act: Act) -> None:
        self.logged.append(act)

    async def acts(self, person: str | None = None) -> tuple[Act, ...]:
        return tuple(sorted((one for one in self.logged if person in (None, one.person)), key=lambda one: one.at))

    async def served(self, shifts: Sequence[Shift]) -> int:
        before = len(self.ended)
        for one in shifts:
            self.ended.setdefault((one.person, one.role.value, one.start.timestamp()), one)
        return len(self.ended) - before

    async def shifts(self, person: str | None = None) -> tuple[Shift, ...]:
        found = (one for one in self.ended.values() if person in (None, one.person))
        return tuple(sorted(found, key=lambda one: (one.start, one.person, one.role.value)))


@dataclass
class MemoryMarks:
    """Port Marks."""

    drills: list[MarkedDrill] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    said_wrong: set[int] = field(default_factory=set)

    async def keep(self, key: str, drill: MarkedDrill) -> int:
        if key not in self.keys:
            self.keys.append(key)
            self.drills.append(drill)
        return self.keys.index(key) + 1

    async def dispute(self, number: int) -> None:
        self.said_wrong.add(number)

    async def correct(self, number: int, drill: MarkedDrill) -> None:
        self.drills[number - 1] = drill
        self.said_wrong.add(number)

    async def disputed(self, since: float = 0.0) -> Mapping[str, int]:
        wrong = [self.drills[number - 1] for number in self.said_wrong]
        names = [one.scenario for one in wrong if one.at.timestamp() >= since]
        return {name: names.count(name) for name in sorted(set(names))}

    async def marked(self, since: float = 0.0) -> tuple[MarkedDrill, ...]:
        return tuple(sorted((one for one in self.drills if one.at.timestamp() >= since), key=lambda one: one.at))


@dataclass
class MemoryPagesTaken:
    """Port PagesTaken; `down`: the database does not answer."""

    pages: dict[str, tuple[RealPage, ...]] = field(default_factory=dict)
    down: bool = False

    async def taken(self, rotation: Rotation) -> Mapping[str, tuple[RealPage, ...]]:
        if self.down:
            raise SourceUnavailable("the database did not answer", source="records")
        return self.pages


@dataclass
class MemoryStage:
    """Port Stage."""

    opened: list[TeamDrill] = field(default_factory=list)

    async def open(self, drill: TeamDrill) -> None:
        self.opened.append(drill)


@dataclass
class MemoryDrillWork:
    """Port DrillWork: one start a key, whoever asks; `down`: it cannot be stored as often as that."""

    started: dict[str, bool] = field(default_factory=dict)
    asked: list[Due] = field(default_factory=list)
    down: int = 0

    async def convene(self, due: Due, *, made_up: bool) -> None:
        self.asked.append(due)
        if self.down:
            self.down -= 1
            raise SourceUnavailable("the drill could not be stored", source="dbos")
        self.started.setdefault(due.key, made_up)


@dataclass
class MemoryOutcomes:
    """Port Outcomes over courses that a test made."""

    held: list[Course] = field(default_factory=list)

    async def add(self, milestone: Milestone) -> None:
        for n, course in enumerate(self.held):
            if course.incident == milestone.incident:
                said = tuple(sorted((*course.milestones, milestone), key=lambda one: one.at))
                self.held[n] = course.model_copy(update={"milestones": said})
                return
        raise BadInput("there is no such incident", place=milestone.incident[:40])

    async def courses(self, start: float, end: float) -> tuple[Course, ...]:
        return tuple(one for one in self.held if start <= one.resolved_at.timestamp() < end)
