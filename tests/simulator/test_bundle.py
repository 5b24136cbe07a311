"""What is written is an incident bundle, the same bytes every time."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import orjson
import pytest
import yaml

from bot.errors import BadInput
from bot.model.change import ChangeKind
from bot.simulator.splits import plan, told
from bot.simulator.stories import names, recipe, story
from bot.simulator.strip import strip_optional
from bot.simulator.tales import REPLAYS
from bot.telemetry.canonical import field_of

SCRIPT = """
import hashlib, sys, pathlib
from bot.simulator.splits import plan, told
to = pathlib.Path(sys.argv[1])
told(plan("dev", 5)).write(to)
for path in sorted(to.rglob("*")):
    if path.is_file():
        print(path.relative_to(to), hashlib.sha256(path.read_bytes()).hexdigest())
"""


def test_two_processes_with_different_hash_seeds_write_the_same_bytes(tmp_path: Path) -> None:
    said = []
    for seed in ("1", "4242"):
        run = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        said.append(run.stdout)
    assert said[0] == said[1]
    assert said[0].count("\n") >= 5


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return told(plan("dev", 2)).write(tmp_path_factory.mktemp("bundle") / "b")


def lines(path: Path) -> list[dict]:
    return [orjson.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_traces_are_otlp_json_lines_with_hex_ids_and_nano_times(bundle: Path) -> None:
    rows = lines(bundle / "traces" / "spans.jsonl.gz")
    received = datetime.fromisoformat(yaml.safe_load((bundle / "bundle.yaml").read_text())["received_at"]).timestamp()
    seen = 0
    for row in rows:
        for resource in row["resourceSpans"]:
            assert any(pair["key"] == "service.name" for pair in resource["resource"]["attributes"])
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    assert len(span["traceId"]) == 32
                    assert int(span["traceId"], 16)
                    assert len(span["spanId"]) == 16
                    assert int(span["spanId"], 16)
                    assert int(span["startTimeUnixNano"]) < int(span["endTimeUnixNano"])
                    assert int(span["endTimeUnixNano"]) / 1e9 < received + 60  # clocks differ, the future does not exist
                    assert all(next(iter(pair["value"])).endswith("Value") for pair in span["attributes"])
                    seen += 1
    assert seen > 10_000


def test_declared_attributes_name_canonical_fields(bundle: Path) -> None:
    declared = yaml.safe_load((bundle / "bundle.yaml").read_text())["attributes"]
    assert declared
    for key, target in declared.items():
        path = target["to"] if isinstance(target, dict) else target
        assert field_of(path) is not None, key


def test_changes_are_cloudevents_of_known_kinds(bundle: Path) -> None:
    rows = [json.loads(line) for line in (bundle / "changes.jsonl").read_text().splitlines()]
    assert rows == sorted(rows, key=lambda row: row["time"])
    for row in rows:
        assert row["specversion"] == "1.0"
        kind = "app" if row["type"].startswith("dev.cdevents.service.deployed") else row["type"].removeprefix("dev.midwatch.change.")
        assert kind in set(ChangeKind)
        assert {"object", "from", "to", "scope", "author", "link"} <= set(row["data"])


def test_metrics_are_openmetrics_with_counters_that_never_fall(bundle: Path) -> None:
    text = gzip.decompress((bundle / "metrics" / "dump.txt.gz").read_bytes()).decode()
    assert text.endswith("# EOF\n")
    last: dict[str, tuple[float, float]] = {}
    for line in text.splitlines()[:-1]:
        series, value, at = line.rsplit(" ", 2)
        before = last.get(series)
        if before is not None:
            assert float(at) > before[1]
            if series.startswith("http_requests_total"):
                assert float(value) >= before[0]
        last[series] = (float(value), float(at))
    assert any(series.startswith("http_requests_total") for series in last)


def test_truth_has_the_contracts_keys(bundle: Path) -> None:
    truth = yaml.safe_load((bundle / "truth.yaml").read_text())
    assert {"verdict", "layer", "causes", "accept", "slice", "onset", "red_herrings", "profile", "severity"} <= set(truth)
    assert truth["causes"][0] not in bundle.name


@pytest.mark.parametrize("name", sorted(set(names()) - set(REPLAYS)))  # those have their own file
def test_each_story_is_a_bundle_that_can_be_posted(name: str) -> None:
    told_now = story(name, now=1_900_000_000.0)
    assert told_now.received_at == 1_900_000_000.0
    assert json.loads(told_now.page.body)
    ends = [int(s["endTimeUnixNano"]) for row in told_now.otlp for r in row["resourceSpans"] for sc in r["scopeSpans"] for s in sc["spans"]]
    assert 1_900_000_000.0 - 30 < max(ends) / 1e9 < 1_900_000_000.0 + 5


def test_the_replica_story_is_the_2am_page() -> None:
    night = story("replica-lost")
    body = json.loads(night.page.body)
    assert body["alerts"][0]["annotations"]["summary"] == "AI assistant degraded - error rate 12%"
    assert night.truth["onset"] == "2026-03-01T22:04:00Z"
    on_path = [row for row in night.changes or [] if row["data"]["scope"].get("service") == "assistant"]
    assert all(row["time"] <= "2026-02-27T02:07:00Z" for row in on_path)  # 72 hours of quiet
    assert 9_000 <= night.truth["requests"] <= 15_000


def test_a_stripped_story_keeps_its_spans_and_loses_what_is_optional() -> None:
    rich = story("healthy")
    poor = strip_optional(rich)
    count = [sum(len(sc["spans"]) for row in one.otlp for r in row["resourceSpans"] for sc in r["scopeSpans"]) for one in (rich, poor)]
    assert count[0] == count[1]
    assert poor.attributes == {}
    assert poor.page == rich.page
    keys = {
        pair["key"]
        for row in poor.otlp
        for r in row["resourceSpans"]
        for sc in r["scopeSpans"]
        for s in sc["spans"]
        for pair in s["attributes"]
    }
    assert "http.route" in keys
    assert not any(key.startswith("app.") or "finish" in key for key in keys)


def test_the_demos_recipe_names_its_story(tmp_path: Path) -> None:
    assert recipe(Path("playbooks/drills/001-replica-lost")) == "replica-lost"
    (tmp_path / "scenario.yaml").write_text("story: nowhere\n")
    with pytest.raises(BadInput, match=r"scenario.yaml: story"):
        recipe(tmp_path)
    with pytest.raises(BadInput, match="no such story"):
        story("nowhere")


def test_hashes_differ_between_scenarios() -> None:
    digests = {hashlib.sha256(told(plan("dev", number)).page.body).hexdigest() for number in (0, 2)}
    assert len(digests) == 2
