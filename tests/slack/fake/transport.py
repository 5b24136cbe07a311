"""People and events as Slack delivers them: over signed HTTP, or through the socket. Both drive the real Bolt."""

import json
import time
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
from slack_sdk.signature import SignatureVerifier

from tests.slack.fake.server import FakeSlack
from tests.slack.fake.workspace import APP, TEAM

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


class Transport(Protocol):
    async def interaction(self, payload: dict[str, Any]) -> dict[str, Any]: ...

    async def event(self, body: dict[str, Any], *, retry: int = 0) -> None: ...


class Http:
    """To the app's /slack/events, signed."""

    def __init__(self, client: httpx.AsyncClient, secret: str = SECRET) -> None:
        self._client = client
        self._verifier = SignatureVerifier(secret)

    async def post(
        self, body: str, content_type: str, *, stamp: str | None = None, signature: str | None = None, **headers: str
    ) -> httpx.Response:
        stamp = str(int(time.time())) if stamp is None else stamp
        signature = signature or self._verifier.generate_signature(timestamp=stamp, body=body)
        signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature, "Content-Type": content_type, **headers}
        return await self._client.post(
            "/slack/events", content=body.encode(), headers={name: value.encode() for name, value in signed.items()}
        )

    async def interaction(self, payload: dict[str, Any]) -> dict[str, Any]:
        answer = await self.post(urlencode({"payload": json.dumps(payload)}), "application/x-www-form-urlencoded")
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.text else {}

    async def event(self, body: dict[str, Any], *, retry: int = 0) -> None:
        headers = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"} if retry else {}
        answer = await self.post(json.dumps(body), "application/json", **headers)
        assert answer.status_code == 200, answer.text


class Socket:
    """Through the app's own websocket."""

    def __init__(self, fake: FakeSlack) -> None:
        self._fake = fake

    async def interaction(self, payload: dict[str, Any]) -> dict[str, Any]:
        return await self._fake.send_socket("interactive", payload)

    async def event(self, body: dict[str, Any], *, retry: int = 0) -> None:
        await self._fake.send_socket("events_api", body, attempt=retry, reason="timeout" if retry else "")


def press(fake: FakeSlack, action_id: str, *, user: str = "UANNA", team: str = TEAM, channel: str = "C1") -> dict[str, Any]:
    """The payload of a click on the newest root message's button; fails when there is no such button."""
    message = fake.workspace.roots(channel)[-1]
    block, element = next(
        (block, element)
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
        if element["action_id"] == action_id
    )
    return {
        "type": "block_actions",
        "user": {"id": user, "team_id": team},
        "team": {"id": TEAM},
        "api_app_id": APP,
        "token": "legacy",
        "trigger_id": fake.workspace.trigger(),
        "response_url": f"{fake.url}/response/1",
        "container": {"type": "message", "message_ts": message["ts"], "channel_id": channel},
        "channel": {"id": channel},
        "message": message,
        "actions": [
            {"type": "button", "action_id": action_id, "block_id": block.get("block_id"), "value": element["value"], "action_ts": "1"}
        ],
    }


def submit(fake: FakeSlack, values: dict[str, dict[str, Any]], *, user: str = "UANNA") -> dict[str, Any]:
    """The payload of the newest modal, submitted."""
    view = list(fake.workspace.views.values())[-1]
    return {
        "type": "view_submission",
        "user": {"id": user, "team_id": TEAM},
        "team": {"id": TEAM},
        "api_app_id": APP,
        "token": "legacy",
        "trigger_id": fake.workspace.trigger(),
        "view": {**view, "state": {"values": values}},
    }


def event(kind: str, event_id: str) -> dict[str, Any]:
    return {"type": "event_callback", "team_id": TEAM, "api_app_id": APP, "event_id": event_id, "event_time": 1, "event": {"type": kind}}
