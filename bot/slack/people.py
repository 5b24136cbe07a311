"""Who may press a button: members of this workspace. Guests, strangers of shared channels, bots and people who left may not.

What a member may read beyond what is open to all is said by Slack's user groups: a runbook kept to `payments` is for @payments.
"""

import asyncio
import logging
from collections import OrderedDict
from typing import Protocol

from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import MidwatchError
from bot.slack.click import Person
from bot.slack.failures import translated
from bot.slack.rooms import Rooms

log = logging.getLogger(__name__)

FRESH_S = 60.0  # seconds that an answer counts: somebody who has just left presses one button more at most
KEPT = 1_000  # people remembered
SHUT_OUT = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")


class Gate(Protocol):
    """Asked again at every click."""

    async def groups(self, person: Person) -> frozenset[str] | None:
        """The runbook groups a person is in; None = may do nothing here."""
        ...

    async def may_read(self, person: Person, channel: str) -> bool:
        """Whether a person whom `groups` lets in can read that channel."""
        ...


class UserGroups:
    """Slack's user groups by handle, asked at most once in FRESH_S. Needs the scope usergroups:read."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._asked_at = float("-inf")
        self._members: dict[str, frozenset[str]] = {}
        self._asking = asyncio.Lock()

    async def of(self, user: str) -> frozenset[str]:
        """Handles and ids of the user's groups. Empty when Slack does not tell: what is kept to a group stays shut."""
        async with self._asking:
            now = asyncio.get_running_loop().time()
            if now - self._asked_at >= FRESH_S:
                try:
                    self._members = await self._ask()
                except MidwatchError as error:
                    log.warning("user groups are not told, so nobody is in one: %s", error)
                    self._members = {}
                self._asked_at = now
        return frozenset(name for name, members in self._members.items() if user in members)

    async def _ask(self) -> dict[str, frozenset[str]]:
        with translated("usergroups.list"):
            answer = await self._client.usergroups_list(include_users=True)
        found: dict[str, frozenset[str]] = {}
        for group in answer.get("usergroups") or ():
            if isinstance(group, dict) and isinstance(group.get("users"), list) and not group.get("date_delete"):
                members = frozenset(map(str, group["users"]))
                found |= {str(group[name]): members for name in ("handle", "id") if group.get(name)}
        return found


class Members:
    """Port Gate from users.info: any full member of the workspace may act, and is in `everyone` and in their user groups."""

    def __init__(self, client: AsyncWebClient, everyone: frozenset[str] = frozenset(), user_groups: UserGroups | None = None) -> None:
        self._client = client
        self._everyone = everyone
        self._user_groups = user_groups
        self._known: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        self._rooms = Rooms(client)

    async def may_read(self, person: Person, channel: str) -> bool:
        """SourceUnavailable when Slack does not tell."""
        return await self._rooms.readable(person.user, channel)

    async def groups(self, person: Person) -> frozenset[str] | None:
        """SourceUnavailable or Refused when Slack does not tell who it is: nobody gets in on a guess."""
        if person.team and person.here and person.team != person.here:
            return None
        if not await self._is_member(person.user):
            return None
        return self._everyone | (await self._user_groups.of(person.user) if self._user_groups is not None else frozenset())

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
