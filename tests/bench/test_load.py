"""How many pages a second one `midwatch serve` takes with p99 <= 250 ms, and how much memory many pages cost; prints both.

Every page is a delivery of its own over HTTP, stored before it is answered; one in 500 opens an incident, which is triaged meanwhile.
`PAGES=100000` in the environment sends that many on SQLite; CI has time for five thousand.
"""

import asyncio
import itertools
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.service import Service
from tests.postgres import postgres

pytestmark = pytest.mark.bench

P99_S = 0.250  # what senders with a patience of five seconds, and ten of them at once, never notice
CONNECTIONS = (4, 16, 48)  # senders at once, each waiting for its answer
SECONDS = 8.0
PAGES = int(os.environ.get("PAGES", "5000"))
OPENS = 500  # one page in so many opens an incident
PER_PAGE = 2_000  # bytes of memory that a page may cost for good; the caches it fills are bounded


@dataclass(frozen=True)
class Load:
    connections: int
    pages: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        return self.pages / self.seconds

    def __str__(self) -> str:
        times = f"p50 {self.p50 * 1e3:.0f} ms, p99 {self.p99 * 1e3:.0f} ms"
        return f"{self.connections:>3} senders: {self.rate:>5.0f} pages/s, {times}, n={self.pages:,}"


async def load(url: str, connections: int, numbers: Iterator[int], *, seconds: float = 1e9, pages: int = 10**9) -> Load:
    took: list[float] = []
    start = time.perf_counter()

    async def sender(session: aiohttp.ClientSession) -> None:
        while time.perf_counter() < start + seconds and len(took) < pages:
            n = next(numbers)
            payload = {"summary": f"12 % errors at {n // OPENS}", "source": "s", "severity": "error", "custom_details": {"n": n}}
            body = {"routing_key": "k", "event_action": "trigger", "dedup_key": f"load {n // OPENS}", "payload": payload}
            asked = time.perf_counter()
            async with session.post(f"{url}/hooks/generic", json=body, headers={"Idempotency-Key": f"load-{n}"}) as answer:
                assert answer.status == 202, await answer.text()
                await answer.read()
            took.append(time.perf_counter() - asked)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(sender(session) for _ in range(connections)))
    lasted = time.perf_counter() - start
    took.sort()
    return Load(connections, len(took), lasted, took[len(took) // 2], took[int(len(took) * 0.99)])


def resident(pid: int) -> float:
    """MiB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def processor(pid: int) -> float:
    """Seconds of processor time so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    if request.param == "sqlite":
        yield {}
        return
    with postgres() as url:
        yield {"DATABASE_URL": url}


@pytest.mark.timeout(1800)
async def test_pages_a_second(tmp_path: Path, database: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    name = "PostgreSQL" if database else "SQLite"
    lines = [f"{name}, one serve, {os.cpu_count()} cores {platform.machine()}, load {os.getloadavg()[0]:.1f} before"]
    numbers = itertools.count()
    service = Service(tmp_path, HOOK_RATE="100000", **database)
    await asyncio.to_thread(service.__enter__)
    try:
        await load(service.url, 4, numbers, seconds=2.0)
        loads = [await load(service.url, connections, numbers, seconds=SECONDS) for connections in CONNECTIONS]
        lines += [f"  {one}" for one in loads]
        steady = [one for one in loads if one.p99 <= P99_S]
        best = max(steady, key=lambda one: one.rate, default=None)
        lines.append(f"  accepted with p99 <= 250 ms: {best.rate:.0f} pages/s" if best else "  p99 <= 250 ms was not reached at any load")
        if not database:
            before, worked = resident(service.process.pid), processor(service.process.pid)
            many = await load(service.url, 16, numbers, pages=PAGES)
            after, worked = resident(service.process.pid), processor(service.process.pid) - worked
            lines.append(f"  memory {before:.0f} MiB, after {many.pages:,} more pages {after:.0f} MiB; {many}")
            lines.append(f"  {worked / many.pages * 1e3:.1f} ms of processor time a page, triage of one incident in {OPENS} pages included")
            assert after - before <= 64 + many.pages * PER_PAGE / 2**20
    finally:
        await asyncio.to_thread(service.__exit__)
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert min(one.p99 for one in loads) <= P99_S * busy
