"""Over HTTP nothing is believed that Slack has not signed just now; and nothing that is unsigned is even parsed."""

import json
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI

from bot.errors import BadSettings, Refused
from bot.slack import bolt_app, http_handler, socket_mode, web_client
from bot.web import slack_door
from tests.slack.conftest import listening
from tests.slack.fake import FakeSlack, Http
from tests.slack.fake.transport import SECRET, event

JSON = "application/json"


@pytest.fixture
async def http(slack: FakeSlack) -> AsyncIterator[Http]:
    bolt = bolt_app(web_client("xoxb-test", slack.url + "/api/"), SECRET)
    app = FastAPI()
    app.include_router(slack_door.routes(http_handler(bolt, SECRET), 1_000_000))
    async with listening(app) as client:
        yield Http(client)


BODY = json.dumps({"type": "url_verification", "challenge": "c", "token": "t"})


async def test_a_good_signature_is_let_in(http: Http):
    answer = await http.post(BODY, JSON)
    assert (answer.status_code, answer.json()) == (200, {"challenge": "c"})


async def test_a_flipped_bit_is_not(http: Http):
    stamp = str(int(time.time()))
    good = http._verifier.generate_signature(timestamp=stamp, body=BODY)
    bad = good[:-1] + ("0" if good[-1] != "0" else "1")
    assert (await http.post(BODY, JSON, stamp=stamp, signature=bad)).status_code == 401
    assert (await http.post(BODY.replace('"c"', '"d"'), JSON, stamp=stamp, signature=good)).status_code == 401


@pytest.mark.parametrize("age", [301, -303, 10**6])  # the second in which a stamp is made is cut off, and the next may have begun
async def test_an_old_or_future_timestamp_is_not(http: Http, age: int):
    assert (await http.post(BODY, JSON, stamp=str(int(time.time()) - age))).status_code == 401


@pytest.mark.parametrize("stamp", ["now", "1e9", "-5", "", "1 2", "1_000", "٣", "9" * 5000, "0x10"])
async def test_a_timestamp_that_is_no_number_is_401_and_not_500(http: Http, stamp: str):
    answer = await http.post(BODY, JSON, stamp=stamp, signature="v0=00")
    assert answer.status_code == 401


@pytest.mark.parametrize("signature", ["v0=", "v1=00", "x", "v0=é"])
async def test_nonsense_for_a_signature_is_401(http: Http, signature: str):
    assert (await http.post(BODY, JSON, signature=signature)).status_code == 401


@pytest.mark.parametrize("body", ["{", "payload={", urlencode({"payload": "[" * 5000}), "ssl_check=1"])
async def test_unsigned_nonsense_is_refused_before_it_is_parsed(http: Http, body: str):
    answer = await http.post(body, "application/x-www-form-urlencoded", signature="v0=00")
    assert answer.status_code == 401


async def test_a_body_that_is_no_text_is_refused(http: Http):
    headers = {"X-Slack-Request-Timestamp": str(int(time.time())), "X-Slack-Signature": "v0=00"}
    assert (await http._client.post("/slack/events", content=b"\xff\xfe", headers=headers)).status_code == 401


async def test_an_event_with_the_wrong_secret_is_refused(http: Http):
    stranger = Http(http._client, "0" * 32)
    assert (await stranger.post(json.dumps(event("app_uninstalled", "Ev1")), JSON)).status_code == 401


async def test_a_wrong_app_token_is_refused_with_words(slack: FakeSlack):
    bolt = bolt_app(web_client("xoxb-test", slack.url + "/api/"), None)
    with pytest.raises(Refused, match=r"apps\.connections\.open"):
        async with socket_mode(bolt, "xoxb-not-an-app-token"):
            pass


def test_the_two_variables_that_would_switch_oauth_on_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "s")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(BadSettings, match="SLACK_CLIENT_ID"):
        bolt_app(web_client("xoxb-test"), SECRET)
