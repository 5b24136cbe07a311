"""Pages that arrive as other apps' messages: through the real Bolt, over signed HTTP and through the socket alike."""

from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.errors import SourceUnavailable
from bot.slack import Watch, bolt_app, web_client
from bot.slack.pages import register
from tests.fakes_records import MemoryRecords
from tests.slack.conftest import House
from tests.slack.fake import FakeSlack
from tests.slack.fake.transport import event
from tests.web.doors import NoteWork

TITLE = "[FIRING:1] HighErrorRate assistant (critical)"


def message(event_id: str = "E1", **told: Any) -> dict[str, Any]:
    body = event("message", event_id)
    plain = {"channel": "C1", "ts": "1772417220.000100", "subtype": "bot_message", "bot_id": "BPAGER", "attachments": [{"title": TITLE}]}
    body["event"] |= {name: value for name, value in {**plain, **told}.items() if value is not None}
    return body


async def test_a_message_of_a_watched_app_is_a_page(house: House) -> None:
    await house.transport.event(message())
    (incident,) = house.records.rows.values()
    assert (incident.title, incident.page.source) == (TITLE, "slack")
    assert house.work.asked == [f"{incident.id}:1"]
    assert house.outcomes == [("slack", "firing")]


async def test_the_same_message_delivered_again_counts_once(house: House) -> None:
    for attempt in range(3):
        await house.transport.event(message(), retry=attempt)
    assert [incident.alerts for incident in house.records.rows.values()] == [1]


async def test_an_edit_that_resolves_ends_the_incident(house: House) -> None:
    await house.transport.event(message())
    over = [{"title": TITLE.replace("FIRING:1", "RESOLVED")}]
    resolved = {"ts": "1772417220.000100", "bot_id": "BPAGER", "edited": {"ts": "2.0"}, "attachments": over}
    await house.transport.event(message("E2", subtype="message_changed", message=resolved, bot_id=None, attachments=None))
    (incident,) = house.records.rows.values()
    assert incident.resolved_at is not None


@pytest.mark.parametrize(
    "told",
    [
        {"bot_id": "BSTRANGER", "app_id": "ASTRANGER"},
        {"bot_id": None, "subtype": None, "user": "UANNA", "text": TITLE},
        {"channel": "C2"},
        {"thread_ts": "1772417000.000100"},
        {"subtype": "message_deleted"},
    ],
)
async def test_nobody_else_can_page(house: House, told: dict[str, Any]) -> None:
    await house.transport.event(message(**told))
    assert house.records.rows == {}


async def test_a_watched_app_that_says_nothing_readable_is_counted_and_forgotten(house: House) -> None:
    await house.transport.event(message(attachments=None))
    assert (house.records.rows, house.outcomes) == ({}, [("slack", "unreadable")])


async def test_secrets_in_a_message_are_not_stored(house: House) -> None:
    await house.transport.event(message(attachments=[{"title": TITLE, "text": "401 for jane@example.com, password=hunter2"}]))
    stored = "".join(page.model_dump_json() for _, page, _ in house.records.pages)
    assert "jane@example.com" not in stored
    assert "hunter2" not in stored


class DownRecords(MemoryRecords):
    async def receive(self, *_: Any, **__: Any) -> Any:
        raise SourceUnavailable("down")


async def test_what_cannot_be_stored_is_not_acknowledged(slack: FakeSlack) -> None:
    """Slack sends again what is not answered with 200."""
    bolt = bolt_app(web_client("xoxb-test", slack.url + "/api/"), None)
    register(bolt, Watch(frozenset({"BPAGER"}), frozenset(), DownRecords(), NoteWork(), lambda: 0.0, lambda *_: None))
    answer = await bolt.async_dispatch(AsyncBoltRequest(body=message(), mode="socket_mode"))
    assert answer.status == 503
