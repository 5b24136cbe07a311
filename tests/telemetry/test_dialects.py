"""Every trap of every dialect: attributes in, canonical columns out. The cases are data, one file a dialect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.telemetry.declared import declare
from bot.telemetry.dialects import every
from bot.telemetry.otlp import read_json
from tests.telemetry.wire import body, event, span

CASES = Path(__file__).parent / "cases"


def cases() -> list[Any]:
    read = [(path.stem, case) for path in sorted(CASES.glob("*.yaml")) for case in yaml.safe_load(path.read_text(encoding="utf-8"))]
    return [pytest.param(case, id=f"{stem}: {case['name']}") for stem, case in read]


@pytest.mark.parametrize("case", cases())
def test_case(case: dict[str, Any]) -> None:
    given = dict(case["span"])
    given["events"] = [event(one["name"], one.get("at", 0.0), **one.get("attributes", {})) for one in given.pop("events", [])]
    around = {"scope": given.pop("scope", "scope"), "resource": given.pop("resource", {})}
    decoded = read_json(body(span(given.pop("attributes", {}), **given), **around), declared=declare(case.get("declared")))
    row = decoded.spans.to_pylist()[0]
    for column, wanted in case.get("columns", {}).items():
        if wanted == "any":
            assert row[column] is not None, column
        elif isinstance(wanted, float):
            assert row[column] == pytest.approx(wanted), column
        else:
            assert row[column] == wanted, column
    if "extra" in case:
        assert dict(row["extra"]) == case["extra"]
    if "flags" in case:
        assert dict(row["flags"]) == case["flags"]


def test_every_dialect_has_cases() -> None:
    assert {dialect.name for dialect in every()} <= {path.stem for path in CASES.glob("*.yaml")}


def test_ranks_are_distinct_and_plain_is_last() -> None:
    ranks = [dialect.rank for dialect in every()]
    assert len(set(ranks)) == len(ranks)
    assert every()[-1].name == "plain"
