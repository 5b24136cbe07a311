"""Grafana OnCall: who is on call (GET /api/v1/schedules/{id}/final_shifts), page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import quote

from pydantic import BaseModel

from bot.backends.duty_api import Api, api, in_order, shift
from bot.errors import SourceUnavailable
from bot.model.readiness import Role, Shift

MOST_PAGES = 40  # of a hundred shifts each: a year of twelve a day


class _Shift(BaseModel):
    user_pk: str
    user_email: str | None = None
    user_username: str | None = None
    shift_start: datetime
    shift_end: datetime


class _Answer(BaseModel):
    results: list[_Shift]
    next: str | None = None  # a URL; only that there is one is taken from it


class GrafanaDuty:
    """Port Duty. A person is called by their email, or by their id where there is none."""

    def __init__(self, asked: Api, schedule: str, role: Role) -> None:
        self._api = asked
        self._schedule = schedule
        self._role = role

    async def shifts(self, start: float, end: float) -> tuple[Shift, ...]:
        found: list[Shift | None] = []
        path = f"api/v1/schedules/{quote(self._schedule, safe='')}/final_shifts"
        for page in range(1, MOST_PAGES + 1):
            query = {"start_date": _day(start), "end_date": _day(end), "page": str(page)}
            answer = await self._api.get(path, query, _Answer)
            found += [
                shift(one.user_email or one.user_pk, self._role, one.shift_start, one.shift_end, start, end) for one in answer.results
            ]
            if answer.next is None:
                return in_order(found)
        raise SourceUnavailable(f"Grafana: more than {MOST_PAGES} pages of shifts", source="grafana", asked=path)


@asynccontextmanager
async def duty_grafana(schedule: str, role: Role, token: str, url: str) -> AsyncIterator[GrafanaDuty]:
    """`url`: where Grafana OnCall's own API begins; `token`: an API key of it."""
    async with api(url, "Grafana", {"Authorization": token}, "source url") as opened:
        yield GrafanaDuty(opened, schedule, role)


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
