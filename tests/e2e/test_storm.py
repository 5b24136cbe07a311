"""500 alerts in 10 seconds, and a process that dies in the middle: one incident, one message, every alert counted once.

Ten of them on each database, one after another, both databases side by side; `STORMS=1` in the environment blows one.
"""

import contextlib
import json
import os
import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.e2e.service import Service, until
from tests.e2e.slack_stub import Running, SlackStub
from tests.e2e.storm import Storm
from tests.e2e.test_serve import ended, with_slack
from tests.postgres import postgres
from tests.prometheus import free_port

pytestmark = pytest.mark.real

STORMS = int(os.environ.get("STORMS", "10"))
COUNTED_S = 90.0  # the last count is edited in within 45 s of the edit before, looked for every 5 s
COUNTS = "SELECT i.number, i.alerts, count(p.number) FROM incidents i JOIN pages p ON p.incident = i.number GROUP BY 1, 2 ORDER BY 1"


def counts(home: Path, database: dict[str, str]) -> list[tuple[int, int, int]]:
    """(incident, alerts it says it holds, pages stored) of every incident."""
    if "DATABASE_URL" in database:
        with psycopg.connect(urlsplit(database["DATABASE_URL"])._replace(scheme="postgresql").geturl()) as connection:
            return connection.execute(COUNTS).fetchall()
    with contextlib.closing(sqlite3.connect(home / "midwatch.db")) as connection:
        return connection.execute(COUNTS).fetchall()


def said(slack: SlackStub, words: str) -> int:
    return sum(words in json.dumps(message["blocks"]) for message in slack.messages.values())


def told(slack: SlackStub) -> int:
    """Incidents that some message names."""
    return len(set(re.findall(r"INC-\d+", json.dumps([message["blocks"] for message in slack.messages.values()]))))


@pytest.mark.timeout(120 + COUNTED_S + 60 * STORMS)
def test_storms_with_a_kill_in_the_middle(tmp_path: Path) -> None:
    """On SQLite and on PostgreSQL at the same time, each with a Slack of its own."""
    with postgres() as url, ThreadPoolExecutor(2) as both:
        databases: dict[str, dict[str, str]] = {"SQLite": {}, "PostgreSQL": {"DATABASE_URL": url}}
        told = list(both.map(lambda name: storms(tmp_path / name, name, databases[name]), databases))
    print("\n" + "\n".join(told))


def storms(home: Path, name: str, database: dict[str, str]) -> str:
    port = free_port()
    lines = []
    with ExitStack() as stack, Running() as slack:
        env = with_slack(slack) | database | {"PORT": str(port)}
        service = stack.enter_context(Service(home, **env))
        for turn in range(STORMS):

            def kill() -> None:
                nonlocal service
                service.kill()
                service = stack.enter_context(Service(home, **env))

            storm = Storm(
                [f"http://127.0.0.1:{port}"], key=lambda _, turn=turn: f"storm {turn}", at={3.0 + turn % 5: kill}, name=f"s{turn}"
            )
            took = storm.blow()
            lines.append(f"{name} {turn}: {storm.alerts} alerts and a kill in {took:.1f} s, {storm.sent} requests")
        until(lambda: len(slack.messages) == STORMS and ended(slack), 60)
        until(lambda: said(slack, "500 alerts grouped") == STORMS, COUNTED_S)
        assert service.stop() == 0
    assert counts(home, database) == [(n + 1, 500, 500) for n in range(STORMS)]
    assert len(slack.messages) == STORMS
    texts = [reply["text"] for reply in slack.replies]
    assert len(texts) == len(set(texts))
    return "\n".join([*lines, f"{name}: {STORMS} storms, {STORMS} kills: {STORMS} messages, {slack.edits} edits, every alert counted once"])


def test_three_workers_and_one_killed_for_good(tmp_path: Path) -> None:
    """12 incidents of 500 alerts over three replicas; the first dies with work in its hands and never comes back.

    Above ten incidents a minute it is a storm: ten cards, and one message for the other two.
    """
    with ExitStack() as stack:
        url = stack.enter_context(postgres())
        slack = stack.enter_context(Running())
        env = with_slack(slack) | {"DATABASE_URL": url}
        workers = [Service(tmp_path / f"w{n}", WORKER=f"w{n}", **env) for n in range(3)]
        for worker in workers:
            worker.start()
            stack.push(worker.__exit__)
        for worker in workers:
            worker.wait()
        killed_at = 0.0

        def kill() -> None:
            nonlocal killed_at
            workers[0].kill()
            killed_at = time.monotonic()

        storm = Storm([worker.url for worker in workers], key=lambda n: f"storm {n % 12}", at={5.0: kill})
        took = storm.blow()
        until(lambda: len(slack.messages) == 11 and ended(slack) and said(slack, "triaging") == 0 and told(slack) == 12, 90)
        finished = time.monotonic() - killed_at
        assert {worker.stop() for worker in workers[1:]} == {0}
        kept = counts(tmp_path, {"DATABASE_URL": url})
    lines = "".join(line for worker in workers[1:] for line in worker.logged if "took over" in line)
    print(f"\n500 alerts in {took:.1f} s, {storm.sent} requests; all 12 verdicts {finished:.0f} s after the kill\n{lines}")
    assert finished <= 60
    assert sorted(((alerts, pages) for _, alerts, pages in kept), reverse=True) == [(42, 42)] * 8 + [(41, 41)] * 4
    assert len(slack.messages) == 11
    texts = [reply["text"] for reply in slack.replies]
    assert len(texts) == len(set(texts))
