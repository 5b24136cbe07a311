"""Drills through the real Bolt, over signed HTTP: who sees what, and that nothing is lost or told twice."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI

from bot.drills.room import Room
from bot.model.readiness import TeamDrill
from bot.slack import Lesson, Members, Play, bolt_app, drill, http_handler, trouble, web_client
from bot.slack.blocks.drill import ANSWER, ASK, CLOSE, DISPUTE, HINT
from bot.web import slack_door
from tests.drills.shop import shop
from tests.fakes_drills import MemoryDrills
from tests.fakes_readiness import MemoryMarks
from tests.slack.conftest import listening
from tests.slack.fake import FakeSlack, Http
from tests.slack.fake.server import Fault
from tests.slack.fake.transport import SECRET, submit
from tests.slack.fake.workspace import APP, TEAM
from tests.slack.test_buttons import until

ANNA, BEN, GUEST = "UANNA", "UBEN", "UGUEST"
RIGHT = {"layer": "retrieval", "cause": "retrieval.timeout", "slice": "source_id=kb-search", "evidence": "F1\nF3", "confidence": "90"}


@dataclass
class Stage:
    slack: FakeSlack
    http: Http
    play: Play
    book: MemoryDrills
    marks: MemoryMarks

    async def begin(self) -> str:
        return (await self.play.start("dr-1", "lost-night", "C1")).id

    async def press(self, action: str, value: str, user: str = ANNA) -> None:
        chosen = {"selected_option": {"value": value}} if " " in value else {"value": value}
        payload = {
            "type": "block_actions",
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "api_app_id": APP,
            "trigger_id": self.slack.workspace.trigger(),
            "response_url": f"{self.slack.url}/response/1",
            "channel": {"id": "C1"},
            "actions": [{"type": "button", "action_id": action, "block_id": "b", **chosen}],
        }
        await self.http.interaction(payload)

    async def answers(self, said: dict[str, str], user: str = ANNA) -> dict[str, Any]:
        before = len(self.slack.workspace.views)
        await self.press(ANSWER, "dr-1", user)
        await until(lambda: len(self.slack.workspace.views) > before)
        view = list(self.slack.workspace.views.values())[-1]
        kinds = {one["block_id"]: one["element"]["type"] for one in view["blocks"] if one["type"] == "input"}
        values = {
            key: {key: {"type": kinds[key]} | ({"selected_option": {"value": text}} if kinds[key] == "static_select" else {"value": text})}
            for key, text in said.items()
        }
        return await self.http.interaction(submit(self.slack, values, user=user))

    def told(self, user: str) -> list[dict[str, Any]]:
        return self.slack.workspace.messages.get(f"D{user}", [])

    @property
    def root(self) -> dict[str, Any]:
        return self.slack.workspace.roots("C1")[-1]


@pytest.fixture
async def stage(slack: FakeSlack, tmp_path: Path) -> AsyncIterator[Stage]:
    slack.workspace.users |= {BEN: {"id": BEN, "team_id": TEAM}, GUEST: {"id": GUEST, "team_id": TEAM, "is_restricted": True}}
    async with AsyncExitStack() as stack:
        bolt = bolt_app(web_client("xoxb-test", slack.url + "/api/"), SECRET)
        book, marks = MemoryDrills(), MemoryMarks()
        room = Room(shop(tmp_path), book, marks, lambda: 1_772_417_400.0)
        play = Play(Lesson(room, book, Members(bolt.client), bolt.client, "C1"))
        trouble.install(bolt)
        drill.register(bolt, play)
        app = FastAPI()
        app.include_router(slack_door.routes(http_handler(bolt, SECRET), 1_000_000))
        yield Stage(slack, Http(await stack.enter_async_context(listening(app))), play, book, marks)


async def test_a_drill_says_so_and_mentions_nobody(stage: Stage) -> None:
    await stage.begin()
    await stage.begin()  # a replica that asks again
    assert len(stage.slack.workspace.roots("C1")) == 1
    assert stage.root["text"].startswith("DRILL lost-night")
    assert "This is a drill: nobody is paged" in str(stage.root["blocks"])
    assert not any(word in str(stage.root) for word in ("<@", "<!", "user_id", "retrieval.timeout", "kb-search"))


async def test_evidence_and_hints_are_whispered_to_who_asks(stage: Stage) -> None:
    await stage.begin()
    await stage.press(ASK, "dr-1 retrieval")
    await until(lambda: stage.slack.workspace.whispers)
    assert "kb-search time out" in stage.slack.workspace.whispers[0]
    await stage.press(HINT, "dr-1", BEN)
    await until(lambda: len(stage.slack.workspace.whispers) == 2)
    assert len(stage.slack.workspace.messages["C1"]) == 1
    assert [(one.participant, one.asked, one.hints) for one in await stage.book.sittings("dr-1")] == [
        (ANNA, ("retrieval",), 0),
        (BEN, (), 1),
    ]


async def test_a_mark_goes_to_its_participant_alone(stage: Stage) -> None:
    await stage.begin()
    assert (await stage.answers(RIGHT))["response_action"] == "update"
    await until(lambda: stage.told(ANNA) and stage.slack.workspace.edits)
    (mark,) = stage.told(ANNA)
    assert "of 100" in mark["text"]
    assert "F1" in str(mark["blocks"])
    assert stage.told(BEN) == []
    assert "of 100" not in str(stage.root)
    assert "1 answered" in str(stage.root["blocks"])
    assert len(await stage.marks.marked()) == 1


async def test_the_first_answer_counts_and_a_bad_one_is_said_beside_its_field(stage: Stage) -> None:
    await stage.begin()
    wrong = await stage.answers({"layer": "retrieval", "cause": "retrieval.timout"})
    assert "did you mean retrieval.timeout" in wrong["errors"]["cause"]
    await stage.answers(RIGHT)
    again = await stage.answers({"layer": "tool"})
    assert "first answer counts" in str(again["errors"])
    assert (await stage.marks.marked())[0].layer_right


async def test_a_mark_that_cannot_be_sent_is_sent_later(stage: Stage) -> None:
    await stage.begin()
    stage.slack.fail("chat.postMessage", Fault(500))
    await stage.answers(RIGHT)
    await until(lambda: stage.slack.count("chat.postMessage") == 2)
    assert stage.told(ANNA) == []
    assert await stage.play.deliver() == 1
    assert len(stage.told(ANNA)) == 1
    assert await stage.play.deliver() == 0


async def test_the_debrief_is_for_everybody_and_points_at_nobody(stage: Stage) -> None:
    await stage.begin()
    for user in (ANNA, BEN):
        await stage.answers(RIGHT, user)
    await stage.press(CLOSE, "dr-1")
    await until(lambda: stage.slack.workspace.replies(stage.root["ts"]))
    await stage.press(CLOSE, "dr-1", BEN)
    await until(lambda: "It is over" in str(stage.root["blocks"]))
    (debrief,) = stage.slack.workspace.replies(stage.root["ts"])
    told = str(debrief["blocks"])
    assert "So it is retrieval.timeout" in told
    assert "2 of 2 who looked answered. Scores are private" in told
    assert not any(name in told for name in (ANNA, BEN, "100"))
    assert not any(one["type"] == "actions" for one in stage.root["blocks"])


async def test_guests_play_no_part(stage: Stage) -> None:
    await stage.begin()
    await stage.press(ASK, "dr-1 retrieval", GUEST)
    await until(lambda: stage.slack.workspace.whispers)
    assert "Only members" in stage.slack.workspace.whispers[0]
    assert await stage.book.sittings("dr-1") == ()


async def test_a_wrong_mark_is_disputed(stage: Stage) -> None:
    await stage.begin()
    await stage.answers({"layer": "model"})
    await until(lambda: stage.told(ANNA))
    await stage.press(DISPUTE, "dr-1")
    await until(lambda: list(stage.slack.workspace.views.values())[-1]["callback_id"] == "drill_disputed")
    said = {"drill_said": {"said": {"type": "plain_text_input", "value": "the provider was slow too"}}}
    assert (await stage.http.interaction(submit(stage.slack, said)))["response_action"] == "update"
    assert [one.said for one in await stage.book.disputes()] == ["the provider was slow too"]


async def test_the_command_starts_one_by_name_and_shows_ones_own_marks(stage: Stage) -> None:
    async def types(text: str) -> None:
        fields = {"command": "/midwatch-drill", "text": text, "user_id": ANNA, "team_id": TEAM, "channel_id": "C1", "api_app_id": APP}
        body = urlencode(fields | {"response_url": f"{stage.slack.url}/response/1"})
        assert (await stage.http.post(body, "application/x-www-form-urlencoded")).status_code == 200

    for text in ("no-such-drill", "../../etc", "mine"):
        before = len(stage.slack.workspace.whispers)
        await types(text)
        await until(lambda before=before: len(stage.slack.workspace.whispers) > before)
    assert "no drill of that name" in stage.slack.workspace.whispers[0]
    assert "starts a drill" in stage.slack.workspace.whispers[1]
    assert "no marked drills" in stage.slack.workspace.whispers[2]
    assert stage.slack.workspace.roots("C1") == []


async def test_a_team_drill_that_came_due_is_opened_once(stage: Stage) -> None:
    due = TeamDrill(key="drill:night:2026-03-02T09:00:00Z", rotation="night", channel="C1", scenario="lost-night", people=(ANNA, BEN))
    await stage.play.open(due)
    await stage.play.open(due)
    assert len(stage.slack.workspace.roots("C1")) == 1
    assert ANNA not in str(stage.root)
