"""A rotation in a file: a list of shifts in YAML, or an iCalendar export of whatever plans it.

In a calendar each event is a shift. Who it is: its first attendee's address, else what its summary begins with ("ada: primary").
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from dateutil.rrule import rrulestr
from icalendar import Calendar
from pydantic import ValidationError

from bot.backends.duty_api import in_order, shift
from bot.errors import BadSettings
from bot.model.readiness import Role, Shift
from bot.model.value import Value

FILE_BYTES = 4 * 1024 * 1024
MOST = 10_000  # occurrences of one event in the interval


class _Listed(Value):
    person: str
    start: datetime
    end: datetime
    role: Role | None = None


class _List(Value):
    shifts: tuple[_Listed, ...]


class FileDuty:
    """Port Duty. Read when asked: people edit it. Times without a zone are the team's. BadSettings names file and place."""

    def __init__(self, path: Path, role: Role, zone: str) -> None:
        self._path = path
        self._role = role
        self._zone = ZoneInfo(zone)

    async def shifts(self, start: float, end: float) -> tuple[Shift, ...]:
        raw = _read(self._path)
        if self._path.suffix == ".ics":
            found = self._of_calendar(raw, start, end)
            return in_order([shift(who, self._role, begins, ends, start, end) for who, begins, ends in found])
        listed = self._listed(raw)
        return in_order(
            [shift(one.person, one.role or self._role, self._aware(one.start), self._aware(one.end), start, end) for one in listed]
        )

    def _listed(self, raw: bytes) -> tuple[_Listed, ...]:
        try:
            return _List.model_validate(yaml.safe_load(raw)).shifts
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            raise BadSettings("not YAML", place=f"{self._path}:{mark.line + 1}" if mark is not None else str(self._path)) from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            key = ".".join(str(part) for part in first["loc"]) or "the file"
            raise BadSettings(first["msg"], place=f"{self._path}: {key}") from None

    def _of_calendar(self, raw: bytes, start: float, end: float) -> list[tuple[str, datetime, datetime]]:
        try:
            calendar = Calendar.from_ical(raw)
            events: list[Any] = [one for one in calendar.walk("VEVENT") if str(one.get("STATUS", "")).upper() != "CANCELLED"]
            moved = {(str(one.get("UID")), self._moment(one["RECURRENCE-ID"].dt)) for one in events if "RECURRENCE-ID" in one}
            return [found for one in events for found in self._occurrences(one, moved, start, end)]
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise BadSettings(f"not a calendar that can be read: {type(error).__name__}", place=str(self._path)) from None

    def _occurrences(
        self, event: Any, moved: set[tuple[str, datetime]], start: float, end: float
    ) -> Iterator[tuple[str, datetime, datetime]]:
        """The event itself, or each time its rule says, without exceptions and those that were moved."""
        begins, ends = self._span(event)
        who = _who(event)
        if "RRULE" not in event:
            yield who, begins, ends
            return
        excluded = {self._moment(one.dt) for part in _list(event.get("EXDATE")) for one in part.dts}
        until = datetime.fromtimestamp(end, UTC)
        rule = rrulestr(_on_the_wall(event["RRULE"], begins), dtstart=begins.replace(tzinfo=None))
        place = begins.tzinfo
        for n, wall in enumerate(rule):  # on the wall clock of the event's zone: Monday nine o'clock stays nine o'clock
            at = wall.replace(tzinfo=place)
            if at >= until or n >= MOST:
                return
            over = (wall + (ends.replace(tzinfo=None) - begins.replace(tzinfo=None))).replace(tzinfo=place)
            if over.timestamp() > start and at not in excluded and (str(event.get("UID")), at) not in moved:
                yield who, at, over

    def _span(self, event: Any) -> tuple[datetime, datetime]:
        begins = self._moment(event["DTSTART"].dt)
        if "DTEND" in event:
            return begins, self._moment(event["DTEND"].dt).astimezone(begins.tzinfo)
        length = event["DURATION"].dt if "DURATION" in event else timedelta(days=1)
        return begins, begins + length

    def _moment(self, at: date | datetime) -> datetime:
        """A day begins at midnight of the team."""
        return self._aware(at if isinstance(at, datetime) else datetime.combine(at, time()))

    def _aware(self, at: datetime) -> datetime:
        return at if at.tzinfo is not None else at.replace(tzinfo=self._zone)


def _on_the_wall(recurs: Any, begins: datetime) -> str:
    """The rule with its end on the wall clock of the event's zone; in the file it is written in UTC."""
    written = type(recurs)(recurs)
    until = [one.astimezone(begins.tzinfo).replace(tzinfo=None) if isinstance(one, datetime) else one for one in written.get("UNTIL", [])]
    if until:
        written["UNTIL"] = until
    return str(written.to_ical().decode())


def _who(event: Any) -> str:
    attendees = _list(event.get("ATTENDEE"))
    if attendees:
        return str(attendees[0]).removeprefix("mailto:").removeprefix("MAILTO:").strip()
    summary = str(event.get("SUMMARY", ""))
    return summary.partition(":")[0].strip()


def _list(found: Any) -> list[Any]:
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > FILE_BYTES:
            raise BadSettings(f"larger than {FILE_BYTES} bytes", place=str(path))
        return path.read_bytes()
    except OSError as error:
        raise BadSettings(f"cannot be read: {error.strerror}", place=str(path)) from None


@asynccontextmanager
async def duty_file(path: Path, role: Role, zone: str) -> AsyncIterator[FileDuty]:
    """`path`: .yaml (`shifts: [{person, start, end, role}]`) or .ics; `zone`: the team's, for times that name none."""
    yield FileDuty(path, role, zone)
