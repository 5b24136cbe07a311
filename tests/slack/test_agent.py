"""Questions in the app's own conversation: about the incident that is named, looked at or open, said first; once; for members alone."""

import asyncio
from typing import Any

import pytest

from bot.model.incident import Incident, IncidentState, MessageRef
from bot.slack.agent import CHANNEL, MESSAGE, PROMPTS, Place, places_in
from bot.slack.blocks.card import WRONG
from bot.slack.blocks.reply import HELPFUL
from tests.slack import samples
from tests.slack.conftest import House
from tests.slack.fake.server import Fault
from tests.slack.fake.transport import event, press
from tests.slack.fake.workspace import TEAM
from tests.slack.test_buttons import until
from tests.slack.test_home import opened

DIRECT = "DUANNA"


def asked(house: House, text: str, event_id: str, thread: str | None = None, **more: Any) -> dict[str, Any]:
    """What Slack delivers for a direct message, which then stands in the conversation."""
    workspace = house.slack.workspace
    workspace.channels.setdefault(DIRECT, {"id": DIRECT, "name": "UANNA", "member": True, "archived": False})
    ts = f"1772417500.{event_id[3:].zfill(6)}"
    workspace.messages.setdefault(DIRECT, []).append({"type": "message", "user": "UANNA", "ts": ts, "text": text})
    body = event("message", event_id)
    body["event"] |= {"user": "UANNA", "team": TEAM, "channel": DIRECT, "channel_type": "im", "ts": ts, "text": text, **more}
    body["event"] |= {"thread_ts": thread} if thread else {}
    return body


def said(house: House, thread: str = "1772417500.000001") -> list[dict[str, Any]]:
    """In words; charts come after them."""
    return [row for row in house.slack.workspace.messages.get(DIRECT, []) if row.get("thread_ts") == thread and "blocks" in row]


async def ask(house: House, text: str, event_id: str, thread: str | None = None, **more: Any) -> dict[str, Any]:
    body = asked(house, text, event_id, thread, **more)
    hung = thread or body["event"]["ts"]
    before = len(said(house, hung))
    await house.transport.event(body)
    await until(lambda: len(said(house, hung)) > before)
    return said(house, hung)[-1]


def another(house: House, incident: Incident, number: int, **more: Any) -> Incident:
    place = MessageRef(channel="C2", ts=f"{number}.000001")
    made = incident.model_copy(update={"id": f"INC-{number}", "key": f"k{number}", "message": place} | more)
    house.slack.workspace.channels["C2"] = {"id": "C2", "name": "search", "member": True, "archived": False}
    house.records.rows[made.id] = made
    return made


async def test_a_direct_question_is_answered_in_its_thread_and_says_about_which_incident(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    reply = await ask(house, "what's broken?", "EvA1")
    assert reply["text"].startswith("About INC-7 (the newest open one): AI assistant degraded")
    assert "Retrieval: timeout" in str(reply["blocks"])
    assert house.slack.workspace.statuses == [(DIRECT, "1772417500.000001", "is looking at the incident…")]


async def test_a_delivery_that_is_sent_again_is_answered_once(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    body = asked(house, "since when?", "EvA1")
    await house.transport.event(body)
    await until(lambda: said(house))
    await house.transport.event(body, retry=1)
    await asyncio.sleep(0.2)
    assert len(said(house)) == 1


async def test_a_question_that_somebody_took_and_never_answered_is_answered_when_slack_asks_again(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    house.records.events["EvA1"] = 0.0  # taken by a process that died before it answered
    body = asked(house, "since when?", "EvA1")
    await house.transport.event(body, retry=1)
    await asyncio.sleep(0.2)
    assert said(house) == []
    for retry in (2, 3):
        await house.transport.event(body, retry=retry)
        await until(lambda: said(house))
    await asyncio.sleep(0.2)
    assert len(said(house)) == 1


async def test_an_answer_of_another_process_is_not_given_again_and_talk_is_none(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    await ask(house, "since when?", "EvA1")
    (answer,) = said(house)
    body = asked(house, "since when?", "EvA2")
    house.records.events["EvA2"] = 0.0
    house.slack.workspace.messages[DIRECT].append(
        answer
        | {
            "ts": "1772417501.000001",
            "thread_ts": body["event"]["ts"],
            "metadata": {"event_type": "midwatch_answer", "event_payload": {"asked": body["event"]["ts"]}},
        }
    )
    await house.transport.event(body, retry=2)
    house.slack.fail("conversations.replies", Fault(error="internal_error"))
    house.records.events |= {"EvA3": 0.0, "EvA4": 0.0}
    await house.transport.event(asked(house, "since when?", "EvA3"), retry=2)
    await house.transport.event(asked(house, "lunch?", "EvA4", type="reaction_added", channel_type="channel"), retry=2)
    await asyncio.sleep(0.3)
    assert [len(said(house, f"1772417500.00000{n}")) for n in (2, 3, 4)] == [1, 0, 0]


async def test_the_incident_that_is_looked_at_is_meant_and_a_name_beats_it(house: House):
    first = await house.put(samples.incident(report=samples.FAULT))
    other = another(house, first, 8)
    another(house, first, 9)
    assert other.message is not None
    looks = {"entities": [{"type": MESSAGE, "value": {"message_ts": other.message.ts, "channel_id": "C2"}, "team_id": TEAM}]}
    assert (await ask(house, "what's broken?", "EvA1", app_context=looks))["text"].startswith("About INC-8 (you are looking at it)")
    moved = event("app_context_changed", "EvX1")
    moved["event"] |= {"user": "UANNA", "channel": DIRECT, "context": {"entities": [{"type": CHANNEL, "value": "C1"}]}}
    await house.transport.event(moved)
    await asyncio.sleep(0.1)
    assert (await ask(house, "what's broken?", "EvA2"))["text"].startswith("About INC-7 (you are looking at it)")
    assert (await ask(house, "what's broken in inc-9?", "EvA3"))["text"].startswith("About INC-9: ")
    follow = await ask(house, "and tenant acme?", "EvA4", thread="1772417500.000003")
    assert follow["text"].startswith("About INC-9 (as before)")


async def test_looking_at_nothing_of_ours_means_the_newest_open_one(house: House):
    first = await house.put(samples.incident(report=samples.FAULT))
    another(house, first, 8, state=IncidentState.RESOLVED)
    reply = await ask(house, "what's broken?", "EvA1", app_context={"entities": [{"type": "slack#/types/canvas_id", "value": "F1"}]})
    assert reply["text"].startswith("About INC-7 (the newest open one)")
    house.records.rows["INC-7"] = house.records.rows["INC-7"].model_copy(update={"state": IncidentState.RESOLVED})
    assert "none is open; this was the newest" in (await ask(house, "what's broken?", "EvA2"))["text"]


async def test_what_stands_in_a_private_channel_is_told_to_its_members_alone(house: House):
    house.slack.workspace.channels["C1"]["members"] = ["UBEN"]
    await house.put(samples.incident(report=samples.FAULT))
    for number, text in enumerate(["what's broken?", "what's broken in INC-7?", "and in INC-99?"]):
        reply = await ask(house, text, f"EvA{number}")
        assert "that you can see" in reply["text"]
        assert "Retrieval" not in str(reply)


@pytest.mark.parametrize("trait", ["is_restricted", "is_stranger"])
async def test_guests_and_strangers_get_no_answer(house: House, trait: str):
    house.slack.workspace.users["UANNA"][trait] = True
    await house.put(samples.incident(report=samples.FAULT))
    assert "Only members" in (await ask(house, "what's broken?", "EvA1"))["text"]
    await house.transport.event(opened("EvA2", tab="messages"))
    await asyncio.sleep(0.1)
    assert house.slack.workspace.prompts == {}


async def test_opening_the_pane_suggests_questions_about_what_is_open(house: House):
    await house.transport.event(opened("EvA1", tab="messages"))
    await until(lambda: house.slack.workspace.prompts)
    assert [one["message"] for one in house.slack.workspace.prompts[DIRECT]] == list(PROMPTS)
    await house.put(samples.incident(report=samples.FAULT))
    await house.transport.event(opened("EvA2", tab="messages"))
    await until(lambda: "INC-7" in str(house.slack.workspace.prompts))
    assert house.slack.workspace.homes == {}


async def test_a_workspace_without_the_pane_answers_all_the_same(house: House):
    house.slack.workspace.scopes.discard("assistant:write")
    await house.put(samples.incident(report=samples.FAULT))
    assert "About INC-7" in (await ask(house, "what's broken?", "EvA1"))["text"]


async def test_an_answer_that_cannot_be_posted_takes_its_status_away(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    house.slack.fail("chat.postMessage", Fault(error="is_archived"))
    await house.transport.event(asked(house, "what's broken?", "EvA1"))
    await until(lambda: len(house.slack.workspace.statuses) == 2)
    assert house.slack.workspace.statuses[-1][2] == ""


async def test_the_buttons_under_an_answer_work_there_too(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    reply = await ask(house, "what's broken?", "EvA1")
    assert HELPFUL in str(reply["blocks"])
    payload = press(house.slack, WRONG) | {"container": {"channel_id": DIRECT}, "channel": {"id": DIRECT}}
    await house.transport.interaction(payload)
    await until(lambda: house.slack.workspace.views)
    house.slack.workspace.channels["C1"]["members"] = ["UBEN"]


@pytest.mark.parametrize("house", ["streaming"], indirect=True)
async def test_where_streaming_is_on_an_answer_comes_in_parts_and_without_streams_it_is_posted(house: House):
    await house.put(samples.incident(report=samples.FAULT))
    reply = await ask(house, "what's broken?", "EvA1")
    await until(lambda: reply.get("streaming") is False)
    assert "About INC-7" in str(reply["blocks"][0])
    assert HELPFUL in str(reply["blocks"][-1])
    house.slack.fail("chat.startStream", Fault(error="unknown_method"))
    assert (await ask(house, "since when?", "EvA2"))["text"].startswith("About INC-7")
    assert house.slack.count("chat.startStream") == 2


@pytest.mark.parametrize(
    ("context", "places"),
    [
        (None, None),
        ({}, ()),
        ({"entities": "x"}, ()),
        ({"entities": [None, 3, {"type": CHANNEL}, {"type": MESSAGE, "value": "x"}, {"type": MESSAGE, "value": {"message_ts": 1}}]}, ()),
        ({"entities": [{"type": CHANNEL, "value": "C1"}] * 20}, (Place("C1"),) * 8),
        ({"entities": [{"type": MESSAGE, "value": {"channel_id": "C1"}}]}, (Place("C1"),)),
    ],
)
def test_what_somebody_looks_at_is_read_with_care(context: object, places: object):
    assert places_in(context) == places
