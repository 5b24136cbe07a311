"""People in the stub's Slack: what Slack sends when they type, press, open, point and submit; and what was sent back to them."""

import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
from slack_sdk.signature import SignatureVerifier

from tests.e2e.service import Service
from tests.e2e.slack_stub import CHANNEL, SlackStub

TEAM, APP, BOT = "T1", "A1", "UBOT"


@dataclass
class Workspace(SlackStub):
    """Also knows people, and keeps everything that was sent: `sent` holds each call with its arguments."""

    whispers: list[str] = field(default_factory=list)
    views: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    homes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def _answer(self, method: str, said: dict[str, Any]) -> dict[str, Any]:
        self.sent.append((method, said))
        if method == "users.info":
            return {"user": {"id": said["user"]}}
        if method in ("views.open", "views.publish"):
            view = _read(said["view"])
            (self.views if method == "views.open" else self.homes.setdefault(said["user_id"], [])).append(view)
            return {"view": {"id": "V1"}}
        if method == "whisper":
            self.whispers.append(said["text"])
            return {}
        if method == "conversations.info":
            return {"channel": {"id": said["channel"], "is_channel": True, "is_private": False}}
        if method == "chat.getPermalink":
            return {"permalink": f"https://fake.slack.com/archives/{said['channel']}/p{said['message_ts'].replace('.', '')}"}
        if method == "chat.postMessage":
            self.posts.append(said)
            return super()._answer(method, said) | {"channel": CHANNEL if said["channel"] == "#incidents" else said["channel"]}
        return super()._answer(method, said)

    def to(self, channel: str) -> list[dict[str, Any]]:
        return [one for one in self.posts if one["channel"] == channel]

    def answers(self, thread: str | None = None) -> list[dict[str, Any]]:
        """Replies to questions, not the evidence that a triage puts there; None = in all threads."""
        return [one for one in self.posts if thread in (None, one.get("thread_ts")) and "midwatch_answer" in str(one.get("metadata"))]

    def calls(self, method: str) -> list[dict[str, Any]]:
        return [said for name, said in self.sent if name == method]


class Person:
    def __init__(self, service: Service, slack: Workspace, user: str) -> None:
        self._service, self._slack, self._user = service, slack, user

    def types(self, text: str) -> None:
        common = {"user_id": self._user, "team_id": TEAM, "channel_id": "C1", "api_app_id": APP, "trigger_id": "t"}
        self._form({"command": "/midwatch-drill", "text": text, "response_url": f"{self._slack.url}whisper", **common})

    def presses(self, action: str, value: str, channel: str = "C1") -> None:
        chosen = {"selected_option": {"value": value}} if " " in value else {"value": value}
        payload = self._body("block_actions") | {
            "response_url": f"{self._slack.url}whisper",
            "container": {"channel_id": channel},
            "channel": {"id": channel},
            "actions": [{"type": "static_select" if " " in value else "button", "action_id": action, "block_id": "b"} | chosen],
        }
        self._form({"payload": json.dumps(payload)})

    def submits(self, view: dict[str, Any], said: dict[str, str]) -> dict[str, Any]:
        """`said`: what stands in each input, by its block or its action."""
        values: dict[str, dict[str, Any]] = {}
        for block in view["blocks"]:
            element = block.get("element") or {}
            typed = said.get(block.get("block_id", ""), said.get(element.get("action_id", "")))
            if block["type"] == "input" and typed is not None:
                chosen = {"selected_option": {"value": typed}} if element["type"] == "static_select" else {"value": typed}
                values[block["block_id"]] = {element["action_id"]: {"type": element["type"], **chosen}}
        payload = self._body("view_submission") | {"view": {**view, "id": "V1", "state": {"values": values}}}
        answer: dict[str, Any] = self._form({"payload": json.dumps(payload)}).json()
        return answer

    def points(self, message: dict[str, Any], callback: str) -> None:
        """The message shortcut."""
        place = {"channel": {"id": "C9", "name": "support"}, "response_url": f"{self._slack.url}whisper", "callback_id": callback}
        self._form({"payload": json.dumps(self._body("message_action") | place | {"message": {"type": "message", **message}})})

    def mentions(self, text: str, event_id: str, thread: str | None = None, retry: int = 0) -> None:
        said = {"type": "app_mention", "channel": CHANNEL, "text": f"<@{BOT}> {text}", "ts": _ts(event_id)}
        self._event(said | ({"thread_ts": thread} if thread else {}), event_id, retry)

    def writes(self, text: str, event_id: str, retry: int = 0) -> str:
        """Directly to the app -> the thread the answer will stand in."""
        said = {"type": "message", "channel": f"D{self._user}", "channel_type": "im", "text": text, "ts": _ts(event_id)}
        self._event(said, event_id, retry)
        return _ts(event_id)

    def opens(self, tab: str, event_id: str) -> None:
        self._event({"type": "app_home_opened", "channel": f"D{self._user}", "tab": tab}, event_id, 0)

    def _body(self, kind: str) -> dict[str, Any]:
        return {"type": kind, "user": {"id": self._user, "team_id": TEAM}, "team": {"id": TEAM}, "api_app_id": APP, "trigger_id": "t"}

    def _form(self, fields: dict[str, Any]) -> httpx.Response:
        return self._send(urlencode(fields), "application/x-www-form-urlencoded", {})

    def _event(self, said: dict[str, Any], event_id: str, retry: int) -> None:
        body = {"type": "event_callback", "team_id": TEAM, "api_app_id": APP, "event_id": event_id, "event_time": 1}
        headers = {"x-slack-retry-num": str(retry), "x-slack-retry-reason": "http_timeout"} if retry else {}
        self._send(json.dumps(body | {"event": said | {"user": self._user, "team": TEAM}}), "application/json", headers)

    def _send(self, raw: str, content_type: str, headers: dict[str, str]) -> httpx.Response:
        at = str(int(time.time()))
        signature = SignatureVerifier("s").generate_signature(timestamp=at, body=raw)
        signed = {"content-type": content_type, "x-slack-request-timestamp": at, "x-slack-signature": str(signature)}
        answer = httpx.post(f"{self._service.url}/slack/events", content=raw, headers=signed | headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer


def _ts(event_id: str) -> str:
    return f"1772419000.{event_id[2:].zfill(6)}"


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
