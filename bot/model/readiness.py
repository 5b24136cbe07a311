"""Who carries the pager, who may, and what is known of how they got there."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator, model_validator

from bot.model.drill import Competency, DrillType, MarkedDrill
from bot.model.value import Moment, Value

WEEKLY = "week-"  # and the rotation's name: the schedule of its weekly look


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found; not a name; a folder of the zone database
        raise ValueError("no such time zone (IANA name, as Europe/Berlin)") from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]


class Role(StrEnum):
    PRIMARY = "primary"
    SECONDARY = "secondary"
    SHADOW = "shadow"  # sits beside the primary
    REVERSE_SHADOW = "reverse_shadow"  # leads, with the primary beside


class Shift(Value):
    """One person's stretch of a rotation; half-open. `person` is the project's own id once `Roster.shifts` has translated it."""

    person: str
    role: Role = Role.PRIMARY
    start: Moment
    end: Moment


class Leave(Value):
    start: Moment
    end: Moment


class Person(Value):
    id: str = Field(min_length=1, max_length=64)  # as the surface knows them (Slack: U...)
    name: str = Field(min_length=1, max_length=80)
    zone: Zone = "UTC"  # their nights are where they sleep, not where the team is
    mentor: str | None = None  # a person's id; may read this person's scores
    known_as: tuple[str, ...] = ()  # what the rotation's source calls them: an email, a login, an id
    leave: tuple[Leave, ...] = ()


class ActKind(StrEnum):
    """What a person does about readiness that no drill shows."""

    OVERRIDE = "override"  # a manager lets somebody carry the pager whose gate is closed
    ACCESS = "access"  # a ping with the person's own token reached the system
    TAUGHT = "taught"  # wrote or led a drill on a competency


class Act(Value):
    """Logged, never changed: who did what about whom, why, and when."""

    kind: ActKind
    person: str  # about whom
    what: str = Field(default="", max_length=100)  # the system that was reached, or the competency that was taught
    by: str = Field(min_length=1, max_length=64)
    why: str = Field(default="", max_length=500)
    at: Moment


class RealPage(Value):
    """A page about the product that this person took."""

    incident: str
    at: Moment
    cause: str | None = None  # as the review labelled it


class History(Value):
    """All that readiness is computed from, for one person; each tuple oldest first."""

    drills: tuple[MarkedDrill, ...] = ()
    shifts: tuple[Shift, ...] = ()  # that have ended
    pages: tuple[RealPage, ...] = ()
    acts: tuple[Act, ...] = ()


class Level(Value):
    """What is known of one competency: 0 nothing, 1 aware, 2 triages (the gate asks for it), 3 resolves, 4 teaches."""

    competency: Competency
    level: int
    known: float  # P(known), 0..1
    items: int
    causes: int  # different ones among the items
    last: Moment | None = None


class Standing(StrEnum):
    """What a person may do on the rotation now."""

    PRIMARY = "primary"
    GRACE = "grace"  # was primary a few days ago: secondary, without a buddy, until the grace ends
    SECONDARY = "secondary"  # with a buddy
    OVERRIDDEN = "overridden"  # primary on a manager's word, which is logged and expires


class Lack(Value):
    """One thing the gate misses, in words, and what would help: drills on the competency, of the types; both empty: no drill does."""

    what: str
    competency: Competency | None = None
    types: tuple[DrillType, ...] = ()


class Readiness(Value):
    """One person's gate as of a moment. `until`: when grace, override, or the gate itself would end if nothing happens."""

    person: str
    standing: Standing
    open: bool
    lacks: tuple[Lack, ...] = ()
    soon: tuple[Lack, ...] = ()  # what more would be missing in a fortnight, if nothing were done
    levels: tuple[Level, ...] = ()
    until: Moment | None = None
    overridden_by: str | None = None


class Missed(StrEnum):
    """What becomes of a team drill that nobody was there to start."""

    MAKE_UP = "make_up"
    DROP = "drop"


class Schedule(Value):
    """A team drill that comes again: cron in the team's own time."""

    id: str = Field(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*$")
    cron: str = Field(max_length=100)
    missed: Missed = Missed.MAKE_UP
    within_hours: float = Field(default=24.0, gt=0, le=7 * 24)  # made up no later than this; what is older is dropped
    types: tuple[str, ...] = ("D5",)


class Due(Value):
    """One time that a schedule comes due; `at` in UTC. Its key is the same in every replica."""

    schedule: str
    at: Moment

    @property
    def key(self) -> str:
        return f"{self.schedule}@{int(self.at.timestamp())}"


class FiringState(StrEnum):
    FIRED = "fired"
    MADE_UP = "made_up"
    DROPPED = "dropped"


class Firing(Value):
    """What became of one due time."""

    due: Due
    state: FiringState
    at: Moment
    why: str = ""


class TeamDrill(Value):
    """One drill for a whole rotation, ready to be asked. Its key is the due time's: the same in every replica and after a crash."""

    key: str
    rotation: str
    channel: str
    scenario: str
    people: tuple[str, ...]  # who is asked
    left_out: tuple[tuple[str, str], ...] = ()  # who is not, and why: night, leave, a night page


class Source(Value):
    """Where the rotation is read. `schedule`: the source's id of it; for `file`, a path beside the rotation's own file."""

    kind: str = "file"  # file | pagerduty | opsgenie | grafana
    schedule: str = Field(min_length=1, max_length=300)
    role: Role = Role.PRIMARY
    url: str | None = None  # where the API is not the vendor's usual one

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in ("file", "pagerduty", "opsgenie", "grafana"):
            raise ValueError("must be file, pagerduty, opsgenie or grafana")
        return kind


class Rotation(Value):
    """A team that carries one pager: `playbooks/rotations/<name>.yaml`."""

    name: str = Field(min_length=1, max_length=50, pattern=r"^[a-z0-9][a-z0-9-]*$")
    zone: Zone  # the team's own time, in which its drills are planned
    channel: str = ""  # where team drills are played
    services: tuple[str, ...] = ()  # whose pages it takes; empty = all
    systems: Mapping[str, str] = {}  # what a primary must be able to open: name -> a URL that answers only those who may
    managers: tuple[str, ...] = ()  # who may override the gate
    sources: tuple[Source, ...] = ()
    people: tuple[Person, ...] = Field(min_length=1)
    drills: tuple[Schedule, ...] = ()

    @model_validator(mode="after")
    def _no_doubles(self) -> "Rotation":
        for what, names in (("person", (one.id for one in self.people)), ("drill", (one.id for one in self.drills))):
            twice = _double(names)
            if twice is not None:
                raise ValueError(f"two entries for the {what} {twice}")
        if any(one.id.startswith(WEEKLY) for one in self.drills):
            raise ValueError(f"a drill's id may not begin with {WEEKLY}: the weekly look at the rotation is called so")
        called = [name.casefold() for person in self.people for name in (person.id, *person.known_as)]
        twice = _double(called)
        if twice is not None:
            raise ValueError(f"two people are known as {twice}")
        return self

    @property
    def weekly(self) -> Schedule:
        """When next week's primaries are looked at: on Monday morning, in the team's time."""
        return Schedule(id=f"{WEEKLY}{self.name}", cron="0 9 * * mon", within_hours=72.0)

    def person(self, called: str) -> Person | None:
        """Who a source means by an id, an email or a login; letters' case does not matter."""
        wanted = called.casefold()
        return next((one for one in self.people if wanted in (name.casefold() for name in (one.id, *one.known_as))), None)


def _double(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
