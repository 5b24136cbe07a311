"""A drill on the real process: two participants, and the database restarts in the middle."""

import json
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.e2e.service import Service, until
from tests.e2e.slack_people import Person, Workspace
from tests.e2e.slack_stub import Running, SlackStub
from tests.postgres import server

ROOT = Path(__file__).parents[2]
ANNA, BEN = "UANNA", "UBEN"
EXPERT = {
    "layer": "retrieval",
    "cause": "retrieval.timeout",
    "slice": "source_id=kb-search",
    "onset": "22:04",
    "evidence": "Searches on kb-search time out at the 5 s deadline, 14 % against 0.3 % before\nProvider errors and model latency are flat",
    "action": "Open the breaker on kb-search, so that answers say that sources are missing",
    "verify": "timeouts on kb-search below 1 % for 15 minutes",
    "status": "Retrieval likely (90 %): kb-search times out since 22:04; provider excluded",
    "confidence": "90",
}
WRONG = {
    "layer": "infra",
    "cause": "infra.app_deploy",
    "blamed": "spring-sale-banner",
    "slice": "everybody",
    "action": "Roll back the last deploy",
    "status": "It was the banner",
    "confidence": "95",
}


def settings(slack: SlackStub, database: str) -> dict[str, str]:
    said = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "SLACK_API_URL": slack.url, "SLACK_CHANNEL": "#incidents"}
    own = {"SLACK_DRILL_CHANNEL": "#drills", "PLAYBOOKS": str(ROOT / "playbooks"), "RUNBOOKS": str(ROOT / "runbooks")}
    return said | own | {"DATABASE_URL": database}


@pytest.mark.real
@pytest.mark.timeout(600)
def test_two_people_play_while_the_database_restarts(tmp_path: Path) -> None:
    running = Running()
    running.slack = slack = Workspace()
    with server() as database, running, Service(tmp_path, **settings(slack, database.url)) as service:
        anna, ben = Person(service, slack, ANNA), Person(service, slack, BEN)
        anna.types("001-replica-lost")
        until(lambda: bool(slack.to("#drills")), 240)
        (drill,) = slack.to("#drills")
        assert drill["text"].startswith("DRILL drill-")
        drill_id = _payload(drill)["drill"]
        anna.presses("drill_ask", f"{drill_id} retrieval")
        until(lambda: any("kb-search" in one for one in slack.whispers), 60)
        assert not any("retrieval.timeout" in one for one in slack.whispers)
        ben.presses("drill_hint", drill_id)
        until(lambda: any("topics that decide" in one for one in slack.whispers), 60)

        database.stop()
        ben.presses("drill_ask", f"{drill_id} changes")
        until(lambda: any("reference" in one for one in slack.whispers), 60)
        database.start()
        time.sleep(1.0)
        ben.presses("drill_ask", f"{drill_id} changes")
        until(lambda: any("spring-sale-banner" in one for one in slack.whispers), 60)

        for person, said in ((anna, EXPERT), (ben, WRONG)):
            person.presses("drill_answer", drill_id)
            until(lambda: bool(slack.views), 30)
            assert person.submits(slack.views.pop(), said)["response_action"] == "update"
        until(lambda: bool(slack.to(ANNA)) and bool(slack.to(BEN)), 120)
        again = anna.submits(dict(_form(slack, anna, drill_id)), EXPERT)
        assert "already" in str(again["errors"])

        ben.presses("drill_close", drill_id)
        until(lambda: any("debrief" in one["text"] for one in slack.to("#incidents") + slack.posts), 60)
        kept = _marks(database.url)
        assert service.stop() == 0
    assert set(kept) == {ANNA, BEN}
    print("\nscores:", {name: one["score"] for name, one in kept.items()})
    assert kept[ANNA]["score"] >= 90
    assert kept[ANNA]["passed"] is True
    assert kept[BEN]["score"] < 60
    assert {part["name"] for part in kept[BEN]["parts"]} >= {"innocent_blamed", "hints"}
    public = [one for one in slack.posts if one["channel"] not in (ANNA, BEN)]
    (debrief,) = [one for one in public if "debrief" in one["text"]]
    told = str(debrief["blocks"])
    assert "retrieval.timeout" in told
    assert "2 of 2" in told
    for one in public:
        assert not any(name in str(one) for name in (ANNA, BEN, "<@", "<!", "user_id"))
        assert "DRILL" in one["text"]
    for person in (ANNA, BEN):
        (mark,) = slack.to(person)
        assert f"{kept[person]['score']:g} of 100" in mark["text"]


def _payload(post: dict[str, Any]) -> dict[str, Any]:
    said = post["metadata"]
    return (json.loads(said) if isinstance(said, str) else said)["event_payload"]


def _form(slack: Workspace, person: Person, drill_id: str) -> dict[str, Any]:
    person.presses("drill_answer", drill_id)
    until(lambda: bool(slack.views), 30)
    return slack.views.pop()


def _marks(url: str) -> dict[str, dict[str, Any]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT participant, drill FROM marked_drills").fetchall()
    return {participant: body if isinstance(body, dict) else json.loads(body) for participant, body in rows}
