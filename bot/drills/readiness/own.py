"""What one person sees of themself: where they stand on each rotation, and what to drill next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.drills.readiness.desk import Desk, Next
from bot.drills.repetition.choose import Offer
from bot.model.readiness import Readiness


@dataclass(frozen=True)
class Own:
    """For nobody else's eyes: scores are for the person and their mentor."""

    rotation: str
    ready: Readiness
    next: Next


async def own(desks: Sequence[Desk], person: str, offers: Sequence[Offer], now: datetime) -> tuple[Own, ...]:
    """One for each rotation that this person is on, by its name."""
    found = []
    for desk in sorted(desks, key=lambda one: one.rotation.name):
        known = desk.rotation.person(person)
        if known is not None:
            ready = await desk.show(known.id, known.id, now)
            found.append(Own(desk.rotation.name, ready, await desk.next(known.id, offers, now)))
    return tuple(found)
