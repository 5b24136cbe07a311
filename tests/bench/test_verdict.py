"""Page -> verdict with 300,000 spans in the look-back, embedded; prints the times with the machine and n (design.md section 5)."""

import os
import platform
import time
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest

from bot import pages
from bot.backends.spans_duckdb import spans_duckdb
from bot.model.incident import Progress
from bot.simulator.stories import story
from bot.telemetry.otlp import read_json
from bot.telemetry.repair import repair
from bot.triage import Sources, Triage

WANTED = 300_000
RUNS = 5

pytestmark = pytest.mark.bench


def copies(table: pa.Table, wanted: int) -> pa.Table:
    """The story's spans, repeated under other trace ids and a little later, until there are `wanted`."""
    found, have, k = [table], table.num_rows, 1
    while have < wanted:
        part = table.slice(0, min(table.num_rows, wanted - have))
        for name in ("trace_id", "span_id", "parent_id"):
            at = part.schema.get_field_index(name)
            renamed = pa.array([f"{k}{value[1:]}" if value else value for value in part.column(name).to_pylist()], pa.string())
            part = part.set_column(at, name, renamed)
        found.append(part)
        have += part.num_rows
        k += 1
    return pa.concat_tables(found)


async def test_the_verdict_comes_within_seconds_at_300_000_spans(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = story("replica-lost")
    spans = copies(repair(pa.concat_tables([read_json(orjson.dumps(one)).spans for one in told.otlp])), WANTED)
    page = pages.parse(told.page.source, told.page.body, told.page.headers, place="page")[0]
    times, engine, causes = [], [], set()
    async with spans_duckdb(tmp_path / "spans.duckdb") as store:
        await store.add(spans)
        triage = Triage(Sources(store))
        for _ in range(RUNS + 1):
            marks: list[float] = []

            async def watch(progress: Progress, marks: list[float] = marks) -> None:
                if progress.step == "window":
                    marks.append(time.perf_counter())

            began = time.perf_counter()
            report = await triage.run(page, told.received_at, told.service, watch)
            times.append(time.perf_counter() - began)
            engine.append(marks[0] - began)
            causes.add(report.cause)
    assert causes == {"retrieval.timeout"}
    warm, read = np.array(times[1:]), np.array(engine[1:])
    with capsys.disabled():
        print(
            f"\npage -> verdict, {spans.num_rows:,} spans in DuckDB, {os.cpu_count()} cores {platform.machine()}, n={RUNS}: "
            f"first {times[0]:.1f} s; then median {np.median(warm):.1f} s, max {warm.max():.1f} s; "
            f"reading the spans takes {np.median(read / warm):.0%} of it"
        )
