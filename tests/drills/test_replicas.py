"""Three replicas, real parts: a due team drill is started once, over both daylight-saving changes, made up once or dropped by rule."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.backends.records.database import database
from bot.backends.records.readiness import SqlReadiness
from tests.contract.test_records import _fresh_database
from tests.postgres import postgres

pytestmark = pytest.mark.real

NEW_YORK = "America/New_York"
BEFORE_S, AFTER_S = 2.0, 3.0  # how long the clock runs before and after the moment


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@dataclass
class Fleet:
    processes: list[asyncio.subprocess.Process]
    home: Path
    sql: str

    async def line(self, process: asyncio.subprocess.Process) -> str:
        assert process.stdout is not None
        return (await asyncio.wait_for(process.stdout.readline(), 150)).decode().strip()

    async def tell(self, said: str, answer: str) -> None:
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(f"{said}\n".encode())
            await process.stdin.drain()
        assert [await self.line(process) for process in self.processes] == [answer] * len(self.processes)

    async def live_through(self, moment: str, *schedules: dict[str, str]) -> None:
        """All replicas run from two seconds before the moment to three after it."""
        shift_s = at(moment) - BEFORE_S - time.time()
        await self.tell(json.dumps({"shift_s": shift_s, "zone": NEW_YORK, "schedules": schedules}), "open")
        await asyncio.sleep(max(AFTER_S, at(moment) + AFTER_S - (time.time() + shift_s)))
        await self.tell("", "closed")

    def opened(self, schedule: str) -> list[str]:
        """Each start of it, by its due time in UTC."""
        path = self.home / "opened"
        lines = path.read_text().splitlines() if path.exists() else []
        keys = [line.split()[0] for line in lines if line.startswith(f"{schedule}@")]
        return [datetime.fromtimestamp(int(key.split("@")[1]), UTC).strftime("%Y-%m-%dT%H:%M") for key in keys]

    async def recorded(self, schedule: str, at_least: int) -> list[tuple[str, str]]:
        """What became of its due times, once there are so many: a busy machine may take longer than the clock ran."""
        deadline = time.monotonic() + 30
        while len(found := await self._recorded(schedule)) < at_least and time.monotonic() < deadline:
            await asyncio.sleep(0.2)
        return found

    async def _recorded(self, schedule: str) -> list[tuple[str, str]]:
        async with database(self.sql) as opened:
            return [(f"{one.due.at:%Y-%m-%dT%H:%M}", one.state.value) for one in await SqlReadiness(opened).firings(schedule)]


@asynccontextmanager
async def three_replicas(url: str | None, sql: str, home: Path) -> AsyncIterator[Fleet]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.drills.replica", url or "", str(home)]
    pipe = asyncio.subprocess.PIPE
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    processes = [await asyncio.create_subprocess_exec(*command, f"w{n}", stdin=pipe, stdout=pipe, env=environment) for n in range(3)]
    fleet = Fleet(processes, home, sql)
    try:
        assert [await fleet.line(process) for process in processes] == ["ready"] * 3
        yield fleet
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
async def fleet(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Fleet]:
    if request.param == "sqlite":
        url, sql = None, f"sqlite+aiosqlite:///{tmp_path / 'midwatch.db'}"
    else:
        sql = await _fresh_database(request.getfixturevalue("server"))
        url = sql.replace("+asyncpg", "")
    async with three_replicas(url, sql, tmp_path) as running:
        yield running


async def test_a_due_drill_starts_once_in_three_replicas_whatever_the_clocks_do(fleet: Fleet) -> None:
    autumn = {"id": "autumn", "cron": "30 1 * * *"}
    await fleet.live_through("2026-11-01T05:30:00", autumn)  # 01:30, summer time
    assert await fleet.recorded("autumn", 1) == [("2026-11-01T05:30", "fired")]
    await fleet.live_through("2026-11-01T06:30:00", autumn)  # 01:30 again, winter time
    assert await fleet.recorded("autumn", 1) == [("2026-11-01T05:30", "fired")]
    assert fleet.opened("autumn") == ["2026-11-01T05:30"]

    await fleet.live_through("2026-03-08T07:30:00", {"id": "spring", "cron": "30 2 * * *"})  # 02:30 is skipped: it is 03:30
    assert await fleet.recorded("spring", 1) == [("2026-03-08T07:30", "fired")]
    assert fleet.opened("spring") == ["2026-03-08T07:30"]

    rules = [{"id": "kept", "cron": "0 10 * * *", "missed": "make_up"}, {"id": "let-go", "cron": "0 10 * * *", "missed": "drop"}]
    await fleet.live_through("2026-06-09T12:00:00", *rules)  # first known on the ninth, before ten o'clock there
    await fleet.live_through("2026-06-11T16:00:00", *rules)  # and back on the eleventh at noon
    days = [f"2026-06-{day:02d}T14:00" for day in (9, 10, 11)]
    assert await fleet.recorded("kept", 3) == list(zip(days, ["dropped", "dropped", "made_up"], strict=True))
    assert fleet.opened("kept") == ["2026-06-11T14:00"]
    assert await fleet.recorded("let-go", 3) == [(day, "dropped") for day in days]
    assert fleet.opened("let-go") == []
