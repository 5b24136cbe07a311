"""What people do with it in Slack, on the real process and the real Bolt over real sockets, in one sitting and across a restart."""

import contextlib
import json
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.slack.blocks.card import WRONG
from bot.slack.blocks.modals import CAUSE, NOTE
from bot.slack.blocks.reply import HELPFUL
from bot.slack.blocks.shortcut import TRIAGE_THIS
from tests.e2e.service import Service, until
from tests.e2e.slack_people import Person, Workspace
from tests.e2e.slack_stub import CHANNEL, Running
from tests.e2e.test_serve import ended, with_slack

pytestmark = pytest.mark.real

ROTATION = """
name: assistant
zone: Europe/Berlin
people: [{{id: UANNA, name: Anna, mentor: UBEN, zone: {zone}}}, {{id: UBEN, name: Ben}}]
"""


def noon() -> str:
    """A zone in which it is about noon: at night nobody is asked to drill, whenever this test runs."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}"  # POSIX counts the other way round


def kept(home: Path, question: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(home / "midwatch.db")) as database:
        return database.execute(question).fetchall()


def playbooks(home: Path) -> dict[str, str]:
    (home / "playbooks" / "rotations").mkdir(parents=True)
    (home / "playbooks" / "rotations" / "assistant.yaml").write_text(ROTATION.format(zone=noon()))
    (home / "playbooks" / "service").mkdir()
    for name in ("assistant", "search"):
        (home / "playbooks" / "service" / f"{name}.yaml").write_text(f"name: {name}\n")
    (home / "playbooks" / "drills").mkdir()
    recipe = "type: D5\ntitle: A page at night\ncause: retrieval.timeout\nseverity: [high]\nseed: 1\n"
    (home / "playbooks" / "drills" / "night-01.yaml").write_text(recipe)
    return {"PLAYBOOKS": str(home / "playbooks"), "SLACK_DRILL_CHANNEL": "#drills"}


@pytest.mark.timeout(300)
def test_asked_pressed_opened_and_delivered_again(tmp_path: Path) -> None:
    """Mention, reply, button, form, agent pane, home tab, shortcut; then each delivery again, before and after a restart."""
    running = Running()
    running.slack = slack = Workspace()
    home = tmp_path / "home"
    with running:
        env = with_slack(slack) | playbooks(tmp_path)
        with Service(home, **env) as service:
            assert service.page().status_code == 202
            until(lambda: ended(slack) and len(slack.replies) > 0, 60)
            (card_ts,) = slack.messages
            anna = Person(service, slack, "UANNA")
            _mention_and_button(slack, home, anna, card_ts)
            thread = _agent_pane(slack, anna)
            _home_tab(slack, anna, card_ts)
            _shortcut(slack, home, anna)
            _again(slack, anna, card_ts, thread)
            assert service.stop() == 0
        with Service(home, **env) as service:
            _again(slack, Person(service, slack, "UANNA"), card_ts, thread)
            assert service.stop() == 0


def _mention_and_button(slack: Workspace, home: Path, anna: Person, card_ts: str) -> None:
    anna.mentions("what's broken?", "Ev1", thread=card_ts)
    until(lambda: bool(slack.answers(card_ts)))
    (answer,) = slack.answers(card_ts)
    assert answer["channel"] == CHANNEL
    assert "Not enough data" in answer["text"]
    assert "no action was taken" in str(answer["blocks"])
    anna.presses(HELPFUL, "INC-1", CHANNEL)
    until(lambda: slack.whispers == ["Thank you, that is stored."])
    anna.presses(WRONG, "INC-1", CHANNEL)
    until(lambda: bool(slack.views))
    told = anna.submits(slack.views.pop(), {CAUSE: "retrieval.timeout", NOTE: "the index was slow"})
    assert told["response_action"] == "update"
    votes = kept(home, 'SELECT "user", "right", cause, note FROM votes ORDER BY at')
    assert ("UANNA", 0, "retrieval.timeout", "the index was slow") in votes
    assert len(votes) == 2


def _agent_pane(slack: Workspace, anna: Person) -> str:
    anna.opens("messages", "Ev2")
    until(lambda: bool(slack.calls("assistant.threads.setSuggestedPrompts")))
    assert "INC-1" in str(slack.calls("assistant.threads.setSuggestedPrompts"))
    thread = anna.writes("since when is it broken?", "Ev3")
    until(lambda: bool(slack.answers(thread)))
    (answer,) = slack.answers(thread)
    assert answer["channel"] == "DUANNA"
    assert answer["text"].startswith("About INC-1 (the newest open one)")
    assert [said["status"] for said in slack.calls("assistant.threads.setStatus")] == ["is looking at the incident…"]
    return thread


def _home_tab(slack: Workspace, anna: Person, card_ts: str) -> None:
    anna.opens("home", "Ev4")
    until(lambda: "UANNA" in slack.homes)
    told = json.dumps(slack.homes["UANNA"][-1])
    link = f"https://fake.slack.com/archives/{CHANNEL}/p{card_ts.replace('.', '')}"
    for said in (link, "INC-1", "/midwatch-drill night-01", "Secondary, with a buddy", "never drilled", "no Prometheus", "no span came in"):
        assert said in told


def _shortcut(slack: Workspace, home: Path, anna: Person) -> None:
    message = {"user": "UBEN", "ts": "1772418000.000100", "text": "search answers nonsense, key sk-proj-Zx8Kq2mVb7Lw4Rt9Yp3Ns6Df"}
    anna.points(message, TRIAGE_THIS)
    until(lambda: bool(slack.views))
    view = slack.views.pop()
    assert "Zx8Kq2" not in str(view)
    told = anna.submits(view, {"service": "search"})
    assert "INC-2 is opened" in str(told)
    until(lambda: len(slack.messages) == 2 and ended(slack), 60)
    assert kept(home, "SELECT service FROM incidents WHERE number = 2") == [("search",)]
    anna.points(message, TRIAGE_THIS)
    until(lambda: bool(slack.views))
    assert "triaged already: INC-2" in str(anna.submits(slack.views.pop(), {}))


def _again(slack: Workspace, anna: Person, card_ts: str, thread: str) -> None:
    """What Slack sends when an answer of ours was lost: nothing is answered twice."""
    before = len(slack.answers())
    for retry in (1, 2):
        anna.mentions("what's broken?", "Ev1", thread=card_ts, retry=retry)
        anna.writes("since when is it broken?", "Ev3", retry=retry)
    anna.mentions("which layer is it?", f"Ev9{before}", thread=card_ts)  # and a new one still is
    until(lambda: len(slack.answers()) > before)
    time.sleep(1.0)
    assert len(slack.answers()) == before + 1
    assert len(slack.answers(thread)) == 1


@pytest.mark.timeout(300)
def test_a_question_whose_reader_was_killed_is_answered_once(tmp_path: Path) -> None:
    """SIGKILL after the question was taken and before it was answered; Slack sends it again to whoever is there then."""
    running = Running()
    running.slack = slack = Workspace()
    with running:
        with Service(tmp_path, **with_slack(slack)) as service:
            assert service.page().status_code == 202
            until(lambda: ended(slack) and len(slack.replies) > 0, 60)
            slack.hold = {"users.info"}
            Person(service, slack, "UANNA").writes("what's broken?", "Ev1")
            assert slack.held.wait(30)
            service.kill()
        assert slack.answers() == []
        with Service(tmp_path, **with_slack(slack)) as service:
            anna = Person(service, slack, "UANNA")
            for retry in (1, 2, 3):
                anna.writes("what's broken?", "Ev1", retry=retry)
            until(lambda: bool(slack.answers()))
            time.sleep(1.0)
            assert len(slack.answers()) == 1
            assert service.stop() == 0
