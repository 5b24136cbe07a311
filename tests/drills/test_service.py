"""The service with a rotation: on Monday the team drill is asked and the week is looked at, on real parts but Slack's own servers."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.app import running
from bot.backends.records import records
from bot.drills.readiness.desk import Desk
from bot.drills.readiness.weekly import Weekly
from bot.errors import BadSettings, SourceUnavailable
from bot.model.readiness import Due, Role
from bot.settings import Settings
from bot.slack.client import web_client
from bot.slack.readiness import SlackHerald
from tests.drills.made import DAY, NOW, offer, ready_history, shift
from tests.drills.test_desk import ROTATION, Planned
from tests.fakes_readiness import MemoryMarks, MemoryPagesTaken, MemoryReadiness
from tests.slack.fake import FakeSlack, serving

MONDAY = datetime(2026, 6, 8, 9, 0, tzinfo=UTC)
CARD = {"type": "D1", "competencies": ["K5"], "card": {"question": "Which?", "choices": ["a", "b"], "answer": "a", "why": "so"}}
FILE = {
    "name": "assistant",
    "zone": "UTC",
    "people": [{"id": "UANNA", "name": "Anna", "mentor": "UBEN"}, {"id": "UBEN", "name": "Ben", "zone": "America/Los_Angeles"}],
    "sources": [{"schedule": "oncall/shifts.yaml"}],
    "drills": [{"id": "monday", "cron": "0 9 * * mon", "types": ["D1"]}],
}


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with serving() as fake:
        for name in ("drills", "UANNA", "UBEN"):
            fake.workspace.channels[name] = {"id": name, "name": name, "member": True, "archived": False}
            fake.workspace.messages[name] = []
        yield fake


def texts(slack: FakeSlack, channel: str) -> list[str]:
    return [row["text"] for row in slack.workspace.messages[channel]]


def a_house(tmp_path: Path, slack: FakeSlack) -> Settings:
    import yaml

    (tmp_path / "drills").mkdir()
    (tmp_path / "drills" / "card.yaml").write_text(yaml.safe_dump(CARD))
    (tmp_path / "rotations" / "oncall").mkdir(parents=True)
    (tmp_path / "rotations" / "assistant.yaml").write_text(yaml.safe_dump(FILE))
    coming = {"person": "UANNA", "start": (MONDAY + DAY).isoformat(), "end": (MONDAY + 7 * DAY).isoformat()}
    (tmp_path / "rotations" / "oncall" / "shifts.yaml").write_text(yaml.safe_dump({"shifts": [coming]}))
    return Settings(
        home=tmp_path / "home",
        playbooks=tmp_path,
        embedder="lexical",
        slack_bot_token="xoxb-test",  # type: ignore[arg-type]
        slack_signing_secret="s",  # type: ignore[arg-type]
        slack_api_url=slack.url + "/api/",
        slack_drill_channel="#drills",
    )


async def test_on_monday_the_drill_is_asked_and_the_week_is_looked_at_once(tmp_path: Path, slack: FakeSlack) -> None:
    chosen = a_house(tmp_path, slack)
    begun = time.time()
    async with records(chosen.sqlalchemy_url) as kept:  # the service ran before: its schedules are known since the day before
        for schedule in ("monday", "week-assistant"):
            await kept.readiness.since(schedule, "0 9 * * mon", "UTC", (MONDAY - DAY).timestamp())

    def clock() -> float:
        return MONDAY.timestamp() + 1.0 + time.time() - begun

    for _ in range(2):  # a restart a little later asks nothing again
        async with running(chosen, clock=clock) as app:
            deadline = time.monotonic() + 90
            while len(await app.records.readiness.firings("monday")) + len(await app.records.readiness.firings("week-assistant")) < 2:
                assert time.monotonic() < deadline, (texts(slack, "drills"), texts(slack, "UANNA"))
                await asyncio.sleep(0.1)
            (fired,) = await app.records.readiness.firings("monday")
            (looked,) = await app.records.readiness.firings("week-assistant")
    assert (fired.state.value, fired.why) == ("fired", "1 of 2 asked")  # it is two in the morning where Ben is
    assert looked.why == "1 of 1 primary shifts are with somebody whose gate is closed"
    assert len(texts(slack, "drills")) == 2 and len(texts(slack, "UANNA")) == len(texts(slack, "UBEN")) == 1
    (private,) = texts(slack, "UANNA")
    assert private.startswith("Next week's primary lacks") and "Offered: card (1 min)" in private
    assert not any("lacks" in said for said in texts(slack, "drills"))


async def test_a_rotation_that_cannot_be_used_stops_the_start(tmp_path: Path, slack: FakeSlack) -> None:
    chosen = a_house(tmp_path, slack)
    file = tmp_path / "rotations" / "assistant.yaml"
    file.write_text(file.read_text().replace("zone: UTC", "zone: Atlantis"))
    with pytest.raises(BadSettings, match="no such time zone"):
        async with running(chosen):
            pass


async def test_what_is_said_is_literal(slack: FakeSlack) -> None:
    await SlackHerald(web_client("xoxb-test", slack.url + "/api/")).publicly("#drills", "<!channel> *now*\nx", "k")
    (row,) = slack.workspace.messages["drills"]
    assert row["text"] == "&lt;!channel&gt; *now* x"
    assert row["blocks"][0]["elements"][0]["elements"] == [{"type": "text", "text": "<!channel> *now* x"}]


class MemoryHerald:
    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []

    async def privately(self, person: str, text: str, key: str) -> None:
        self.said.append((person, text, key))

    async def publicly(self, channel: str, text: str, key: str) -> None:
        self.said.append((channel, text, key))


class Down:
    async def shifts(self, start: float, end: float) -> tuple[Any, ...]:
        raise SourceUnavailable("PagerDuty: no answer", source="pagerduty")


class Opening:
    """A context manager around a duty."""

    def __init__(self, duty: Any) -> None:
        self.duty = duty

    async def __aenter__(self) -> Any:
        return self.duty

    async def __aexit__(self, *_: object) -> None: ...


def a_week(duty: Any) -> tuple[Weekly, MemoryHerald, MemoryReadiness]:
    book, herald = MemoryReadiness(), MemoryHerald()
    rotation = ROTATION.model_copy(update={"channel": "C1"})
    library = [offer("D5"), offer("D2", "tool.loop")]
    desk = Desk(rotation, MemoryMarks(list(ready_history().drills)), book, MemoryPagesTaken())
    return Weekly([rotation], lambda _: desk, lambda _: Opening(duty), lambda: library, book, herald, lambda: NOW), herald, book


DUE = Due(schedule="week-assistant", at=NOW)


async def test_details_go_to_the_person_and_their_mentor_and_nowhere_else() -> None:
    weekly, herald, _ = a_week(Planned(shift(Role.PRIMARY, -10, "U1")))
    await weekly.look(DUE, made_up=False)
    assert [where for where, _, _ in herald.said] == ["U1", "U2", "C1"]
    assert "Missing:" in herald.said[0][1] and "Missing" not in herald.said[2][1]
    assert len({key for _, _, key in herald.said}) == 3


async def test_a_week_with_nobody_on_it_is_said() -> None:
    weekly, herald, book = a_week(Planned())
    await weekly.look(DUE, made_up=True)
    assert [text for _, text, _ in herald.said] == ["assistant: nobody is primary in the coming week."]
    assert [one.state.value for one in book.recorded.values()] == ["made_up"]


async def test_a_source_that_is_down_is_asked_again_and_nothing_is_recorded() -> None:
    weekly, herald, book = a_week(Down())
    with pytest.raises(SourceUnavailable):
        await weekly.look(DUE, made_up=False)
    assert herald.said == [] and book.recorded == {}


async def test_a_rotation_that_is_gone_is_dropped() -> None:
    weekly, _, book = a_week(Planned())
    await weekly.look(Due(schedule="week-other", at=NOW), made_up=False)
    assert [one.why for one in book.recorded.values()] == ["the rotation is gone"]
