"""The span engine: spans stored a second, and the time of every aggregate of a triage; prints them with the machine and n."""

import os
import platform
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

import pytest

from bot.backends.spans_duckdb import DuckSpans, spans_duckdb
from bot.model.evidence import Interval
from bot.model.frame import Frame
from bot.ports import Scope
from tests.bench.traffic import DAY, START, day

BATCHES = (512, 5_000)  # spans of an exporter's default batch, and of a busy Collector
BATCHED = 20_000  # spans stored batch by batch: enough to see the rate
BUDGET_S = 2.5  # for everything a triage reads of 300,000 spans, on two free cores
ROUNDS = 3

T = TypeVar("T")

pytestmark = pytest.mark.bench


@pytest.mark.parametrize("wanted", [30_000, 300_000])
async def test_a_triage_reads_its_spans_in_time(wanted: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spans = day(wanted)
    lines = [f"{spans.num_rows:,} spans in DuckDB, {os.cpu_count()} cores {platform.machine()}, load {os.getloadavg()[0]:.1f}, n={ROUNDS}"]
    async with spans_duckdb(tmp_path / "batches.duckdb") as store:
        for size in BATCHES:
            took = 0.0
            for start in range(0, BATCHED, size):
                took += (await timed(store.add(spans.slice(start, size))))[0]
            lines.append(f"  add in batches of {size:>7,}  {BATCHED / took:>10,.0f} spans/s")
    async with spans_duckdb(tmp_path / "spans.duckdb") as store:
        took, kept = await timed(store.add(spans))
        assert kept == spans.num_rows
        lines.append(f"  add at once               {kept / took:>10,.0f} spans/s")
        totals = []
        for turn in range(ROUNDS):  # another second each: another scope, so nothing is answered from a snapshot
            times = await whole(store, Interval(START - turn, START + DAY))
            totals.append(sum(times.values()))
        lines += [f"  {name:<24}  {1000 * took:>7.0f} ms" for name, took in times.items()]
    lines.append(f"  everything                {1000 * totals[0]:>7.0f} ms first, then {1000 * min(totals[1:]):.0f} ms")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # others on the machine take their share
    assert min(totals) <= BUDGET_S * busy


async def timed(work: Awaitable[T]) -> tuple[float, T]:
    began = time.perf_counter()
    found = await work
    return time.perf_counter() - began, found


async def whole(store: DuckSpans, interval: Interval) -> dict[str, float]:
    """Seconds of each thing a triage asks for."""
    scope, times = Scope("assistant", interval), {}
    times["requests, with snapshot"], requests = await timed(store.frame("requests", scope))
    times["coverage"], coverage = await timed(store.coverage(scope))
    assert isinstance(requests, Frame)
    assert coverage is not None
    for kind in sorted(coverage.spans):
        if kind != "request":
            times[f"ops:{kind}"], ops = await timed(store.frame(f"ops:{kind}", scope))
            assert ops is not None
            assert ops.n > 0
    times["series"], _ = await timed(store.frame("series", scope))
    times["tree, of six hours"], tree = await timed(store.frame("tree", Scope("assistant", Interval(interval.end - DAY / 4, interval.end))))
    assert tree is not None
    assert tree.n > 0
    return times
