"""Opsgenie: who is on call, from a schedule's final timeline (GET /v2/schedules/{id}/timeline)."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from urllib.parse import quote

from pydantic import BaseModel

from bot.backends.duty_api import Api, api, in_order, rfc3339, shift
from bot.model.readiness import Role, Shift

URL = "https://api.opsgenie.com"
DAY_S = 86400.0


class _Recipient(BaseModel):
    type: str  # user | team | escalation | none
    id: str | None = None
    name: str | None = None  # a user's is their email


class _Period(BaseModel):
    startDate: datetime  # noqa: N815  # the vendor's own names
    endDate: datetime  # noqa: N815
    recipient: _Recipient | None = None


class _Rotation(BaseModel):
    periods: list[_Period] = []


class _Timeline(BaseModel):
    rotations: list[_Rotation] = []


class _Data(BaseModel):
    finalTimeline: _Timeline  # noqa: N815


class _Answer(BaseModel):
    data: _Data


class OpsgenieDuty:
    """Port Duty. A person is called by their email."""

    def __init__(self, asked: Api, schedule: str, role: Role) -> None:
        self._api = asked
        self._schedule = schedule
        self._role = role

    async def shifts(self, start: float, end: float) -> tuple[Shift, ...]:
        days = max(1, math.ceil((end - start) / DAY_S))
        query = {"identifierType": "id", "date": rfc3339(start), "interval": str(days), "intervalUnit": "days"}
        answer = await self._api.get(f"v2/schedules/{quote(self._schedule, safe='')}/timeline", query, _Answer)
        periods = [one for rotation in answer.data.finalTimeline.rotations for one in rotation.periods]
        return in_order(
            [
                shift(one.recipient.name or one.recipient.id or "", self._role, one.startDate, one.endDate, start, end)
                for one in periods
                if one.recipient is not None and one.recipient.type == "user"
            ]
        )


@asynccontextmanager
async def duty_opsgenie(schedule: str, role: Role, token: str, url: str = URL) -> AsyncIterator[OpsgenieDuty]:
    """`token`: an API key that may read configuration."""
    async with api(url, "Opsgenie", {"Authorization": f"GenieKey {token}"}, "source url") as opened:
        yield OpsgenieDuty(opened, schedule, role)
