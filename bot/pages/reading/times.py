"""Times as alerting systems write them -> aware UTC; None for what is no time, or one that means none (year 1, epoch 0)."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # nothing that pages is older; year 1 and epoch 0 stand for "none"
LATEST = datetime(2200, 1, 1, tzinfo=UTC)  # "never" is written as year 9999 by some
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9})\d*)?)?"
    r"\s*(Z|UTC|GMT|[+-]\d\d(?:[:.]?\d\d)?)?(?:\s+[A-Z]{3,4})?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{9,19}(\.\d{1,9})?")
_SECONDS, _MILLIS, _MICROS = 1e11, 1e14, 1e17  # a count below the first is in seconds until the year 5138, below the next in ms, ...


def when(value: object) -> datetime | None:
    """RFC 3339 and its cousins (Go, AWS, space for T), RFC 2822, or a count since 1970 in s, ms, us or ns, as number or text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _counted(float(value))
    if not isinstance(value, str):
        return None
    text = value.strip()[:64]  # the longest form is 45 characters
    if _NUMBER.fullmatch(text):
        return _counted(float(text))
    return _sane(_iso(text) or _mail(text))


def _counted(count: float) -> datetime | None:
    if not 0 < count < 1e20:
        return None
    scale = 1 if count < _SECONDS else 1e3 if count < _MILLIS else 1e6 if count < _MICROS else 1e9
    try:
        return _sane(datetime.fromtimestamp(round(count / scale, 3), tz=UTC))
    except (OverflowError, OSError, ValueError):
        return None


def _iso(text: str) -> datetime | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    sign = (zone or "Z").upper()
    offset = "+00:00" if sign in ("Z", "UTC", "GMT") else sign[:3] + ":" + (sign[3:].strip(":.") or "00")
    millis = (fraction or "0").ljust(3, "0")[:3]
    try:
        return datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}.{millis}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _mail(text: str) -> datetime | None:
    if not text[:1].isalpha():
        return None
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _sane(at: datetime | None) -> datetime | None:
    return at if at is not None and EARLIEST <= at < LATEST else None
