"""More traces than a triage needs: a sample that is the same everywhere, close to the whole, and says that it is one."""

import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pyarrow as pa
import pytest

from bot.backends.spans_duckdb import DuckSpans, spans_duckdb
from bot.model.evidence import Interval
from bot.model.frame import Frame
from bot.ports import Scope
from bot.telemetry.canonical import KINDS
from bot.telemetry.sampling import bounds, keeps, one_in
from tests.bench.traffic import DAY, START, day
from tests.contract.test_spans import ALL, NOON, Engine, fingerprint, listed, same, thrown
from tests.fakes_spans import MemorySpans, span, table

TODAY = Scope("assistant", Interval(START, START + DAY))


@pytest.mark.parametrize(("requests", "step"), [(0, 1), (199_999, 1), (200_000, 1), (200_001, 2), (400_000, 2), (400_001, 4), (10**7, 64)])
def test_a_sample_is_the_least_power_of_two_that_is_enough(requests: int, step: int) -> None:
    assert one_in(requests) == step


def test_parts_of_a_sample_lie_side_by_side() -> None:
    assert bounds(0.0, 1.0, 1) == ("00000000", "ffffffff")
    assert bounds(0.0, 1.0, 8) == ("00000000", "1fffffff")
    assert [bounds(n / 4, (n + 1) / 4, 8) for n in (0, 3)] == [("00000000", "07ffffff"), ("18000000", "1fffffff")]


def test_a_smaller_sample_is_a_part_of_every_larger_one() -> None:
    ids = [f"{n:032x}" for n in range(4000)]
    kept = {step: {one for one in ids if keeps(one, step)} for step in (1, 2, 4, 8, 16)}
    assert len(kept[1]) == 4000
    for step in (2, 4, 8, 16):
        assert kept[step] < kept[step // 2]
        assert len(kept[step]) == pytest.approx(4000 / step, abs=4 * (4000 / step) ** 0.5)


@asynccontextmanager
async def engine(name: str, largest: int) -> AsyncIterator[Engine]:
    if name == "memory":
        yield MemorySpans(largest=largest)
    else:
        async with spans_duckdb(None, largest=largest) as store:
            yield store


@pytest.mark.parametrize("name", ["memory", "duckdb"])
async def test_the_limit_itself_is_read_in_full_and_one_more_is_not(name: str) -> None:
    async with engine(name, largest=40) as store:
        await store.add(table([span(f"{n:032x}", "1", ts=NOON + n, weight=None if n % 2 else 3.0) for n in range(40)]))
        whole, coverage = await store.frame("requests", ALL), await store.coverage(ALL)
        assert whole is not None and coverage is not None
        assert (whole.n, coverage.one_in, coverage.spans) == (40, 1, {"request": 40})
        await store.add(table([span(f"{40:032x}", "1", ts=NOON + 40)]))
        found = listed(await store.frame("requests", ALL))
        assert [row["trace"] for row in found] == [f"{n:032x}" for n in range(41) if keeps(f"{n:032x}", 2)]
        assert {row["weight"] for row in found if int(row["trace"], 16) % 2} == {2.0}
        assert {row["weight"] for row in found if int(row["trace"], 16) % 2 == 0 and row["trace"] != f"{40:032x}"} == {6.0}
        coverage = await store.coverage(ALL)
        assert coverage is not None
        assert (coverage.one_in, coverage.spans) == (2, {"request": 2 * len(found)})


@pytest.mark.parametrize("seed", [5])
async def test_duckdb_and_the_twin_sample_alike(seed: int) -> None:
    spans = thrown(seed, 250)
    random.Random(seed).shuffle(spans)
    reference = MemorySpans(largest=60)
    async with spans_duckdb(None, largest=60) as store:
        for one in (reference, store):
            await one.add(table(spans))
        for aggregate in ("requests", "tree", "series", *(f"ops:{kind}" for kind in KINDS)):
            same(await store.frame(aggregate, ALL), await reference.frame(aggregate, ALL), aggregate)
        assert await store.coverage(ALL) == await reference.coverage(ALL)


@pytest.fixture(scope="module")
def spans() -> pa.Table:
    return day(52_000)


async def both(spans: pa.Table, aggregate: str) -> tuple[Frame, Frame]:
    """The frame of all 8,000 traces, and of a sample of one in eight."""
    async with spans_duckdb(None) as all_, spans_duckdb(None, largest=1000) as some:
        await all_.add(spans)
        await some.add(spans)
        whole, sample = await all_.frame(aggregate, TODAY), await some.frame(aggregate, TODAY)
        assert whole is not None and sample is not None
        return whole, sample


async def test_weights_make_up_for_what_was_not_read(spans: pa.Table) -> None:
    whole, sample = await both(spans, "requests")
    assert whole.n == 8000
    assert sample.n == pytest.approx(1000, abs=120)
    weight = sample.number("weight")
    assert set(weight) == {8.0}
    assert weight.sum() == pytest.approx(whole.n, rel=0.12)  # 4 standard deviations of a random thousand
    for name, room in (("failed", 0.0045), ("n_llm", 0.13), ("err_tool", 0.032), ("tokens_input", 320.0)):  # 4 each of the mean
        exact = np.nanmean(whole.number(name))
        assert np.nanmean(sample.number(name)) == pytest.approx(exact, abs=4 * room), name
    share = [np.mean(frame.equals("region", "eu")) for frame in (whole, sample)]
    assert share[1] == pytest.approx(share[0], abs=0.06)


async def test_a_sampled_request_is_the_very_row_of_the_whole(spans: pa.Table) -> None:
    for aggregate, keys in (("requests", ("trace",)), ("ops:llm", ("trace", "span"))):
        whole, sample = await both(spans, aggregate)
        told = {tuple(row[key] for key in keys): row for row in listed(whole)}
        for row in listed(sample):
            theirs = told[tuple(row[key] for key in keys)]
            assert {**row, "weight": 1.0, "request": 0} == {**theirs, "request": 0}


async def test_the_series_counts_every_request_all_the_same(spans: pa.Table) -> None:
    whole, sample = await both(spans, "series")
    assert fingerprint(whole) == fingerprint(sample)
    assert whole.number("requests").sum() == 8000


async def test_a_part_of_the_window_has_all_that_the_whole_window_has(spans: pa.Table) -> None:
    since = START + 0.8 * DAY
    async with spans_duckdb(None, largest=1000) as store:
        await store.add(spans)
        whole, part = await asked(store, TODAY), await asked(store, Scope("assistant", Interval(since, START + DAY)))
        late = {row["trace"] for row in listed(whole.where(whole.number("ts") >= since))}
    assert late < set(part.text("trace").values)
    assert part.n == pytest.approx(800, abs=110)  # of some 1,600 one in two


async def asked(store: DuckSpans, scope: Scope) -> Frame:
    found = await store.frame("requests", scope)
    assert found is not None
    return found


ELSEWHERE = """
import asyncio, hashlib, pickle, sys
from bot.backends.spans_duckdb import spans_duckdb
from tests.bench.traffic import day
from tests.contract.test_spans import fingerprint
from tests.contract.test_spans_sampling import TODAY

async def main():
    spans = day(13_000)
    order = int(sys.argv[1])
    async with spans_duckdb(None, largest=300, threads=int(sys.argv[2])) as store:
        for part in (spans.slice(0, 5000), spans.slice(5000))[::order]:
            await store.add(part)
        frames = [fingerprint(await store.frame(name, TODAY)) for name in ("requests", "ops:llm", "tree", "series")]
    print(frames[0][0], hashlib.sha256(pickle.dumps(frames)).hexdigest())

asyncio.run(main())
"""


def test_two_processes_read_the_same_sample() -> None:
    said = []
    for order, threads, seed in (("1", "1", "1"), ("-1", "3", "2")):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([sys.executable, "-c", ELSEWHERE, order, threads], capture_output=True, text=True, check=True, env=env)
        said.append(done.stdout)
    assert said[0] == said[1]
    assert 200 < int(said[0].split()[0]) < 300  # of 2,000 requests one in eight
