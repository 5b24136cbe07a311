"""PagerDuty: who is on call, from a schedule's final layer (GET /schedules/{id} of the REST API, version 2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from urllib.parse import quote

from pydantic import BaseModel

from bot.backends.duty_api import Api, api, in_order, rfc3339, shift
from bot.model.readiness import Role, Shift

URL = "https://api.pagerduty.com"


class _User(BaseModel):
    id: str
    summary: str | None = None
    email: str | None = None  # there with include[]=users only


class _Entry(BaseModel):
    start: datetime
    end: datetime
    user: _User | None = None  # nobody


class _Final(BaseModel):
    rendered_schedule_entries: list[_Entry]


class _Schedule(BaseModel):
    final_schedule: _Final


class _Answer(BaseModel):
    schedule: _Schedule


class PagerDutyDuty:
    """Port Duty. A person is called by their PagerDuty id."""

    def __init__(self, asked: Api, schedule: str, role: Role) -> None:
        self._api = asked
        self._schedule = schedule
        self._role = role

    async def shifts(self, start: float, end: float) -> tuple[Shift, ...]:
        query = {"since": rfc3339(start), "until": rfc3339(end), "time_zone": "UTC"}
        answer = await self._api.get(f"schedules/{quote(self._schedule, safe='')}", query, _Answer)
        entries = answer.schedule.final_schedule.rendered_schedule_entries
        return in_order([shift(one.user.id, self._role, one.start, one.end, start, end) for one in entries if one.user is not None])


@asynccontextmanager
async def duty_pagerduty(schedule: str, role: Role, token: str, url: str = URL) -> AsyncIterator[PagerDutyDuty]:
    """`token`: a read-only REST API key."""
    headers = {"Authorization": f"Token token={token}", "Accept": "application/vnd.pagerduty+json;version=2"}
    async with api(url, "PagerDuty", headers, "source url") as opened:
        yield PagerDutyDuty(opened, schedule, role)
