"""The gate of a rotation that owns AI routes (catalogue 5.5): who may be primary, and what is missing where somebody may not.

A pure function of a person's history and a moment. Nobody is removed in silence: the answer is always a standing with its reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from bot.drills.readiness.knowledge import level, levels
from bot.drills.repetition.choose import Offer
from bot.model.drill import Competency, DrillType, MarkedDrill
from bot.model.readiness import Act, ActKind, History, Lack, Level, Readiness, Role, Standing

GATED = tuple(
    one for one in Competency if one not in (Competency.ECONOMICS, Competency.SAFETY, Competency.COMMUNICATION)
)  # K1-K6, K8, K9, K11 at level 2; K10 has its quiz
QUIZ = 3  # the newest flash cards on safety, all of them right
PAGES = 5  # the newest 2am pages that are looked at
PAGES_MEAN, PAGES_LAYER, PAGES_LAYERS = 75.0, 4, 4
FRESH = timedelta(days=90)  # a rollback rehearsal, and a proof of access
EXPIRES = timedelta(days=180)  # without a real page
EXPIRES_DRILLS = 3  # or this many 2am pages in that time
WHEELS = 4  # in place of the two shadow shifts, where pages are rare
GRACE = timedelta(days=14)
OVERRIDE = timedelta(days=7)
DAY = timedelta(days=1)
CARD, PAGE = (DrillType.FLASH_CARD,), (DrillType.PAGE,)

NAMES = {
    Competency.REQUEST_MAP: "the request's map",
    Competency.ORIGIN: "origin and symptom",
    Competency.MODEL: "model",
    Competency.PROMPT: "prompt",
    Competency.RETRIEVAL: "retrieval",
    Competency.TOOL: "tools and agents",
    Competency.ECONOMICS: "economics",
    Competency.STATISTICS: "statistics",
    Competency.MEASUREMENT: "trust in measurement",
    Competency.SAFETY: "safety and privacy",
    Competency.MITIGATION: "mitigation",
    Competency.COMMUNICATION: "communication",
}


def readiness(person: str, history: History, now: datetime, systems: Sequence[str] = ()) -> Readiness:
    """The person's standing as of `now`; what happened later is not looked at. `systems`: what a primary must be able to open."""
    as_of = _until(history, now)
    missing = tuple(lacks(as_of, now, systems))
    override = _override(as_of.acts, now)
    last_open = now if not missing else _last_open(history, now, systems)
    standing, until = Standing.SECONDARY, None
    if not missing:
        standing, until = Standing.PRIMARY, None
    elif override is not None:
        standing, until = Standing.OVERRIDDEN, override.at + OVERRIDE
    elif last_open is not None:
        standing, until = Standing.GRACE, last_open + GRACE
    return Readiness(
        person=person,
        standing=standing,
        open=not missing,
        lacks=missing,
        soon=tuple(one for one in lacks(as_of, now + GRACE, systems) if one.what not in {lack.what for lack in missing}),
        levels=levels(as_of.drills, now, as_of.acts),
        until=until,
        overridden_by=override.by if override is not None and missing else None,
    )


def lacks(history: History, now: datetime, systems: Sequence[str] = ()) -> Iterator[Lack]:
    """Everything the gate misses, in the order of its rules."""
    yield from _knowledge((level(history.drills, one, now) for one in GATED), now)
    yield from _quiz(history.drills)
    yield from _pages(history.drills)
    yield from _practice(history.drills, now)
    yield from _shifts(history)
    yield from _access(history.acts, now, systems)
    yield from _expired(history, now)


def _knowledge(held: Iterable[Level], now: datetime) -> Iterator[Lack]:
    for one in held:
        if one.level < 2:
            yield Lack(what=f"{one.competency} {NAMES[one.competency]} ({_why_low(one, now)})", competency=one.competency)


def _why_low(one: Level, now: datetime) -> str:
    if one.last is None:
        return "never drilled"
    days = (now - one.last).days
    if days > FRESH.days:
        return f"last {days} d ago"
    return f"{one.items} items, {one.causes} causes, known {one.known:.2f}"


def _quiz(drills: Sequence[MarkedDrill]) -> Iterator[Lack]:
    cards = [one for one in drills if one.drill_type is DrillType.FLASH_CARD and Competency.SAFETY in one.competencies][-QUIZ:]
    right = sum(one.score >= 100.0 for one in cards)
    if len(cards) < QUIZ or right < len(cards):
        yield Lack(
            what=f"K10 safety quiz ({right} of the last {QUIZ} cards right, all are needed)", competency=Competency.SAFETY, types=CARD
        )


def _pages(drills: Sequence[MarkedDrill]) -> Iterator[Lack]:
    last = [one for one in drills if one.drill_type is DrillType.PAGE][-PAGES:]
    if len(last) < PAGES:
        yield Lack(what=f"2am pages ({len(last)} played, {PAGES} are needed)", types=PAGE)
        return
    mean = sum(one.score for one in last) / len(last)
    if mean < PAGES_MEAN:
        yield Lack(what=f"2am pages (mean of the last {PAGES} is {mean:.0f}, {PAGES_MEAN:.0f} is needed)", types=PAGE)
    hits = sum(one.layer_right for one in last)
    if hits < PAGES_LAYER:
        yield Lack(what=f"2am pages (layer right in {hits} of the last {PAGES}, {PAGES_LAYER} are needed)", types=PAGE)
    layers = {_layer(one.cause) for one in last}
    if len(layers) < PAGES_LAYERS:
        yield Lack(what=f"2am pages (the last {PAGES} cover {len(layers)} layers, {PAGES_LAYERS} are needed)", types=PAGE)
    if "none" not in layers:
        yield Lack(what=f"2am pages (none of the last {PAGES} was without a fault)", competency=Competency.STATISTICS, types=PAGE)
    if "telemetry" not in layers:
        yield Lack(what=f"2am pages (none of the last {PAGES} was a telemetry gap)", competency=Competency.MEASUREMENT, types=PAGE)


def _layer(cause: str | None) -> str:
    """A page that could not be told, because something was not recorded, is a telemetry gap too."""
    return cause.split(".")[0] if cause is not None else "telemetry"


def keeping_cover(offers: Iterable[Offer], drills: Iterable[MarkedDrill]) -> tuple[Offer, ...]:
    """Without the 2am pages that would leave the person's last five further from what the gate asks of them than another would.

    One more page on a common cause pushes the oldest of the five out, which may have been the only one without a fault.
    """
    held = tuple(offers)
    last = [_layer(one.cause) for one in drills if one.drill_type is DrillType.PAGE][1 - PAGES :]
    short = {one: _uncovered([*last, _layer(one.cause)]) for one in held if one.drill_type is DrillType.PAGE}
    least = min(short.values(), default=0)
    return tuple(one for one in held if short.get(one, least) == least)


def _uncovered(layers: Sequence[str]) -> int:
    """How much of the cover is missing."""
    return max(0, PAGES_LAYERS - len(set(layers))) + ("none" not in layers) + ("telemetry" not in layers)


def _practice(drills: Sequence[MarkedDrill], now: datetime) -> Iterator[Lack]:
    if not any(one.drill_type is DrillType.RED_HERRING and one.passed for one in drills):
        yield Lack(what="a red herring passed", types=(DrillType.RED_HERRING,))
    if not any(one.drill_type is DrillType.ROLLBACK and one.passed and now - one.at <= FRESH for one in drills):
        yield Lack(what=f"a rollback rehearsal within {FRESH.days} d", types=(DrillType.ROLLBACK,))


def _shifts(history: History) -> Iterator[Lack]:
    wheels = sum(one.drill_type is DrillType.WHEEL and one.passed for one in history.drills)
    if wheels >= WHEELS:
        return
    done = {shift.role for shift in history.shifts}
    for role, name in ((Role.SHADOW, "a shadow shift"), (Role.REVERSE_SHADOW, "a reverse-shadow shift")):
        if role not in done:
            yield Lack(what=f"{name} (or {WHEELS} wheels of misfortune, {wheels} passed)")


def _access(acts: Sequence[Act], now: datetime, systems: Sequence[str]) -> Iterator[Lack]:
    proven = {act.what for act in acts if act.kind is ActKind.ACCESS and now - act.at <= FRESH}
    for system in systems:
        if system not in proven:
            yield Lack(what=f"access to {system} proven within {FRESH.days} d")


def _expired(history: History, now: datetime) -> Iterator[Lack]:
    if any(now - page.at <= EXPIRES for page in history.pages):
        return
    drilled = sum(one.drill_type is DrillType.PAGE and now - one.at <= EXPIRES for one in history.drills)
    if drilled < EXPIRES_DRILLS:
        yield Lack(what=f"expired: no real page and {drilled} of {EXPIRES_DRILLS} 2am pages in {EXPIRES.days} d", types=PAGE)


def _override(acts: Iterable[Act], now: datetime) -> Act | None:
    """The newest that still holds."""
    held = [act for act in acts if act.kind is ActKind.OVERRIDE and act.at <= now < act.at + OVERRIDE]
    return held[-1] if held else None


def _last_open(history: History, now: datetime, systems: Sequence[str]) -> datetime | None:
    """When in the days of grace the gate was last open, to the day; None when it was not."""
    for days in range(1, GRACE.days + 1):
        then = now - days * DAY
        if next(lacks(_until(history, then), then, systems), None) is None:
            return then
    return None


def _until(history: History, now: datetime) -> History:
    return History(
        drills=tuple(one for one in history.drills if one.at <= now),
        shifts=tuple(one for one in history.shifts if one.end <= now),
        pages=tuple(one for one in history.pages if one.at <= now),
        acts=tuple(one for one in history.acts if one.at <= now),
    )
