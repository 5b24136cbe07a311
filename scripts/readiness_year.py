"""A simulated year of twelve engineers under the rules of readiness.

People learn by the very model that knowledge tracing assumes (guess, slip, learning), drill when they may, join, go on leave, stop, and
come back; every Monday the rotation looks at the gate and plans the week. All of it is drawn from one seed: the same bytes every time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from bot.drills.competencies import competencies
from bot.drills.readiness.gate import keeping_cover, readiness
from bot.drills.readiness.notice import helps
from bot.drills.repetition.choose import Offer, Team, choose, team_of
from bot.drills.repetition.memory import Item, Memory, review
from bot.drills.repetition.quiet import DAILY_MINUTES, jittered, minutes_of_week, why_not
from bot.engine.groups import GROUPS
from bot.model.drill import Competency, DrillType, MarkedDrill, Part
from bot.model.readiness import Act, ActKind, History, Leave, Person, Readiness, RealPage, Role, Shift, Standing
from bot.simulator.splits import causes

SEED = 20260105
START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
WEEKS = 52
DAY, WEEK = timedelta(days=1), timedelta(days=7)
SLIP, GUESS, LEARN = 0.1, 0.2, 0.15  # as knowledge tracing assumes
PAGES_A_WEEK = 0.6  # real pages about AI routes
SYSTEMS = ("traces", "prompts", "provider", "flags")
ASKED_AT = timedelta(hours=9)  # UTC; jittered for each person


@dataclass(frozen=True)
class Life:
    """What happens to one engineer. Weeks count from 0; `drills` is how many days of a week they are asked."""

    person: Person
    joins: int = 0
    head_start: float = 0.2  # share of the competencies known on the first day
    drills: float = 3.0
    stops: tuple[int, int] | None = None  # weeks in which no drill is done


def leave(first: int, weeks: int) -> tuple[Leave, ...]:
    return (Leave(start=START + first * WEEK, end=START + (first + weeks) * WEEK),)


LIVES = (
    Life(Person(id="ada", name="Ada", zone="Europe/Berlin"), head_start=0.6),
    Life(Person(id="bo", name="Bo", zone="Europe/Berlin"), head_start=0.6, stops=(22, 52)),  # drills until June, then no more
    Life(Person(id="cai", name="Cai", zone="Europe/Berlin", leave=leave(20, 10)), head_start=0.4),  # ten weeks of leave
    Life(Person(id="dee", name="Dee", zone="America/New_York"), head_start=0.4),
    Life(Person(id="eli", name="Eli", zone="America/New_York"), drills=1.5),
    Life(Person(id="fay", name="Fay", zone="America/New_York", leave=leave(30, 4)), head_start=0.4),
    Life(Person(id="gus", name="Gus", zone="Asia/Kolkata"), head_start=0.6, stops=(20, 36)),  # sixteen weeks without, and back
    Life(Person(id="hana", name="Hana", zone="Asia/Kolkata"), head_start=0.4),
    Life(Person(id="ivo", name="Ivo", zone="Asia/Kolkata"), drills=0.5),  # once in two weeks: never enough
    Life(Person(id="jun", name="Jun", zone="Europe/Berlin"), joins=12),
    Life(Person(id="kit", name="Kit", zone="Europe/Berlin"), joins=26),
    Life(Person(id="lea", name="Lea", zone="Europe/Berlin"), joins=40),
)


@dataclass
class Engineer:
    life: Life
    known: set[Competency]
    drills: list[MarkedDrill] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    pages: list[RealPage] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    held: dict[Item, Memory] = field(default_factory=dict)

    def history(self) -> History:
        return History(drills=tuple(self.drills), shifts=tuple(self.shifts), pages=tuple(self.pages), acts=tuple(self.acts))


@dataclass
class Year:
    engineers: list[Engineer]
    standings: dict[str, list[Standing | None]]  # each Monday; None before they joined
    primaries: list[str] = field(default_factory=list)
    overrides: list[tuple[int, str]] = field(default_factory=list)
    lacking: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)


def library() -> tuple[Offer, ...]:
    """A 2am page and a trace for every cause, a pair and look-alikes for every group, and the special kinds."""
    every = tuple(one for one in causes() if "." in one)
    made = [(kind, (cause,)) for cause in every for kind in (DrillType.PAGE, DrillType.TRACE_READ)]
    made += [(DrillType.PAIRS, group.members) for group in GROUPS]
    made += [(DrillType.TWO_WINDOWS, (cause,)) for cause in every if cause.startswith("none.")]
    made += [(DrillType.RED_HERRING, (cause,)) for cause in ("none.noise_or_seasonal", "retrieval.timeout", "model.rate_limited")]
    made += [(DrillType.ROLLBACK, (cause,)) for cause in ("prompt.bloat", "prompt.contract_break", "prompt.verbosity_drift")]
    made += [(DrillType.COST_BURN, (cause,)) for cause in every if cause.startswith("cost.")]
    made += [(DrillType.TELEMETRY_GAP, (cause,)) for cause in every if cause.startswith("telemetry.")]
    safety = ("prompt.safety_section_missing", "prompt.pii_in_examples", "infra.abuse_injection", "infra.cache_wrong_hit")
    made += [(DrillType.FLASH_CARD, (cause,)) for cause in safety]
    return tuple(Offer(f"{kind}-{'-'.join(of)}", kind, of[0], competencies(kind, of)) for kind, of in made)


def simulate(seed: int = SEED) -> Year:
    random = np.random.default_rng(seed)
    offers = library()
    engineers = [Engineer(life, {one for one in Competency if random.random() < life.head_start}) for life in LIVES]
    year = Year(engineers, {life.person.id: [] for life in LIVES}, lacking={life.person.id: [] for life in LIVES})
    for week in range(WEEKS):
        monday = START + week * WEEK
        ready = {one.life.person.id: _look(one, week, monday) for one in engineers}
        for name, found in ready.items():
            year.standings[name].append(found.standing if found is not None else None)
            year.lacking[name].append(tuple(lack.what for lack in found.lacks) if found is not None else ())
        _plan(year, week, monday, ready)
        _pages(year, random, monday)
        team = team_of(
            [mark for one in engineers for mark in one.drills], [(page.cause, page.at) for one in engineers for page in one.pages]
        )
        for one in engineers:
            found = ready[one.life.person.id]
            if found is not None:
                _drill(one, found, offers, team, random, week, monday)
    return year


def _look(one: Engineer, week: int, monday: datetime) -> Readiness | None:
    if week < one.life.joins:
        return None
    if (week - one.life.joins) % 10 == 0:  # the bot pings with the person's own token a few times a year
        one.acts += [Act(kind=ActKind.ACCESS, person=one.life.person.id, what=name, by="midwatch", at=monday) for name in SYSTEMS]
    return readiness(one.life.person.id, one.history(), monday, SYSTEMS)


def _plan(year: Year, week: int, monday: datetime, ready: Mapping[str, Readiness | None]) -> None:
    """Next in turn among those who may be primary; nobody may: the manager overrides for who lacks least, and it is logged."""
    here = [
        one
        for one in year.engineers
        if ready[one.life.person.id] is not None and why_not(one.life.person, monday + ASKED_AT, ()) != "on leave"
    ]
    turns = {one.life.person.id: year.primaries.count(one.life.person.id) for one in here}
    may = [one for one in here if _standing(ready, one) in (Standing.PRIMARY, Standing.OVERRIDDEN)]
    if may:
        chosen = min(may, key=lambda one: (turns[one.life.person.id], one.life.person.id))
    else:
        chosen = min(here, key=lambda one: (len(_lacks(ready, one)), turns[one.life.person.id], one.life.person.id))
        chosen.acts.append(Act(kind=ActKind.OVERRIDE, person=chosen.life.person.id, by="manager", why="nobody else may", at=monday))
        year.overrides.append((week, chosen.life.person.id))
        year.standings[chosen.life.person.id][week] = readiness(chosen.life.person.id, chosen.history(), monday, SYSTEMS).standing
    year.primaries.append(chosen.life.person.id)
    _serve(chosen, Role.PRIMARY, monday)
    for role in (Role.SHADOW, Role.REVERSE_SHADOW):  # one newcomer a week beside the primary, and one in front
        waiting = [one for one in here if one is not chosen and role not in {shift.role for shift in one.shifts} and _next(one) is role]
        if waiting:
            _serve(min(waiting, key=lambda one: (one.life.joins, one.life.person.id)), role, monday)


def _next(one: Engineer) -> Role:
    return Role.REVERSE_SHADOW if any(shift.role is Role.SHADOW for shift in one.shifts) else Role.SHADOW


def _standing(ready: Mapping[str, Readiness | None], one: Engineer) -> Standing:
    found = ready[one.life.person.id]
    assert found is not None
    return found.standing


def _lacks(ready: Mapping[str, Readiness | None], one: Engineer) -> Sequence[object]:
    found = ready[one.life.person.id]
    return found.lacks if found is not None else ()


def _serve(one: Engineer, role: Role, monday: datetime) -> None:
    one.shifts.append(Shift(person=one.life.person.id, role=role, start=monday, end=monday + WEEK))


def _pages(year: Year, random: np.random.Generator, monday: datetime) -> None:
    """Real pages of the week; the primary takes them, at any hour."""
    primary = next(one for one in year.engineers if one.life.person.id == year.primaries[-1])
    every = [one for one in causes() if "." in one]
    for _ in range(int(random.poisson(PAGES_A_WEEK))):
        at = monday + timedelta(minutes=int(random.integers(0, 7 * 24 * 60)))
        primary.pages.append(RealPage(incident="INC", at=at, cause=every[int(random.integers(len(every)))]))
    primary.pages.sort(key=lambda page: page.at)


def _drill(
    one: Engineer, ready: Readiness, offers: Sequence[Offer], team: Team, random: np.random.Generator, week: int, monday: datetime
) -> None:
    """On some weekdays, where they may be asked: what the gate lacks or will lack in a fortnight, else what is worth most."""
    life = one.life
    days = [day for day in range(5) if random.random() < life.drills / 5]
    if life.stops is not None and life.stops[0] <= week < life.stops[1]:
        return
    for day in days:
        at = jittered(
            life.person.id, monday + day * DAY + ASKED_AT + (timedelta(hours=5) if "America" in life.person.zone else timedelta())
        )
        if why_not(life.person, at, one.pages, one.drills) is not None:
            continue
        room = DAILY_MINUTES * 7 - minutes_of_week(one.drills, at)
        fitting = keeping_cover(offers, one.drills)
        wanted = [offer for offer in fitting if helps(offer, (*ready.lacks, *ready.soon))]
        chosen = choose(wanted or fitting, one.drills, team, at, minutes=min(room, 12.0), most=2, only_due=not wanted, held=one.held)
        for n, offer in enumerate(chosen):
            one.drills.append(_play(one, offer, random, at + n * timedelta(minutes=12)))
            review(one.held, one.drills[-1])


def _play(one: Engineer, offer: Offer, random: np.random.Generator, at: datetime) -> MarkedDrill:
    """Each competency of the drill is shown or not, as it is known; then perhaps learnt."""
    shown = {each: bool(random.random() < (1 - SLIP if each in one.known else GUESS)) for each in offer.competencies}
    one.known |= {each for each in offer.competencies if random.random() < LEARN}
    score = 100.0 * sum(shown.values()) / max(1, len(shown))
    parts = []
    if offer.drill_type is DrillType.PAGE:  # its parts show its competencies, as the rubric has them
        origin, act, told = (shown.get(each, True) for each in (Competency.ORIGIN, Competency.MITIGATION, Competency.COMMUNICATION))
        cause = all(hit for each, hit in shown.items() if each not in (Competency.ORIGIN, Competency.MITIGATION, Competency.COMMUNICATION))
        rubric = (
            ("layer", 30, origin),
            ("cause", 25, cause),
            ("evidence", 20, cause),
            ("action", 15, act),
            ("verify", 5, act),
            ("status", 5, told),
        )
        parts = [Part(name=name, points=of if hit else 0.0, of=of, why="simulated") for name, of, hit in rubric]
        score = sum(part.points for part in parts)
    return MarkedDrill(
        participant=one.life.person.id,
        scenario=offer.scenario,
        drill_type=offer.drill_type,
        cause=offer.cause,
        competencies=offer.competencies,
        score=score,
        parts=tuple(parts),
        passed=score >= 70,
        layer_right=shown.get(Competency.ORIGIN, score >= 70),
        at=at,
    )
