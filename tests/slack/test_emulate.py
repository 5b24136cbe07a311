"""A second opinion on Slack's Web API: npm `emulate`, which was not written by us, takes what the surface sends."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import Refused
from bot.model.incident import IncidentState
from bot.ports import Picture
from bot.slack import SlackSurface
from tests.slack import samples

PROGRAM = Path(__file__).parents[1] / "render" / "node_modules" / "emulate" / "dist" / "index.js"
READY = PROGRAM.is_file() and shutil.which("node") is not None
pytestmark = [pytest.mark.real, pytest.mark.skipif(not READY, reason="needs node and: npm ci --prefix tests/render")]

SEED = """
tokens:
  xoxb-local-test: {login: admin, scopes: []}
slack:
  team: {name: Acme, domain: acme}
  users: [{name: anna, real_name: Anna, email: anna@acme.example}]
  channels: [{name: incidents, topic: pages}]
"""


class ByPost(AsyncWebClient):
    """The emulator knows each method by POST only, where the SDK asks by GET."""

    async def api_call(
        self, api_method: str, *, http_verb: str = "POST", params: Any = None, data: Any = None, **rest: Any
    ) -> AsyncSlackResponse:
        return await super().api_call(api_method, http_verb="POST", data=data or params, **rest)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncWebClient]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "seed.yaml").write_text(SEED)
    program = ["node", str(PROGRAM), "start", "-s", "slack", "-p", str(port), "--seed", str(tmp_path / "seed.yaml")]
    process = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL)
    made = ByPost(token="xoxb-local-test", base_url=f"http://127.0.0.1:{port}/api/")
    try:
        async with asyncio.timeout(30):
            while True:
                try:
                    await made.auth_test()
                    break
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)
        yield made
    finally:
        process.terminate()
        await process.wait()


async def channel_id(client: AsyncWebClient) -> str:
    """The emulator takes ids only."""
    found = (await client.conversations_list())["channels"]
    return next(channel["id"] for channel in found if channel["name"] == "incidents")


async def history(client: AsyncWebClient, channel: str) -> list[dict[str, Any]]:
    return (await client.conversations_history(channel=channel))["messages"]


async def test_an_incident_from_first_post_to_resolve(client: AsyncWebClient):
    surface = SlackSurface(client, await channel_id(client), strict=True)
    incident, progress = samples.triaging()
    place = await surface.show(incident, progress)
    done = samples.incident(report=samples.FAULT, message=place)
    assert await surface.show(done, None) == place
    await surface.attach(done, Picture(png=b"\x89PNG\r\n", alt="a chart", title="failed requests"))
    (message,) = [row for row in await history(client, place.channel) if row["ts"] == place.ts]
    assert "Retrieval: timeout" in message["text"]
    replies = (await client.conversations_replies(channel=place.channel, ts=place.ts))["messages"]
    assert len([row for row in replies if row["ts"] != place.ts]) >= 2
    resolved = samples.incident(IncidentState.RESOLVED, samples.FAULT, message=place, revision=2)
    await surface.show(resolved, None)
    (message,) = [row for row in await history(client, place.channel) if row["ts"] == place.ts]
    assert message["text"].startswith("INC-7 RESOLVED")


async def test_a_channel_that_does_not_exist_is_refused_with_the_cure(client: AsyncWebClient):
    with pytest.raises(Refused, match="MIDWATCH_SLACK_CHANNEL"):
        await SlackSurface(client, "#nowhere").show(samples.incident(), None)
