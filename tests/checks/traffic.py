"""Case files as traffic: groups of identical requests, spread evenly over a window, through the real span engine.

A group is `{n: 200, request: {...}, spans: [{kind: ..., ...}, ...]}`: every key is a canonical column. Spans hang below the request
one after the other; `in: <index>` hangs a span below an earlier one, `at_ms` starts it at a fixed moment. A key that no span of a case
sets is not recorded at all, which is how a case says what cannot be seen. `during: [0.5, 1]` keeps a group to that part of the window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from bot.backends.spans_duckdb import DuckSpans
from bot.engine.origin import origins
from bot.engine.signals import BINARY, NUMERIC
from bot.engine.weeks import WEEK
from bot.model.change import Change
from bot.model.evidence import Evidence, Interval, MetricSeries, Probe, PromptText, Windows
from bot.model.page import Page, Status
from bot.ports import Scope
from bot.telemetry.canonical import KINDS, SCHEMA

NOW = 1_772_416_800.0  # 2026-03-02T02:00:00Z
HOUR = 3600.0
CURRENT = Interval(NOW - HOUR, NOW)
BASELINE = Interval(NOW - 5 * HOUR, NOW - 1.25 * HOUR)
STEP_MS = 100.0  # of a span that says nothing about its duration
COLUMNS = frozenset(SCHEMA.names)  # pyarrow makes a new list of them whenever it is asked
GOLDEN = 0.618033988749895  # multiples of it modulo 1 fill an interval evenly whatever their number
PAGE = Page(source="generic", dedup_key="case", title="AI assistant degraded", status=Status.FIRING)

Spec = Mapping[str, Any]


def rows(groups: list[Spec], window: Interval, label: str) -> list[dict[str, Any]]:
    """Span rows of one window's groups."""
    found: list[dict[str, Any]] = []
    for g, group in enumerate(groups):
        first, last = group.get("during", (0.0, 1.0))
        for i in range(int(group["n"])):
            share = first + (0.5 + (i + 1) * GOLDEN + g * 0.137) % 1.0 * (last - first)
            found += _trace(group, f"{label}{g:02d}-{i:06d}", window.start + share * (window.end - window.start - 30.0), i)
    return found


def _trace(group: Spec, trace: str, ts: float, i: int) -> list[dict[str, Any]]:
    request = {"kind": "request", "name": "request", "service": "assistant", "status": "ok", **_filled(group.get("request", {}), i)}
    spans: list[dict[str, Any]] = []
    at = 1.0
    for k, one in enumerate(group.get("spans", [])):
        span = _filled(one, i)
        parent = f"{trace}-{span.pop('in') + 1}" if "in" in span else f"{trace}-0"
        start = float(span.pop("at_ms", at))
        duration = float(span.get("duration_ms", STEP_MS))
        at = max(at, start + duration + 1.0)
        status = "error" if "error_class" in span else "ok"
        placed = {"trace_id": trace, "span_id": f"{trace}-{k + 1}", "parent_id": parent, "ts": ts + start / 1000.0}
        spans.append({"name": span["kind"], "status": status, **placed, "duration_ms": duration, **span})
    whole = float(request.pop("duration_ms", at + 1.0))
    root = {"trace_id": trace, "span_id": f"{trace}-0", "parent_id": "", "ts": ts, "duration_ms": whole, **request}
    everything = [root, *spans] if not group.get("no_root") else spans
    return [{**one, "end": one["ts"] + one["duration_ms"] / 1000.0} for one in everything]


def _filled(spec: Spec, i: int) -> dict[str, Any]:
    """A list `[a, b]` is cycled over the group's requests; `{from: 1, to: 2}` runs evenly between two numbers."""
    out: dict[str, Any] = {}
    for key, value in spec.items():
        if isinstance(value, list):
            out[key] = value[i % len(value)]
        elif isinstance(value, dict) and set(value) == {"from", "to"}:
            out[key] = value["from"] + ((i + 1) * GOLDEN % 1.0) * (value["to"] - value["from"])
        else:
            out[key] = value
    return out


def table(found: list[dict[str, Any]]) -> pa.Table:
    """Rows -> the canonical table; an unknown column or kind in a case is a mistake in the case."""
    for one in found:
        unknown = set(one) - COLUMNS
        assert not unknown, f"no such canonical column: {sorted(unknown)}"
        assert one["kind"] in KINDS, one["kind"]
    columns = {}
    written = {name for one in found for name in one}
    for field in SCHEMA:
        if field.name not in written:
            columns[field.name] = pa.nulls(len(found), field.type)
            continue
        values = [one.get(field.name) for one in found]
        if pa.types.is_map(field.type):
            values = [list(value.items()) if value else None for value in values]
        elif pa.types.is_string(field.type):
            values = [None if value is None else str(value) for value in values]
        columns[field.name] = pa.array(values, type=field.type)
    return pa.table(columns, schema=SCHEMA)


async def evidence(case: Spec, spans: DuckSpans) -> Evidence:
    """The evidence of one case: its two windows, through the real aggregates."""
    await spans.forget(NOW + HOUR)
    await spans.add(table(rows(case.get("baseline", []), BASELINE, "b") + rows(case.get("current", []), CURRENT, "c")))
    scope = Scope(None, Interval(BASELINE.start - HOUR, NOW))
    requests, coverage = await spans.frame("requests", scope), await spans.coverage(scope)
    tree = await spans.frame("tree", scope)
    assert requests is not None and coverage is not None and tree is not None
    ops = {}
    for kind in KINDS:
        if kind not in ("request", "workflow", "chain", "agent") and coverage.spans.get(kind):
            frame = await spans.frame(f"ops:{kind}", scope)
            assert frame is not None
            ops[kind] = frame
    found = Evidence(
        page=PAGE,
        service=None,
        windows=Windows(NOW, CURRENT, BASELINE),
        requests=requests if case.get("traces", True) else None,
        ops=ops,
        coverage=coverage,
        changes=_changes(case),
        prompts=_prompts(case),
        probes=_probes(case),
        metrics=_metrics(case),
        signal=_words(case.get("signal", "failed")),
        bad=None if case.get("signal") in NUMERIC or _paged(case) not in requests.numbers else requests.true(_paged(case)),
        value=NUMERIC[case["signal"]][1](requests, ops) if case.get("signal") in NUMERIC else None,
        moved=bool(case.get("moved", True)),
        recovered=bool(case.get("recovered", False)),
        start=BASELINE.start,
    )
    return replace(found, origins=origins(tree, requests))


def _paged(case: Spec) -> str:
    return str(case.get("signal", "failed"))


def _words(signal: str) -> str:
    """The paged signal as the window step writes it."""
    return {**BINARY, **NUMERIC}[signal][0]


def _changes(case: Spec) -> tuple[Change, ...] | None:
    return tuple(Change.model_validate(one) for one in case["changes"]) if "changes" in case else None


def _prompts(case: Spec) -> dict[str, tuple[PromptText, ...]] | None:
    if "prompts" not in case:
        return None
    return {name: tuple(_prompt(name, str(version), text) for version, text in texts.items()) for name, texts in case["prompts"].items()}


def _prompt(name: str, version: str, spec: Any) -> PromptText:
    """A version is its text, or `{text: ..., meta: {required_sections: [...]}}`."""
    return PromptText(name, version, spec["text"], spec.get("meta", {})) if isinstance(spec, dict) else PromptText(name, version, spec)


def _probes(case: Spec) -> tuple[Probe, ...] | None:
    """`probes: {n: 40, recall_before: 0.9, recall: 0.5}`: golden queries with ten expected ids each."""
    if "probes" not in case:
        return None
    wanted = tuple(f"d{i}" for i in range(10))
    spec = case["probes"]
    found = []
    for window, recall in ((BASELINE, spec["recall_before"]), (CURRENT, spec["recall"])):
        for i in range(spec["n"]):
            found.append(Probe(window.start + i, f"q{i}", wanted, wanted[: round(recall * 10)]))
    return tuple(found)


def _metrics(case: Spec) -> tuple[MetricSeries, ...] | None:
    """`counter: {name: ..., per_minute_before: 10, per_minute: 10}`: a counter sampled every minute.

    `weeks: 4` goes on with the same hours of earlier weeks, which had `per_minute_weeks` in the current hour (else as many as now).
    """
    if "counter" not in case:
        return None
    import numpy as np

    spec = case["counter"]
    ts = np.arange(BASELINE.start - HOUR, NOW + 60.0, 60.0)
    days = [ts - back * WEEK for back in range(int(spec.get("weeks", 0)), -1, -1)]
    busy = [spec["per_minute"] if day is days[-1] else spec.get("per_minute_weeks", spec["per_minute"]) for day in days]
    steps = [np.where(ts < CURRENT.start, spec["per_minute_before"], one) for one in busy]
    labels = {"service": spec["service"]} if "service" in spec else {}
    return (MetricSeries(spec["name"], labels, np.concatenate(days), np.cumsum(np.concatenate(steps)).astype(np.float64)),)
