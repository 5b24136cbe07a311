"""`midwatch doctor` with nothing named: one line a part, changing nothing; exit code 2 when a part would not serve."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from bot import cli
from bot.backends.records import records
from bot.slack.grants import NEEDED, USER_GROUPS
from tests.e2e.slack_stub import CHANNEL, Running, SlackStub
from tests.postgres import postgres

Said = tuple[int, str, str]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """Runs `midwatch doctor` with settings."""

    def run(*argv: str, **settings: str) -> Said:
        ours = {"HOME": str(tmp_path / "home"), "EMBEDDER": "lexical", "PLAYBOOKS": str(tmp_path / "playbooks"), "PORT": "9"} | settings
        for name, value in ours.items():
            monkeypatch.setenv(f"MIDWATCH_{name}", value)
        code = cli.run(("doctor", *argv))
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


@pytest.fixture
def slack() -> Iterator[SlackStub]:
    with Running() as stub:
        stub.scopes = frozenset(NEEDED)
        yield stub


def checks(out: str) -> dict[str, tuple[str, str]]:
    return {one["part"]: (one["state"], one["said"]) for one in json.loads(out)["checks"]}


def with_slack(slack: SlackStub) -> dict[str, str]:
    return {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_API_URL": slack.url, "SLACK_CHANNEL": CHANNEL, "SLACK_SIGNING_SECRET": "s"}


def test_nothing_configured_serves_and_says_what_is_missing(said: Callable[..., Said], tmp_path: Path) -> None:
    code, out, err = said()
    assert (code, err) == (0, "")
    lines = [line.split()[:2] for line in out.splitlines()]
    assert [part for _, part in lines] == [
        "playbooks", "doors", "database", "service", "spans", "metrics", "runbooks", "embedder", "slack", "clock",
    ]  # fmt: skip
    assert {state for state, _ in lines} == {"ok", "note"}
    assert not (tmp_path / "home").exists()  # it only looked


def test_everything_slack_allows_is_told(said: Callable[..., Said], slack: SlackStub) -> None:
    code, out, _ = said("--json", **with_slack(slack))
    found = checks(out)
    assert code == 0
    assert found["slack"] == ("ok", "midwatch in Acme")
    assert found["slack scopes"][0] == "ok"
    assert found["slack channel"] == ("ok", f"the app is in {CHANNEL}")
    assert found["clock"][0] == "ok"
    assert "slack buttons" not in found


def test_a_missing_scope_says_what_does_not_work(said: Callable[..., Said], slack: SlackStub) -> None:
    slack.scopes = frozenset(NEEDED) - {"files:write"}
    code, out, _ = said("--json", SLACK_USER_GROUPS="true", **with_slack(slack))
    state, told = checks(out)["slack scopes"]
    assert (code, state) == (0, "note")
    assert told == "without files:write verdicts have no chart; without usergroups:read nobody is in a user group"


def test_a_channel_without_the_app_and_no_right_to_post_fail(said: Callable[..., Said], slack: SlackStub) -> None:
    slack.scopes = frozenset(NEEDED) - {"chat:write"}
    code, out, err = said("--json", **with_slack(slack) | {"SLACK_CHANNEL": "#elsewhere"})
    found = checks(out)
    assert (code, err) == (2, "midwatch: doctor: failed: slack scopes, slack channel\n")
    assert found["slack channel"] == ("failed", "the app is not in #elsewhere: invite it there")
    assert json.loads(out)["ok"] is False


def test_a_clock_that_is_wrong_fails(said: Callable[..., Said], slack: SlackStub) -> None:
    slack.date = "Mon, 02 Mar 2026 02:07:00 GMT"
    code, out, _ = said("--json", **with_slack(slack))
    assert code == 2
    assert checks(out)["clock"][0] == "failed"


def test_slack_that_does_not_answer_fails_and_the_rest_is_told(said: Callable[..., Said]) -> None:
    code, out, _ = said("--json", SLACK_BOT_TOKEN="xoxb-1", SLACK_API_URL="http://127.0.0.1:9/api/")
    found = checks(out)
    assert code == 2
    assert found["slack"] == ("failed", "Slack did not answer auth.test: ClientConnectorError")
    assert found["runbooks"][0] == "ok"


def test_a_database_tells_its_schema_and_its_workers(said: Callable[..., Said], tmp_path: Path) -> None:
    home = tmp_path / "home"
    asyncio.run(_opened(f"sqlite+aiosqlite:///{home / 'midwatch.db'}"))
    before = (home / "midwatch.db").read_bytes()
    code, out, _ = said("--json")
    state, told = checks(out)["database"]
    assert (code, state) == (0, "ok")
    assert "(newest), 0 incidents, 1 workers alive" in told
    assert (home / "midwatch.db").read_bytes() == before


def test_a_broken_playbook_is_named(said: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "playbooks" / "service").mkdir(parents=True)
    (tmp_path / "playbooks" / "service" / "shop.yaml").write_text("nam: shop\n")
    code, out, _ = said("--json")
    state, told = checks(out)["playbooks"]
    assert (code, state) == (2, "failed")
    assert "shop.yaml" in told


def test_another_program_at_the_port_is_told_apart(said: Callable[..., Said]) -> None:
    with Running() as other:
        code, out, _ = said("--json", PORT=str(other.port))
    assert (code, checks(out)["service"][0]) == (2, "failed")


def test_the_scopes_are_those_of_the_manifest() -> None:
    scopes = yaml.safe_load((ROOT / "manifest.yaml").read_text())["oauth_config"]["scopes"]
    assert sorted(NEEDED) == sorted(scopes["bot"])
    assert scopes["bot_optional"] == [USER_GROUPS]


async def _opened(url: str) -> None:
    async with records(url) as kept:
        await kept.cards.beat("w1", time.time())


@pytest.mark.real
def test_postgres_tells_its_clock_too(said: Callable[..., Said]) -> None:
    with postgres() as url:
        code, out, _ = said("--json", DATABASE_URL=url)
        found = checks(out)
        assert code == 0
        assert found["database"][0] == "note"  # no table yet
        assert found["clock"][0] == "ok"
        asyncio.run(_opened(url.replace("postgresql://", "postgresql+asyncpg://", 1)))
        code, out, _ = said("--json", DATABASE_URL=url)
    assert (code, checks(out)["database"][0]) == (0, "ok")
    assert "1 workers alive" in checks(out)["database"][1]
