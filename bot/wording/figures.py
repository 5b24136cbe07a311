"""Numbers, shares, times and confidences as people read them."""

from datetime import datetime, timedelta

CONFIRMED = 0.90  # the three words of catalogue 2.2; below SUSPECTED a cause is not named
LIKELY = 0.70
SUSPECTED = 0.45


def confidence_word(confidence: float) -> str:
    """The word for a confidence; empty below SUSPECTED."""
    if confidence >= CONFIRMED:
        return "confirmed by telemetry"
    if confidence >= LIKELY:
        return "likely"
    return "suspected" if confidence >= SUSPECTED else ""


def confidence(value: float) -> str:
    """`0.91 confirmed by telemetry`; cut, not rounded, so that 0.899 is never shown as 0.90 with the lesser word."""
    shown = f"{int(min(max(value, 0.0), 1.0) * 100 + 1e-9) / 100:.2f}"
    return f"{shown} {confidence_word(value)}".rstrip()


def share(value: float) -> str:
    """0.12 -> `12 %`, 0.011 -> `1.1 %`, 0.0004 -> `0.04 %`."""
    percent = value * 100
    if percent == 0 or abs(percent) >= 10:
        return f"{percent:.0f} %"
    return f"{percent:.1f} %" if abs(percent) >= 0.1 else f"{percent:.2g} %"


def number(value: float | int | str | None) -> str:
    """A finding's number; `None` is not recorded."""
    if value is None:
        return "not recorded"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def duration(span: timedelta) -> str:
    """`45 s`, `12 min`, `4 h 4 min`, `2 d 3 h`."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if hours == 0:
        return f"{minutes} min"
    if days == 0:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"


def clock(moment: datetime) -> str:
    """`22:03 UTC`."""
    return f"{moment:%H:%M} UTC"


def day_and_clock(moment: datetime) -> str:
    """`2026-03-01 22:03 UTC`."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def counted(count: int, thing: str) -> str:
    """`1 alert`, `1,200 alerts`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"
