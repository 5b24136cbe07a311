"""Page -> verdict by the number of spans in the look-back, with peak memory; filled and triaged in processes of their own.

BENCH_SPANS names other sizes, such as 3000000,10000000: those are for a quiet machine and an hour.
"""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

SIZES = [int(size) for size in os.environ.get("BENCH_SPANS", "30000,300000").split(",")]
MOST_MIB = 1536  # of the process that triages, at any size (design.md section 5)

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]


def told(*arguments: str) -> dict[str, object]:
    done = subprocess.run([sys.executable, "-m", "tests.bench.scale", *arguments], check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("size", SIZES)
def test_a_verdict_at_size(size: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(tmp_path / "spans.duckdb")
    filled, found = told("fill", file, str(size)), told("verdict", file)
    seconds = found["seconds"]
    assert isinstance(seconds, list)
    with capsys.disabled():
        print(
            f"\n{filled['spans']:,} spans, {os.cpu_count()} cores {platform.machine()}, load {os.getloadavg()[0]:.1f}, n={len(seconds)}: "
            f"stored at {filled['stored_per_s']:,}/s; page -> verdict first {seconds[0]:.1f} s, then {min(seconds[1:]):.1f} s "
            f"({min(found['cpu_s']):.1f} s of CPU); peak {found['peak_mib']:.0f} MiB; {found['cause']}"
        )
    assert found["peak_mib"] <= MOST_MIB
    assert found["verdict"] == "fault" or found["gaps"]  # on a busy machine the traces may take longer than triage waits
