"""How numbers leave the test library: six significant digits, never NaN or infinite, so that reports stay byte-identical."""

from __future__ import annotations

from math import floor, isfinite, log10

Numbers = dict[str, float | int | str | None]

DIGITS = 6  # catalogue 2.1: beyond them the order of additions shows
TEXT = 80  # values of attributes are foreign text: enough to recognise one


def figure(value: float | None) -> float | None:
    """Six significant digits; None for None, NaN and infinity (JSON has no word for them)."""
    if value is None or not isfinite(value):
        return None
    if value == 0:
        return 0.0
    return float(round(value, DIGITS - 1 - floor(log10(abs(value)))))


def count(value: float) -> float | int:
    """A count: whole unless sampling weights made it otherwise."""
    return int(value) if float(value).is_integer() else float(round(value, 3))


def text(value: str) -> str:
    return value[:TEXT]
