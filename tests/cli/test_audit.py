"""`midwatch audit`: the log as JSON lines, and whether it stands as it was written."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.backends.records import records
from bot.model.audit import AuditEntry, Result
from bot.model.value import moment

T0 = 1_772_417_220.0  # 2026-03-02T02:07:00Z


def run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"MIDWATCH_HOME": str(home), "PATH": "/usr/bin:/bin"}
    return subprocess.run([sys.executable, "-m", "bot", "audit", *words], check=False, capture_output=True, text=True, env=environment)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")

    async def filled() -> None:
        async with records(f"sqlite+aiosqlite:///{home / 'midwatch.db'}") as kept:
            for number in range(3):
                told = {"actor": "slack:U1", "action": "incident.voted", "object": f"INC-{number}", "result": Result.DONE}
                await kept.audit.note(AuditEntry(at=moment(T0 + number), **told))

    asyncio.run(filled())
    return home


def test_export_gives_a_line_an_entry(home: Path) -> None:
    rows = [json.loads(line) for line in run(home, "export").stdout.splitlines()]
    assert (rows[0]["object"], rows[0]["at"]) == ("INC-0", "2026-03-02T02:07:00Z")
    assert rows[1]["before"] == rows[0]["digest"]
    some = run(home, "export", "--since", "2026-03-02T02:07:01Z", "--until", "2026-03-02T02:07:02Z", "--json")
    assert [row["object"] for row in json.loads(some.stdout)] == ["INC-1"]


def test_check_says_whether_it_is_sound_and_where_it_is_not(home: Path) -> None:
    assert run(home, "check").stdout == "The audit log is sound.\n"
    assert json.loads(run(home, "check", "--json").stdout) == {"sound": True, "broken_at": None}
    with sqlite3.connect(home / "midwatch.db") as store:
        store.execute("DELETE FROM audit WHERE number = 2")
    found = run(home, "check")
    assert (found.returncode, found.stderr.strip()) == (2, "midwatch: audit log: line 3 was altered, or a line before it is missing")


@pytest.mark.parametrize("words", [("export", "--since", "yesterday"), ("export", "--until", "2026-03-02T02:07:00")])
def test_a_bad_time_is_named(home: Path, words: tuple[str, ...]) -> None:
    found = run(home, *words)
    assert found.returncode == 2
    assert found.stderr.count("\n") == 1
    assert found.stderr.startswith(f"midwatch: {words[1]}: ")


def test_without_a_database_there_is_nothing_to_read_and_none_is_made(tmp_path: Path) -> None:
    assert run(tmp_path / "none", "export").returncode == 2
    assert not (tmp_path / "none").exists()
