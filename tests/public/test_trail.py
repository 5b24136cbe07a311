"""`midwatch trace` on public traces: TRAIL's labelled agent runs, frameworks' healthy traces, successful runs of a shop's agent."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.engine.single.judge import judge
from bot.model.step import Told
from bot.telemetry.one_trace import read_trace

CONSTANT_F1 = 0.315  # the best of 17 constants on these 62 traces (README.md of the data)
Pair = tuple[str, str]


class Labelled(NamedTuple):
    told: Told
    labels: list[Pair]  # (span, layer), the first layer of a category
    right: set[Pair]  # any layer that counts as right
    half: int


@pytest.fixture(scope="module")
def trail(data: Path) -> list[Labelled]:
    layers = {_plain(name): held for name, held in json.loads((data / "traces" / "LAYERS.json").read_text())["trail"].items()}
    found = []
    for file in sorted((data / "traces" / "trail").glob("*.json.gz")):
        told = read_trace(file.read_bytes(), place=file.name).told
        marks = json.loads(file.with_name(file.name.replace(".json.gz", ".labels.json")).read_text())["errors"]
        pairs = [(mark["location"], layers[_plain(mark["category"])]) for mark in marks]
        right = {(span, layer) for span, held in pairs for layer in held}
        half = hashlib.sha1(b"x" + told.trace_id.encode(), usedforsecurity=False).digest()[-1] % 2
        found.append(Labelled(told, sorted({(span, held[0]) for span, held in pairs}), right, half))
    return found


def _plain(category: str) -> str:
    """Annotators wrote some categories in other ways: "Context Handling Failure", "Task Orchestration Errors"."""
    return " ".join(category.strip().lower().split()[:2]).rstrip("s")


def scored(traces: list[Labelled], said: dict[str, list[Pair]]) -> tuple[float, float, float, float]:
    """Precision, recall and F1 of pairs, and origin@1."""
    hits = sum(pair in one.right for one in traces for pair in said[one.told.trace_id])
    guesses = sum(len(said[one.told.trace_id]) for one in traces)
    labels = sum(len(one.labels) for one in traces)
    first = sum(bool(pairs := said[one.told.trace_id]) and pairs[0][0] in {span for span, _ in one.labels} for one in traces)
    return hits / max(guesses, 1), hits / labels, 2 * hits / (guesses + labels), first / len(traces)


def constants(told: Told) -> dict[str, list[Pair]]:
    """The floors of the data's README, on the same three guesses a trace."""
    calls = [step.span_id for step in told.of("llm")]
    behind = []
    for step in told.steps:
        if step.failed:
            beside = told.children(step) if step.kind == "chain" else told.siblings(step)
            behind += [one.span_id for one in beside if one.kind == "llm"]
    behind = list(dict.fromkeys(behind))
    filled = [(span, "model") for span in behind] + [(span, "prompt") for span in reversed(calls) if span not in behind]
    return {
        "llm behind an error as model, filled up with the last as prompt": filled[:3],
        "last three llm as prompt": [(span, "prompt") for span in calls[-3:]],
        "llm behind an error as model": [(span, "model") for span in behind][:3],
    }


def test_trail_beats_the_best_constant(trail: list[Labelled]) -> None:
    said = {one.told.trace_id: [(blame.span_id, blame.layer) for blame in judge(one.told)] for one in trail}
    parts = {"tuned on": [one for one in trail if one.half == 0], "not tuned on": [one for one in trail if one.half == 1], "all": trail}
    reached = {}
    print()
    for name, traces in parts.items():
        precision, recall, f1, origin = scored(traces, said)
        reached[name] = f1
        print(f"TRAIL, {name}: precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f} origin@1 {origin:.3f} (n={len(traces)} traces)")
    floors = [constants(one.told) for one in trail]
    for name in floors[0]:
        held = {one.told.trace_id: floor[name] for one, floor in zip(trail, floors, strict=True)}
        print("floor, {}: precision {:.3f} recall {:.3f} F1 {:.3f} origin@1 {:.3f}".format(name, *scored(trail, held)))
    assert reached["all"] > CONSTANT_F1 + 0.10
    assert min(reached.values()) > CONSTANT_F1


def test_which_rules_are_right_how_often(trail: list[Labelled]) -> None:
    right: Counter[str] = Counter()
    made: Counter[str] = Counter()
    for one in trail:
        for blame in judge(one.told, most=50):
            made[blame.kind] += 1
            right[blame.kind] += (blame.span_id, blame.layer) in one.right
    print("\n" + "\n".join(f"  {kind}: {right[kind]} of {made[kind]}" for kind in sorted(made, key=lambda kind: -right[kind])))
    assert all(right[kind] / made[kind] >= 0.5 for kind in ("plan_skipped", "tool_not_called", "malformed_arguments_again"))


def test_healthy_framework_traces_are_silent(data: Path) -> None:
    alarms = []
    files = sorted((data / "traces" / "framework_traces_langfuse").glob("*.json.gz"))
    for file in files:
        alarms += [(file.name, blame) for blame in judge(read_trace(file.read_bytes(), place=file.name).told)]
    print(f"\nframework traces: {len({name for name, _ in alarms})} of {len(files)} with an alarm: {alarms}")
    assert len(files) == 53
    assert not alarms


def _spans(run: dict[str, Any]) -> bytes:
    """A conversation with tools -> a nested dump: a span for each turn and each tool call, as instrumentation would have made them."""
    spans: list[dict[str, Any]] = []
    before: dict[str, str] = {}
    calls: dict[str, dict[str, str]] = {}
    for at, message in enumerate(run["traj"]):
        content = message.get("content") or ""
        if message["role"] == "assistant":
            own = {"openinference.span.kind": "LLM", **before, "llm.output_messages.0.message.content": content}
            for n, call in enumerate(message.get("tool_calls") or ()):
                own[f"llm.output_messages.0.message.tool_calls.{n}.tool_call.function.name"] = call["function"]["name"]
                calls[call["id"]] = call["function"]
            spans.append({"span_id": f"s{at}", "span_name": "chat", "span_attributes": own})
        elif message["role"] == "tool":
            call = calls.get(message.get("tool_call_id", ""), {"name": message.get("name", ""), "arguments": ""})
            failed = content.startswith("Error")
            own = {"openinference.span.kind": "TOOL", "tool.name": call["name"], "input.value": call["arguments"], "output.value": content}
            status = {"status_code": "Error", "status_message": content} if failed else {}
            spans.append({"span_id": f"s{at}", "span_name": call["name"], "span_attributes": own, **status})
        before |= {f"llm.input_messages.{at}.message.role": message["role"], f"llm.input_messages.{at}.message.content": content}
    root = {"span_id": "run", "span_name": "agent", "span_attributes": {"openinference.span.kind": "AGENT"}, "child_spans": spans}
    return json.dumps({"trace_id": f"run-{run['task_id']}", "spans": [root]}).encode()


def test_successful_runs_of_another_agent_are_quiet(data: Path) -> None:
    """Nothing was tuned here: an agent of a shop, in plain function calls, whose tools often refuse and which gets over it."""
    with gzip.open(data / "traces" / "agentrx" / "tau_retail" / "tau_dataset_full.json.gz") as file:
        runs = json.load(file)
    alarms: Counter[bool] = Counter()
    seen: Counter[bool] = Counter()
    for run in runs:
        good = run["reward"] == 1.0
        seen[good] += 1
        alarms[good] += bool(judge(read_trace(_spans(run), place="run").told))
    print(f"\nshop runs: {alarms[True]} of {seen[True]} good ones and {alarms[False]} of {seen[False]} failed ones get a blame")
    assert alarms[True] <= 0.05 * seen[True]
