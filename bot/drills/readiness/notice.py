"""What is said before a shift: who cannot be primary yet, what is missing, and the few minutes that would help."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.drills.readiness.gate import NAMES, keeping_cover
from bot.drills.repetition.choose import Offer, Team, choose
from bot.model.drill import Competency, MarkedDrill
from bot.model.readiness import Lack, Person, Readiness, Role, Shift, Standing
from bot.model.value import Value

DRILLS, MINUTES = 3, 12.0  # what is offered: enough to matter, short enough to be done
AHEAD = timedelta(days=7)
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class Offered(Value):
    scenario: str
    drill_type: str
    minutes: float


class Notice(Value):
    """For the person and their mentor; `public` is what the channel may read: that somebody helps, not what somebody lacks."""

    person: str
    text: str
    public: str
    standing: Standing
    lacks: tuple[Lack, ...] = ()
    drills: tuple[Offered, ...] = ()


def upcoming(shifts: Sequence[Shift], now: datetime) -> tuple[Shift, ...]:
    """The shifts as primary that begin within a week, or run now; by their beginning."""
    near = (one for one in shifts if one.role is Role.PRIMARY and one.start < now + AHEAD and one.end > now)
    return tuple(sorted(near, key=lambda one: (one.start, one.person)))


def notice(
    person: Person, shift: Shift, ready: Readiness, drills: Sequence[MarkedDrill], offers: Sequence[Offer], team: Team, now: datetime
) -> Notice | None:
    """None when the gate is open: then there is nothing to say."""
    if ready.open:
        return None
    offered = _offered(ready, drills, offers, team, now)
    lacking = _lacking(ready.lacks)
    said = f"{_when(shift, now)} primary lacks {lacking}"
    if offered:
        minutes = round(sum(one.minutes for one in offered))
        said += f": {_number(len(offered))} drill{'s' if len(offered) > 1 else ''}, {_number(minutes)} minutes"
    return Notice(
        person=person.id,
        text=f"{said}.{_standing(ready)}",
        public=f"{_when(shift, now)} primary is {_public(ready)}.",
        standing=ready.standing,
        lacks=ready.lacks,
        drills=tuple(Offered(scenario=one.scenario, drill_type=one.drill_type, minutes=one.minutes) for one in offered),
    )


def _offered(ready: Readiness, drills: Sequence[MarkedDrill], offers: Sequence[Offer], team: Team, now: datetime) -> tuple[Offer, ...]:
    """Drills that would help the gate, due or not."""
    fitting = keeping_cover((one for one in offers if helps(one, ready.lacks)), drills)
    return choose(fitting, drills, team, now, minutes=MINUTES, most=DRILLS, only_due=False)


def helps(offer: Offer, missing: Sequence[Lack]) -> bool:
    """Whether the drill is of a kind that something missing asks for."""
    return any(
        (lack.competency is not None or bool(lack.types))
        and (lack.competency is None or lack.competency in offer.competencies)
        and (not lack.types or offer.drill_type in lack.types)
        for lack in missing
    )


def _lacking(missing: Sequence[Lack]) -> str:
    competencies = list(dict.fromkeys(lack.competency for lack in missing if lack.competency is not None))
    if 0 < len(competencies) <= 3:
        words = [_with_age(one, missing) for one in competencies]
        return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    if competencies:
        return f"{len(competencies)} of the competencies"
    return missing[0].what


def _with_age(competency: Competency, missing: Sequence[Lack]) -> str:
    last = next((lack.what for lack in missing if lack.competency is competency and "(last " in lack.what), None)
    return f"{NAMES[competency]} ({last.split('(')[1].removesuffix(')')})" if last else NAMES[competency]


def _standing(ready: Readiness) -> str:
    if ready.standing is Standing.GRACE and ready.until is not None:
        return f" In grace as secondary until {ready.until:%d %b}."
    if ready.standing is Standing.OVERRIDDEN and ready.until is not None:
        return f" Primary by override until {ready.until:%d %b}."
    return " Secondary, with a buddy, until then."


def _public(ready: Readiness) -> str:
    return {
        Standing.PRIMARY: "ready",
        Standing.GRACE: "in grace: secondary for now",
        Standing.SECONDARY: "not ready yet: secondary with a buddy for now",
        Standing.OVERRIDDEN: "primary by a logged override",
    }[ready.standing]


def _when(shift: Shift, now: datetime) -> str:
    return "This week's" if shift.start <= now else "Next week's"


def _number(count: int) -> str:
    return NUMBERS[count] if count < len(NUMBERS) else str(count)
