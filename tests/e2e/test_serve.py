"""The real process: it says where it listens, survives being killed, and stops when asked."""

import contextlib
import json
import signal
import socket
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.e2e.service import Service, until
from tests.e2e.slack_stub import Running, SlackStub

PAGES = 100  # 1.1 s each, as fast as one channel takes messages


def with_slack(slack: SlackStub) -> dict[str, str]:
    return {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s", "SLACK_API_URL": slack.url, "SLACK_CHANNEL": "#incidents"}


def ended(slack: SlackStub) -> bool:
    return bool(slack.messages) and all("triaging" not in message["text"].lower() for message in slack.messages.values())


def test_it_says_where_it_listens_takes_a_page_and_stops_when_asked(tmp_path: Path) -> None:
    with Service(tmp_path) as service:
        assert service.page().json() == {"incidents": ["INC-1"]}
        until(lambda: httpx.get(f"{service.url}/incidents/INC-1").text.count("insufficient data") > 0)
        assert service.stop() == 0
        assert "Slack is not configured" in "".join(service.said)
        assert all(json.loads(line) for line in service.logged)
        assert any(json.loads(line).get("incident") == "INC-1" for line in service.logged)


def test_a_port_that_is_taken_is_said_and_nothing_is_touched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(AssertionError, match=f"cannot listen on 127.0.0.1:{port}"), Service(tmp_path / "home", PORT=port):
            pass
    assert not (tmp_path / "home").exists()


def test_sigint_during_the_start_ends_it(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.start()
    until((tmp_path / "midwatch.db").exists, 60)
    service.process.send_signal(signal.SIGINT)
    assert service.process.wait(40) == 0
    service.__exit__()
    assert "Traceback" not in "".join(service.logged)


@pytest.mark.parametrize("held", ["chat.postMessage", "chat.update"])
def test_killed_in_the_middle_it_ends_with_one_message(tmp_path: Path, held: str) -> None:
    """SIGKILL after Slack has done what it was asked and before the service could hear of it."""
    with Running() as slack:
        slack.hold = {held}
        with Service(tmp_path, **with_slack(slack)) as service:
            assert service.page().status_code == 202
            assert slack.held.wait(30)
            service.kill()
        assert len(slack.messages) == 1
        with Service(tmp_path, **with_slack(slack)) as service:
            until(lambda: ended(slack) and len(slack.replies) > 0, 60)
            assert service.stop() == 0
    assert len(slack.messages) == 1
    texts = [reply["text"] for reply in slack.replies]
    assert len(texts) == len(set(texts))


def test_pages_acknowledged_before_a_kill_are_all_there_after_it(tmp_path: Path) -> None:
    with Running() as slack:
        with Service(tmp_path, **with_slack(slack)) as service:
            taken = [service.page(f"d{n}").json()["incidents"][0] for n in range(10)]
            service.kill()
        with Service(tmp_path, **with_slack(slack)) as service:
            until(lambda: len(slack.messages) == 10 and ended(slack), 90)
            listed = httpx.get(f"{service.url}/incidents").text
            assert all(incident in listed for incident in taken)
            assert service.stop() == 0
    assert len(set(taken)) == 10
    assert len(slack.messages) == 10


def test_a_storm_with_a_kill_in_its_middle_is_one_message_and_an_exact_count(tmp_path: Path) -> None:
    """Senders that get no answer send again, with the same delivery id: nothing lost, nothing counted twice."""
    deliveries = [f"e{n}" for n in range(200)]

    def send(service: Service, delivery: str) -> bool:
        try:
            return service.page("storm", delivery).status_code in (200, 202)
        except httpx.HTTPError:
            return False

    with Running() as slack:
        with Service(tmp_path, **with_slack(slack)) as service, ThreadPoolExecutor(8) as senders:
            threading.Timer(0.7, service.kill).start()
            answers = list(senders.map(lambda delivery: send(service, delivery), deliveries))
        left = [delivery for delivery, taken in zip(deliveries, answers, strict=True) if not taken]
        assert 0 < len(left) < 200
        with Service(tmp_path, **with_slack(slack)) as service, ThreadPoolExecutor(8) as senders:
            assert all(senders.map(lambda delivery: send(service, delivery), left))
            until(lambda: ended(slack), 60)
            assert service.stop() == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "midwatch.db")) as database:
        assert database.execute("SELECT count(*), sum(alerts) FROM incidents").fetchall() == [(1, 200)]
    assert len(slack.messages) == 1


@pytest.mark.real
def test_pages_a_second_apart_are_announced_within_a_second(tmp_path: Path) -> None:
    """As fast as Slack takes messages of one channel: a storm has a message of its own."""
    took, start = [], 0.0
    with Running() as slack, Service(tmp_path, STORM_INCIDENTS="0", **with_slack(slack)) as service:
        service.page("warm")
        assert slack.posted.wait(30)
        for n in range(PAGES):
            time.sleep(max(0.0, start + 1.1 - time.perf_counter()))
            slack.posted.clear()
            start = time.perf_counter()
            assert service.page(f"d{n}").status_code == 202
            assert slack.posted.wait(30)
            took.append(time.perf_counter() - start)
    took.sort()
    p50, p95 = took[PAGES // 2], took[int(PAGES * 0.95) - 1]
    print(f"\npage received -> first message: p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, max {took[-1] * 1000:.0f} ms, n={PAGES}")
    assert p95 <= 1.0
