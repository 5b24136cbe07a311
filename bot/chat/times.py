"""Moments as people say them, read against the incident's own "now": `14:03`, `2 h ago`, `yesterday`, `since tuesday`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::\d\d(?:\.\d+)?)?(?:Z|\+00:00| ?UTC)?)?(?![\d-])", re.I)
_CLOCK = re.compile(r"\b([01]?\d|2[0-3])(?::|h)([0-5]\d)(?::[0-5]\d)?(?: ?(am|pm))?(?: ?(?:utc|z))?\b", re.I)
_HOUR = re.compile(r"\b(1[0-2]|[1-9]) ?(am|pm)\b", re.I)
_AGO = re.compile(
    r"\b(\d{1,4}|an?|one|two|three|half an) ?(minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)(?: ago| earlier| before)\b", re.I
)
_LAST = re.compile(r"\b(?:last|past) (\d{1,3}) ?(minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)\b", re.I)
_DAY = re.compile(r"\b(?:last |since |on )?(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)day\b", re.I)
_WORDS = {
    "yesterday": timedelta(days=1), "last night": timedelta(hours=6), "last week": timedelta(days=7), "last month": timedelta(days=30),
    "an hour": timedelta(hours=1), "last hour": timedelta(hours=1), "this morning": timedelta(hours=0), "today": timedelta(hours=0),
    "midnight": timedelta(hours=0), "noon": timedelta(hours=0),
}  # fmt: skip
_NUMBERS = {"a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "half an": 0.5}
_UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


@dataclass(frozen=True)
class Said:
    """The moment meant, and where in the text it is said."""

    at: datetime
    start: int
    end: int


def moment_said(text: str, now: datetime) -> Said | None:
    """The first moment in the text; None when it names none. A clock time is the last such time before `now`, in UTC."""
    for pattern, read in ((_ISO, _iso), (_CLOCK, _clock), (_HOUR, _hour), (_AGO, _ago), (_LAST, _ago), (_DAY, _weekday)):
        hit = pattern.search(text)
        at = read(hit, now) if hit is not None else None
        if hit is not None and at is not None:
            return Said(at, hit.start(), hit.end())
    return _worded(text, now)


def _iso(hit: re.Match[str], _: datetime) -> datetime | None:
    try:
        return datetime(int(hit[1]), int(hit[2]), int(hit[3]), int(hit[4] or 0), int(hit[5] or 0), tzinfo=UTC)
    except ValueError:
        return None


def _clock(hit: re.Match[str], now: datetime) -> datetime | None:
    hour = int(hit[1]) % 12 + (12 if hit[3].lower() == "pm" else 0) if hit[3] else int(hit[1])
    return _before(now, hour, int(hit[2]))


def _hour(hit: re.Match[str], now: datetime) -> datetime | None:
    return _before(now, int(hit[1]) % 12 + (12 if hit[2].lower() == "pm" else 0), 0)


def _before(now: datetime, hour: int, minute: int) -> datetime:
    at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return at if at <= now else at - timedelta(days=1)


def _ago(hit: re.Match[str], now: datetime) -> datetime | None:
    count = _NUMBERS.get(hit[1].lower())
    seconds = (count if count is not None else float(hit[1])) * _UNITS[hit[2][0].lower()]
    return (now - timedelta(seconds=seconds)).replace(microsecond=0)


def _weekday(hit: re.Match[str], now: datetime) -> datetime | None:
    day = next(number for number, name in enumerate(DAYS) if name.startswith(hit[1].lower()[:3]))
    back = (now.weekday() - day) % 7 or 7
    return (now - timedelta(days=back)).replace(hour=0, minute=0, second=0, microsecond=0)


def _worded(text: str, now: datetime) -> Said | None:
    low = text.lower()
    for words, back in _WORDS.items():
        hit = re.search(rf"\b{words}\b", low)
        if hit is None:
            continue
        at = (now - back).replace(microsecond=0)
        if words in ("yesterday", "today", "midnight", "last week", "last month"):
            at = at.replace(hour=0, minute=0, second=0)
        elif words in ("this morning", "noon"):
            at = _before(now, 6 if words == "this morning" else 12, 0)
        return Said(at, hit.start(), hit.end())
    return None
