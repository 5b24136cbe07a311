"""What Slack lets Midwatch do: who it is there, with which scopes, in which channel. Only asks, changes nothing."""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.failures import translated

PAGE = 200  # channels of one answer
MOST_PAGES = 50  # an app in ten thousand channels is somebody's mistake

NEEDED = {
    "app_mentions:read": "questions that mention it are not heard",
    "assistant:write": "the agent pane stays empty",
    "channels:history": "after a crash a message may be posted twice",
    "channels:read": "the channel is not found by its name",
    "chat:write": "nothing can be posted",
    "commands": "no drill by command, no shortcut",
    "files:write": "verdicts have no chart",
    "groups:history": "in a private channel a message may be posted twice after a crash",
    "groups:read": "a private channel is not found by its name",
    "im:history": "questions in direct messages are not heard",
    "metadata.message:read": "it does not know its own messages again",
    "users:read": "nobody may press a button: who is a guest cannot be told",
}
"""Scope -> what does not work without it; those of manifest.yaml."""

USER_GROUPS = "usergroups:read"
POSTING = "chat:write"  # without it there is no use in running at all


@dataclass(frozen=True)
class Grants:
    """`scopes` None: Slack did not say. `at`: Slack's clock, epoch seconds."""

    team: str
    user: str
    scopes: frozenset[str] | None
    at: float | None

    def missing(self, *, user_groups: bool) -> dict[str, str]:
        """Scope -> what does not work; empty when all are there, or Slack did not say."""
        wanted = NEEDED | ({USER_GROUPS: "nobody is in a user group"} if user_groups else {})
        return {} if self.scopes is None else {name: why for name, why in sorted(wanted.items()) if name not in self.scopes}


async def grants(client: AsyncWebClient) -> Grants:
    """SourceUnavailable or Refused when Slack does not answer or does not know the token."""
    with translated("auth.test"):
        answer = await client.auth_test()
    said = _header(answer, "x-oauth-scopes")
    scopes = frozenset(part.strip() for part in said.split(",") if part.strip()) if said is not None else None
    return Grants(str(answer.get("team") or "?"), str(answer.get("user") or "?"), scopes, _moment(_header(answer, "date")))


async def is_member(client: AsyncWebClient, channel: str) -> bool:
    """Whether the app was invited to `channel`, an id or `#name`."""
    wanted, cursor = channel.removeprefix("#"), ""
    for _ in range(MOST_PAGES):
        with translated("users.conversations"):
            answer = await client.users_conversations(
                types="public_channel,private_channel", exclude_archived=True, limit=PAGE, cursor=cursor
            )
        rooms = [room for room in answer.get("channels") or () if isinstance(room, dict)]
        if any(wanted in (room.get("id"), room.get("name")) for room in rooms):
            return True
        cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            return False
    return False


def _header(answer: AsyncSlackResponse, name: str) -> str | None:
    """HTTP header names come in whatever case the server chose."""
    return next((str(value) for key, value in (answer.headers or {}).items() if key.lower() == name), None)


def _moment(date: str | None) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None
