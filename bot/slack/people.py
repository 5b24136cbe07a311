"""Who may press a button: members of this workspace. Guests, strangers of shared channels, bots and people who left may not."""

import asyncio
from collections import OrderedDict
from typing import Protocol

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.click import Person
from bot.slack.failures import translated

FRESH_S = 60.0  # seconds that an answer counts: somebody who has just left presses one button more at most
KEPT = 1_000  # people remembered
SHUT_OUT = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")


class Gate(Protocol):
    """Asked again at every click."""

    async def groups(self, person: Person) -> frozenset[str] | None:
        """The runbook groups a person is in; None = may do nothing here."""
        ...


class Members:
    """Port Gate from users.info: any full member of the workspace may act, and is in `everyone`."""

    def __init__(self, client: AsyncWebClient, everyone: frozenset[str] = frozenset()) -> None:
        self._client = client
        self._everyone = everyone
        self._known: OrderedDict[str, tuple[float, bool]] = OrderedDict()

    async def groups(self, person: Person) -> frozenset[str] | None:
        """SourceUnavailable or Refused when Slack does not tell who it is: nobody gets in on a guess."""
        if person.team and person.here and person.team != person.here:
            return None
        return self._everyone if await self._is_member(person.user) else None

    async def _is_member(self, user: str) -> bool:
        now = asyncio.get_running_loop().time()
        at, member = self._known.get(user, (-FRESH_S, False))
        if now - at < FRESH_S:
            return member
        with translated("users.info"):
            found = await self._client.users_info(user=user)
        profile = found.get("user")
        member = isinstance(profile, dict) and not any(profile.get(name) for name in SHUT_OUT)
        self._known[user] = (now, member)
        self._known.move_to_end(user)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return member
