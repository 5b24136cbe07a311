"""Answers that appear part by part: the same answer, literal, and posted where a workspace cannot show it so."""

from typing import Any

import pytest

from bot.model.reply import Reply
from bot.slack.blocks.kit import Message, context, rich, rows, run
from bot.slack.blocks.reply import reply_message
from bot.slack.click import Person
from bot.slack.client import web_client
from bot.slack.stream import Streamer
from tests.slack import samples
from tests.slack.fake import FakeSlack
from tests.slack.fake.server import Fault

ANNA = Person("UANNA", "T1", "T1")
ANSWER = reply_message(
    samples.incident(report=samples.FAULT), Reply(intent="status", answer="It <!channel> is down.\n  kubectl x\nSince 22:04.")
)
MARK: dict[str, Any] = {"event_type": "midwatch_answer", "event_payload": {"asked": "1.1"}}
THREAD = "1772417500.000001"


@pytest.fixture
def streamer(slack: FakeSlack) -> Streamer:
    slack.workspace.messages["C1"].append({"type": "message", "user": "UANNA", "ts": THREAD, "text": "what's broken?"})
    return Streamer(web_client("xoxb-test", slack.url + "/api/"))


async def say(streamer: Streamer, message: Message = ANSWER) -> object:
    return await streamer.say("C1", THREAD, ANNA, message, MARK)


def stands(slack: FakeSlack) -> dict[str, Any]:
    (row,) = slack.workspace.replies(THREAD, "C1")
    return row


async def test_it_is_the_same_answer_in_its_parts(slack: FakeSlack, streamer: Streamer):
    assert await say(streamer) is not None
    row = stands(slack)
    assert row["blocks"] == list(ANSWER.blocks)
    assert row["metadata"] == MARK
    assert row["streaming"] is False
    assert slack.count("chat.appendStream") == len(ANSWER.blocks) - 2
    assert slack.count("chat.postMessage") == slack.count("chat.update") == 0


async def test_a_workspace_without_streams_is_asked_once(slack: FakeSlack, streamer: Streamer):
    slack.fail("chat.startStream", Fault(error="unknown_method"))
    assert await say(streamer) is None
    assert await say(streamer) is None
    assert slack.count("chat.startStream") == 1


async def test_a_limit_or_an_outage_is_asked_again_next_time(slack: FakeSlack, streamer: Streamer):
    slack.fail("chat.startStream", Fault(error="internal_error"), Fault(error="channel_type_not_supported"))
    assert await say(streamer) is None
    assert await say(streamer) is None
    assert await say(streamer) is not None


@pytest.mark.parametrize("method", ["chat.appendStream", "chat.stopStream"])
async def test_a_stream_that_breaks_off_becomes_the_whole_answer(slack: FakeSlack, streamer: Streamer, method: str):
    slack.fail(method, Fault(error="message_not_in_streaming_state"))
    assert await say(streamer) is not None
    row = stands(slack)
    assert row["blocks"] == list(ANSWER.blocks)
    assert row["text"] == ANSWER.text


async def test_an_answer_of_one_part_is_posted(slack: FakeSlack, streamer: Streamer):
    assert await say(streamer, Message("x", (context("x"),))) is None
    assert await say(streamer, Message("x", (rich(rows([run("x")])), context("y")))) is not None
