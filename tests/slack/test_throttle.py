"""No method before its Retry-After is over, no channel faster than one message a second, and cards before replies."""

import asyncio
import time
from itertools import pairwise

import pytest

from bot.errors import SourceUnavailable
from bot.slack import SlackSurface, web_client
from bot.slack.throttle import BURST, POST, Bucket, Throttle
from tests.slack import samples
from tests.slack.fake import FakeSlack


def test_a_bucket_gives_its_burst_and_then_one_a_second():
    bucket, given = Bucket(1.0, BURST, 0.0), []
    for tenth in range(200):
        if bucket.wait(tenth / 10) == 0:
            bucket.take(tenth / 10)
            given.append(tenth / 10)
    assert given[:5] == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert all(later - sooner == pytest.approx(1.0, abs=0.15) for sooner, later in pairwise(given[5:]))
    assert BURST + 18 <= len(given) <= BURST + 20


def test_an_idle_bucket_holds_no_more_than_its_burst():
    bucket = Bucket(1.0, 2.0, 0.0)
    for _ in range(2):
        assert bucket.wait(1000.0) == 0
        bucket.take(1000.0)
    assert bucket.wait(1000.0) == pytest.approx(1.0)


async def test_a_method_that_is_closed_for_long_is_said_at_once_and_others_are_open():
    throttle = Throttle()
    throttle.limited("chat.update", 30)
    with pytest.raises(SourceUnavailable) as told:
        await throttle.turn("chat.update", "C1")
    assert told.value.retry_after == pytest.approx(30, abs=1)
    start = time.monotonic()
    await throttle.turn(POST, "C1")
    assert time.monotonic() - start < 0.1


async def test_a_shorter_limit_does_not_open_a_method_sooner():
    throttle = Throttle()
    throttle.limited("chat.update", 60)
    throttle.limited("chat.update", 1)
    with pytest.raises(SourceUnavailable):
        await throttle.turn("chat.update", "C1")


async def test_a_short_limit_is_waited_for():
    throttle = Throttle()
    throttle.limited(POST, 0.3)
    start = time.monotonic()
    await throttle.turn(POST, "C1")
    assert time.monotonic() - start >= 0.3


async def test_replies_leave_room_for_cards_and_other_channels_are_not_slowed():
    throttle, order = Throttle(), []

    async def post(name: str, *, reply: bool, channel: str = "C1") -> None:
        await throttle.turn(POST, channel, reply=reply)
        order.append(name)

    for n in range(3):
        await post(f"r{n}", reply=True)
    waiting = asyncio.create_task(post("r3", reply=True))
    await asyncio.sleep(0.05)
    await asyncio.gather(*(post(f"c{n}", reply=False) for n in range(2)), post("other", reply=True, channel="C2"))
    assert not waiting.done()
    await waiting
    assert order[:3] == ["r0", "r1", "r2"]
    assert set(order[3:6]) == {"c0", "c1", "other"}
    assert order[6] == "r3"


async def test_a_429_on_one_call_holds_all_calls_of_the_method(slack: FakeSlack):
    client = web_client("xoxb-test", slack.url + "/api/")
    surface = SlackSurface(client, "C1")
    slack.limit("chat.postMessage", 1, retry_after=30)
    for id_ in ("INC-1", "INC-2", "INC-3"):
        with pytest.raises(SourceUnavailable) as told:
            await surface.show(samples.incident(id=id_), None)
        assert told.value.retry_after == pytest.approx(30, abs=2)
    assert slack.count("chat.postMessage") == 1
    assert slack.count("conversations.history") == 3
