"""How many pages a second one `midwatch serve` takes with p99 <= 250 ms, and how much memory many pages cost; prints both.

Every page is a delivery of its own over HTTP, stored before it is answered; one in 500 opens an incident, which is triaged meanwhile.
Pages are sent when they are due, whether or not earlier ones were answered, and a page waits from the moment it was due: a service that
stalls cannot slow its senders down and look well. `PAGES=100000` in the environment sends that many for the memory; CI has time for five
thousand. `STEP_S` is how long each rate is held.
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
STEP_S = float(os.environ.get("STEP_S", "3"))
FIRST, GROWS = 25.0, 1.5  # pages a second offered first, and how much more each time
NARROWED = 2  # times between the highest rate that held and the lowest that did not
HELD = 3  # steps that the rate which is printed was held for
IN_FLIGHT = 400  # unanswered pages at which a rate has plainly failed; the service takes 500 connections
SENDERS = 16  # of the pages that only fill memory
PAGES = int(os.environ.get("PAGES", "5000"))
OPENS = 500  # one page in so many opens an incident
PER_PAGE = 2_000  # bytes of memory that a page may cost for good; the caches it fills are bounded


@dataclass(frozen=True)
class Load:
    """`offered`: pages a second that were due; `pages`: those answered."""

    offered: float
    pages: int
    seconds: float
    p50: float
    p99: float

    @property
    def holds(self) -> bool:
        return self.p99 <= P99_S and self.pages / self.seconds >= 0.95 * self.offered

    def __str__(self) -> str:
        times = f"p50 {self.p50 * 1e3:>4.0f} ms, p99 {self.p99 * 1e3:>5.0f} ms"
        return f"{self.offered:>5.0f} pages/s offered: {self.pages / self.seconds:>5.0f} accepted, {times}, n={self.pages:,}"


class Sender:
    """One alerting system with many connections; every page has a number."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = f"{url}/hooks/generic"
        self._session = session
        self._numbers = itertools.count()

    async def send(self) -> None:
        n = next(self._numbers)
        payload = {"summary": f"12 % errors at {n // OPENS}", "source": "s", "severity": "error", "custom_details": {"n": n}}
        body = {"routing_key": "k", "event_action": "trigger", "dedup_key": f"load {n // OPENS}", "payload": payload}
        async with self._session.post(self._url, json=body, headers={"Idempotency-Key": f"load-{n}"}) as answer:
            assert answer.status == 202, await answer.text()
            await answer.read()

    async def offer(self, rate: float, seconds: float) -> Load:
        """Evenly spaced pages; ends early when far too many are unanswered."""
        loop, took, under_way = asyncio.get_running_loop(), list[float](), set[asyncio.Task[None]]()
        start = loop.time()

        async def one(due: float) -> None:
            await self.send()
            took.append(loop.time() - due)

        for place in range(int(rate * seconds)):
            due = start + place / rate
            if (wait := due - loop.time()) > 0:
                await asyncio.sleep(wait)
            if len(under_way) >= IN_FLIGHT:
                break
            task = loop.create_task(one(due))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)
        took.sort()
        return Load(rate, len(took), max(loop.time() - start, seconds), took[len(took) // 2], took[int(len(took) * 0.99)])

    async def send_many(self, pages: int) -> None:
        """As fast as they are taken."""
        left = iter(range(pages))

        async def one_after_another() -> None:
            for _ in left:
                await self.send()

        await asyncio.gather(*(one_after_another() for _ in range(SENDERS)))


async def rising(sender: Sender) -> tuple[list[Load], Load | None]:
    """Everything that was offered, and the highest rate that held p99 <= P99_S for HELD steps more."""
    tried: list[Load] = []

    async def holds(rate: float, steps: int = 1) -> bool:
        for _ in range(2):  # a neighbour on the machine may spoil one try
            tried.append(await sender.offer(rate, steps * STEP_S))
            if tried[-1].holds:
                return True
        return False

    low, high = 0.0, FIRST
    while await holds(high):
        low, high = high, high * GROWS
    for _ in range(NARROWED if low else 0):
        middle = (low + high) / 2
        low, high = (middle, high) if await holds(middle) else (low, middle)
    while low >= FIRST / 2:
        if await holds(low, HELD):
            return tried, tried[-1]
        low *= 0.85
    return tried, None


def resident(pid: int) -> float:
    """MiB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def processor(pid: int) -> float:
    """Seconds of processor time so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def machine() -> str:
    return f"one serve, {os.cpu_count()} cores {platform.machine()}, load {os.getloadavg()[0]:.1f} before"


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    if request.param == "sqlite":
        yield {}
        return
    with postgres() as url:
        yield {"DATABASE_URL": url}


@pytest.mark.timeout(1800)
async def test_pages_a_second(tmp_path: Path, database: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"{'PostgreSQL' if database else 'SQLite'}, {machine()}"]
    service = Service(tmp_path, HOOK_RATE="100000", **database)
    await asyncio.to_thread(service.__enter__)
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            sender = Sender(service.url, session)
            await sender.offer(10.0, 2.0)
            worked = processor(service.process.pid)
            tried, best = await rising(sender)
            worked = processor(service.process.pid) - worked
    finally:
        await asyncio.to_thread(service.__exit__)
    lines += [f"  {one}" for one in tried]
    each = worked / sum(one.pages for one in tried) * 1e3
    lines.append(f"  {each:.1f} ms of processor time a page, triage of one incident in {OPENS} pages included")
    lines.append(f"  sustained with p99 <= 250 ms: {best}" if best else "  p99 <= 250 ms was not sustained at any rate")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert best is not None or os.getloadavg()[0] > (os.cpu_count() or 1)


@pytest.mark.timeout(1800)
async def test_memory_after_many_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On SQLite, whose caches are in the process."""
    with Service(tmp_path, HOOK_RATE="100000") as service:
        lines = [f"Memory, SQLite, {machine()}", f"  at the start {resident(service.process.pid):.0f} MiB"]
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            sender = Sender(service.url, session)
            await sender.send_many(OPENS)
            before, start, sent = resident(service.process.pid), time.monotonic(), 0
            lines.append(f"  after {OPENS} pages {before:.0f} MiB")
            while sent < PAGES:
                sent += (step := min(max(PAGES // 10, 1_000), PAGES - sent))
                await sender.send_many(step)
                lines.append(f"  after {OPENS + sent:,} pages {resident(service.process.pid):.0f} MiB")
        took, after = time.monotonic() - start, resident(service.process.pid)
    lines.append(
        f"  {after - before:+.0f} MiB for {sent:,} pages, {(after - before) * 2**20 / sent:,.0f} bytes a page; {sent / took:.0f} pages/s"
    )
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert after - before <= 64 + sent * PER_PAGE / 2**20
