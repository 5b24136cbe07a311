"""A bad minute at Slack: 429s, 500s, answers that never come, refused blocks. The card arrives afterwards, once."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.service import Service, until
from tests.e2e.slack_stub import Running, Trouble
from tests.e2e.test_serve import ended, with_slack

pytestmark = pytest.mark.real

BAD_S = 60.0
AFTERWARDS_S = 60.0  # a surface that was down for a minute is looked at again every few seconds


@pytest.mark.timeout(300)
def test_after_a_bad_minute_the_card_arrives_once(tmp_path: Path) -> None:
    """Two services, each with a Slack of its own: one meets everything in turn, one has all its blocks refused."""
    kinds = {"all in turn": tuple(Trouble), "invalid_blocks": (Trouble.INVALID_BLOCKS,)}
    with ThreadPoolExecutor(len(kinds)) as both:
        lines = list(both.map(lambda kind: a_bad_minute(tmp_path / kind.replace(" ", "-"), kind, kinds[kind]), kinds))
    print("\n" + "\n".join(lines))


def a_bad_minute(home: Path, kind: str, turns: tuple[Trouble, ...]) -> str:
    with Running() as slack, Service(home, **with_slack(slack)) as service:
        slack.trouble = list(turns)
        start = time.monotonic()
        assert service.page().status_code == 202
        time.sleep(BAD_S)
        met = dict(slack.met)
        slack.trouble = []
        until(lambda: ended(slack) and "Not enough data" in "".join(message["text"] for message in slack.messages.values()), AFTERWARDS_S)
        took = time.monotonic() - start - BAD_S
        time.sleep(12)  # two sweeps: nothing more may come
        assert len(slack.messages) == 1
        texts = [reply["text"] for reply in slack.replies]
        assert len(texts) == len(set(texts))
        assert service.stop() == 0
    assert set(met) == set(turns)
    return f"{kind}: {sum(met.values())} calls failed in {BAD_S:.0f} s; the card says its verdict {took:.0f} s afterwards"
