"""Fill a span store with copies of a story, and triage its page; each in a process of its own, so that its memory is its own.

python -m tests.bench.scale fill FILE SPANS
python -m tests.bench.scale verdict FILE      one JSON object: seconds, seconds of CPU, peak memory in MiB, what was found
"""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from bot import pages
from bot.backends.spans_duckdb import spans_duckdb
from bot.model.incident import Progress
from bot.simulator.stories import story
from bot.telemetry.otlp import read_json
from bot.telemetry.repair import repair
from bot.triage import Sources, Triage

TOLD = "replica-lost"
RUNS = 3  # verdicts; the first also compiles and warms


def copy(table: pa.Table, k: int) -> pa.Table:
    """The story's spans under other ids."""
    for name in ("trace_id", "span_id", "parent_id"):
        at, column = table.schema.get_field_index(name), table.column(name)
        renamed = pc.if_else(pc.equal(column, ""), "", pc.binary_join_element_wise(f"{k:03x}", pc.utf8_slice_codeunits(column, 3), ""))
        table = table.set_column(at, table.schema.field(name), renamed)
    return table


async def fill(path: Path, wanted: int) -> None:
    told = story(TOLD)
    page = {"source": told.page.source, "body": told.page.body.decode(), "received_at": told.received_at, "service": told.service}
    path.with_suffix(".json").write_bytes(orjson.dumps(page))  # telling a story takes more memory than a triage of it
    spans = repair(pa.concat_tables([read_json(orjson.dumps(one)).spans for one in told.otlp]))
    took, have, k = 0.0, 0, 0
    async with spans_duckdb(path) as store:
        while have < wanted:
            part = copy(spans, k).slice(0, wanted - have)
            began = time.perf_counter()
            have += await store.add(part)
            took += time.perf_counter() - began
            k += 1
    print(json.dumps({"spans": have, "stored_per_s": round(have / took)}))


async def verdict(path: Path) -> None:
    told = orjson.loads(path.with_suffix(".json").read_bytes())
    page = pages.parse(told["source"], told["body"].encode(), {}, place="page")[0]
    before = peak_mib()
    seconds, reading, busy = [], [], []
    async with spans_duckdb(path) as store:
        triage = Triage(Sources(store))
        for _ in range(RUNS):
            marks: list[float] = []

            async def watch(progress: Progress, marks: list[float] = marks) -> None:
                if progress.step == "window":
                    marks.append(time.perf_counter())

            began, used = time.perf_counter(), time.process_time()
            report = await triage.run(page, told["received_at"], told["service"], watch)
            seconds.append(time.perf_counter() - began)
            reading.append(marks[0] - began)
            busy.append(time.process_time() - used)
    print(
        json.dumps(
            {
                "seconds": seconds,
                "reading": reading,
                "cpu_s": busy,
                "peak_mib": peak_mib(),
                "before_mib": before,
                "cause": report.cause,
                "verdict": report.verdict.value,
                "total": report.impact.total,
                "gaps": report.gaps,
            }
        )
    )


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        asyncio.run(fill(Path(sys.argv[2]), int(sys.argv[3])))
    else:
        asyncio.run(verdict(Path(sys.argv[2])))
