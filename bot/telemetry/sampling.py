"""Which traces are read when there are more than a triage needs: the same ones on every engine and machine, whatever came before.

Traces are kept by a hash of their id, one in 1, 2, 4, ...: a smaller sample is a part of every larger one, and weights are whole numbers.
The hash is not the id's own random bits, by which OpenTelemetry's sampler has chosen already.
"""

from __future__ import annotations

import hashlib

from ibis.expr.types import BooleanValue, StringValue

LARGEST = 200_000  # requests of a window read in full: beyond it tests gain little and memory would grow with the traffic
DIGITS = 8  # hex digits of the hash that are compared: 2^32 places, enough for shares down to one in millions
PLACES = 16**DIGITS


def one_in(requests: int, largest: int = LARGEST) -> int:
    """One in how many traces is kept so that at most `largest` are: the least power of two that does, 1 = all.

    A sample is random: it may exceed `largest` by a few standard deviations, some hundreds of 200,000.
    """
    step = 1
    while requests > largest * step:
        step *= 2
    return step


def place(trace_id: str) -> str:
    """The id's place on the line that samples are cut from: DIGITS hex digits."""
    return hashlib.md5(trace_id.encode(), usedforsecurity=False).hexdigest()[:DIGITS]


def bounds(start: float, end: float, step: int) -> tuple[str, str]:
    """[first, last] place of a part of the sample of one in `step`; `start` and `end` as shares of that sample."""
    whole = PLACES // step
    return f"{int(whole * start):0{DIGITS}x}", f"{int(whole * end) - 1:0{DIGITS}x}"


def within(digest: StringValue, start: float, end: float, step: int) -> BooleanValue:
    """Where an MD5 in lower-case hex is of that part of the sample."""
    first, last = bounds(start, end, step)
    return digest.substr(0, DIGITS).between(first, last)


def keeps(trace_id: str, step: int) -> bool:
    """Whether the sample of one in `step` has the trace."""
    return place(trace_id) <= bounds(0.0, 1.0, step)[1]
