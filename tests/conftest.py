"""What the mutants of the checks came to is printed at the end, whichever worker made them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.mutations.mutants import KINDS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    killed: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    checks = 0
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]:
        told: dict[str, Any] = dict(report.user_properties)
        if not told.keys() >= set(KINDS):
            continue
        checks += 1
        for kind in KINDS:
            killed[kind] += told[kind][0]
            tried[kind] += told[kind][1]
    if checks:
        terminalreporter.section("mutations")
        counts = ", ".join(f"{killed[kind]} of {tried[kind]} {kind}s" for kind in KINDS)
        terminalreporter.write_line(f"{checks} checks, mutants killed: {counts}; `python -m tests.mutations` names the survivors")
