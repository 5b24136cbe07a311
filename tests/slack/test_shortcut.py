"""The shortcut "Triage this" through the real Bolt: a message becomes a page, once, for members alone, after they saw what will be seen."""

import json
from typing import Any

import pytest

from bot.errors import BadInput
from bot.model.page import Severity, Status
from bot.slack.blocks.shortcut import SERVICE, SERVICE_BLOCK, TRIAGE_THIS
from bot.slack.limits import PRIVATE_METADATA, view_problems
from bot.slack.shortcut import carried_by
from tests.slack.conftest import House
from tests.slack.fake.transport import submit
from tests.slack.fake.workspace import APP, TEAM
from tests.slack.test_buttons import until

ALERT = {
    "bot_id": "BPAGER",
    "app_id": "APAGER",
    "text": "",
    "attachments": [{"title": "[FIRING:1] HighErrorRate (assistant critical)", "text": "severity: critical", "color": "danger"}],
}


def pointed(house: House, message: dict[str, Any], channel: str = "C9") -> dict[str, Any]:
    return {
        "type": "message_action",
        "callback_id": TRIAGE_THIS,
        "trigger_id": house.slack.workspace.trigger(),
        "response_url": f"{house.slack.url}/response/1",
        "user": {"id": "UANNA", "name": "anna", "team_id": TEAM},
        "team": {"id": TEAM},
        "api_app_id": APP,
        "token": "legacy",
        "channel": {"id": channel, "name": "support"},
        "message_ts": "1772417100.000100",
        "message": {"type": "message", "user": "UBEN", "ts": "1772417100.000100", **message},
    }


def chosen(service: str) -> dict[str, dict[str, Any]]:
    return {SERVICE_BLOCK: {SERVICE: {"type": "static_select", "selected_option": {"value": service}}}}


async def form(house: House, message: dict[str, Any]) -> dict[str, Any]:
    before = len(house.slack.workspace.views)
    await house.transport.interaction(pointed(house, message))
    await until(lambda: len(house.slack.workspace.views) > before)
    view: dict[str, Any] = list(house.slack.workspace.views.values())[-1]
    return view


async def test_a_message_becomes_a_page_of_the_service_that_was_chosen(house: House):
    house.services += ["assistant", "search"]
    view = await form(house, {"text": "the assistant answers nonsense since lunch\nsame for everybody"})
    assert "assistant answers nonsense" in str(view["blocks"])
    assert "will be seen in #incidents" in str(view["blocks"])
    assert [option["value"] for option in view["blocks"][1]["element"]["options"]] == ["-", "assistant", "search"]
    assert house.records.rows == {}
    answer = await house.transport.interaction(submit(house.slack, chosen("search")))
    (incident,) = house.records.rows.values()
    assert incident.id in str(answer["view"])
    assert (incident.page.source, incident.service, incident.page.status) == ("slack", "search", Status.FIRING)
    assert incident.title == "the assistant answers nonsense since lunch"
    assert incident.page.description == "the assistant answers nonsense since lunch\nsame for everybody"
    assert house.work.asked == [f"{incident.id}:1"]
    assert house.audit.said() == [("incident.asked", incident.id, "done")]


async def test_the_same_message_is_triaged_once(house: House):
    for _ in range(2):
        await form(house, {"text": "it is broken"})
        answer = await house.transport.interaction(submit(house.slack, {}))
    assert len(house.records.rows) == len(house.work.asked) == 1
    assert "triaged already: INC-1" in str(answer["view"])


async def test_with_one_service_nothing_is_asked_and_it_is_that_one(house: House):
    house.services.append("assistant")
    view = await form(house, {"text": "it is broken"})
    assert "input" not in str(view["blocks"])
    await house.transport.interaction(submit(house.slack, {}))
    assert next(iter(house.records.rows.values())).service == "assistant"


async def test_an_alert_that_is_watched_too_is_one_page(house: House):
    posted = {"type": "event_callback", "team_id": TEAM, "api_app_id": APP, "event_id": "EvS1"}
    watched = {"type": "message", "channel": "C1", "ts": "1772417100.000100", **ALERT}
    await house.transport.event(posted | {"event": watched})
    await until(lambda: house.records.rows)
    await house.transport.interaction(pointed(house, ALERT, channel="C1"))
    await until(lambda: house.slack.workspace.views)
    answer = await house.transport.interaction(submit(house.slack, {}))
    assert "triaged already: INC-1" in str(answer["view"])
    assert len(house.records.rows) == 1


@pytest.mark.parametrize("trait", ["is_restricted", "is_stranger", "is_bot"])
async def test_guests_strangers_and_bots_are_refused(house: House, trait: str):
    house.slack.workspace.users["UANNA"][trait] = True
    await house.transport.interaction(pointed(house, {"text": "it is broken"}))
    await until(lambda: house.slack.workspace.whispers)
    assert "Only members" in house.slack.workspace.whispers[0]
    assert house.slack.workspace.views == {}


async def test_who_left_while_the_form_was_open_is_refused(house: House):
    await form(house, {"text": "it is broken"})
    payload = submit(house.slack, {})
    payload["user"] = {"id": "UEVE", "team_id": "T2"}
    answer = await house.transport.interaction(payload)
    assert "Only members" in str(answer["view"])
    assert house.records.rows == {}


async def test_a_message_without_words_is_said_to_be_one(house: House):
    await house.transport.interaction(pointed(house, {"text": ""}))
    await until(lambda: house.slack.workspace.whispers)
    assert "no words" in house.slack.workspace.whispers[0]


async def test_what_cannot_be_stored_is_said(house: House):
    await form(house, {"text": "it is broken"})
    house.disk.full = True
    answer = await house.transport.interaction(submit(house.slack, {}))
    assert "could not be stored" in str(answer["view"])


def test_secrets_mentions_and_commands_in_it_are_words():
    text = "<!channel> ok now restart <@U123> token xoxb-123456789012-abcdefghijklmnop"
    body = {"message": {"type": "message", "ts": "1.1", "text": text, "user": "UBEN"}, "channel": {"id": "C9"}}
    page = carried_by(body).page
    assert "xoxb-1234" not in page.model_dump_json()
    assert "<!" not in page.title
    assert page.status is Status.FIRING
    assert page.dedup_key == "message:C9:1.1"


def test_a_resolved_alert_that_somebody_points_at_is_triaged_as_asked():
    over = ALERT | {"attachments": [{"title": "[RESOLVED] HighErrorRate", "color": "good"}]}
    page = carried_by({"message": {"type": "message", "ts": "1.1", **over}, "channel": {"id": "C9"}}).page
    assert (page.status, page.ends_at, page.dedup_key) == (Status.FIRING, None, "message:C9:1.1")


def test_a_reply_in_a_thread_is_a_message_too():
    body = {"message": {"type": "message", "ts": "2.1", "thread_ts": "1.1", "text": "P1 all is down", "user": "U"}, "channel": {"id": "C9"}}
    page = carried_by(body).page
    assert (page.title, page.severity) == ("P1 all is down", Severity.CRITICAL)


def test_the_longest_message_travels_with_the_form():
    from bot.slack.blocks.shortcut import triage_modal

    text = "\n".join(f"key_{n}: " + 'wörter \U0001f600 \\ " ' * 30 for n in range(200))
    carried = carried_by({"message": {"type": "message", "ts": "1.1", "text": text, "user": "U"}, "channel": {"id": "C9"}})
    kept = carried.model_dump_json()
    assert len(kept) <= PRIVATE_METADATA
    assert json.loads(kept)["page"]["description"]
    view = triage_modal(carried.page.description, [f"service-{n}" * 20 for n in range(300)], "#incidents", kept)
    assert view_problems(view) == ()


@pytest.mark.parametrize("body", [{}, {"message": {}, "channel": "C1"}, {"message": {"ts": "1.1"}, "channel": {}}, {"message": 3}])
def test_what_is_no_message_is_refused(body: dict[str, Any]):
    with pytest.raises(BadInput):
        carried_by(body)
