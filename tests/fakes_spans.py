"""In-memory twin of the span engine: the same frames from plain Python, one span at a time. Slow, and easy to check by eye."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from bot.backends.spans_frame import frame_of, with_request
from bot.model.evidence import Coverage
from bot.model.frame import EMPTY, Frame
from bot.ports import Scope
from bot.telemetry.aggregates import CUT_SHORT, TREE
from bot.telemetry.canonical import COLUMNS, REQUEST_DIMS, SCHEMA, columns_of
from bot.telemetry.dimensions import Dimensions, KeyUse, dimensions
from bot.telemetry.operations import ASKED, STRUCTURAL
from bot.telemetry.request_rows import COUNTED, MARKS, MEASURED, SAID, TOKENS
from bot.telemetry.sampling import LARGEST, keeps, one_in

Span = dict[str, Any]


def span(
    trace: str, id_: str, parent: str | None = "", kind: str = "request", ts: float = 0.0, ms: float | None = 100.0, **columns: Any
) -> Span:
    """A canonical span; `ms` None = unfinished."""
    row = dict.fromkeys(SCHEMA.names) | {"extra": {}, "flags": {}} | columns
    end = None if ms is None else ts + ms / 1000.0
    return row | {"trace_id": trace, "span_id": id_, "parent_id": parent, "kind": kind, "ts": ts, "end": end, "duration_ms": ms}


def table(spans: Iterable[Span]) -> pa.Table:
    rows = [{**row, "extra": list(row["extra"].items()), "flags": list(row["flags"].items())} for row in spans]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


class MemorySpans:
    """Spans and SpanIntake."""

    def __init__(self, collected: bool = True, largest: int = LARGEST) -> None:
        self._collected = collected
        self._largest = largest
        self.rows: list[Span] = []

    async def add(self, spans: pa.Table) -> int:
        new = [{**row, "extra": dict(row["extra"] or ()), "flags": dict(row["flags"] or ())} for row in spans.to_pylist()]
        kept = [row for row in new if row["trace_id"] is not None and row["span_id"] is not None and row["ts"] is not None]
        self.rows += kept
        return len(kept)

    async def forget(self, before: float) -> int:
        n = len(self.rows)
        self.rows = [row for row in self.rows if row["ts"] >= before]
        return n - len(self.rows)

    async def coverage(self, scope: Scope) -> Coverage | None:
        if not self._collected:
            return None
        count: dict[str, int] = defaultdict(int)
        seen: dict[tuple[str, str], int] = defaultdict(int)
        traces, step = self._sampled(scope)
        for row in _flat(traces):
            count[row["kind"]] += 1
            for name in COLUMNS:
                seen[row["kind"], name] += row[name] is not None
        share = {key: n / count[key[0]] for key, n in seen.items() if n}
        return Coverage(share, {kind: n * step for kind, n in count.items()}, step)

    async def frame(self, aggregate: str, scope: Scope) -> Frame | None:
        if not self._collected:
            return None
        traces, step = self._sampled(scope)
        dims = _dimensions(traces)
        if step > 1:
            traces = {trace: [row | {"weight": _first(row["weight"], 1.0) * step} for row in rows] for trace, rows in traces.items()}
        rows = [_request(number, rows, dims) for number, rows in enumerate(traces.values())]
        if any(row["error_class"] == "parse" for row in _flat(traces)):  # then a call without such an error is known to have parsed
            rows = [
                row | {"parse_failed": _first(row["parse_failed"], _if(row["n_llm"] + row["n_parser"] or None, lambda _: False))}
                for row in rows
            ]
        requests = _frame(rows, traces, dims)
        if aggregate == "requests":
            return requests
        if aggregate == "tree":
            return _frame(_tree(traces), traces, dims)
        if aggregate == "series":
            return _frame(_series(self._traces(scope)), traces, dims)
        kind = aggregate.removeprefix("ops:")
        ops = _operations(traces, kind, dims)
        return with_request(_frame(ops, traces, dims), requests) if ops else EMPTY

    def _sampled(self, scope: Scope) -> tuple[dict[str, list[Span]], int]:
        """The traces that are read, one in how many."""
        traces = self._traces(scope)
        step = one_in(len(traces), self._largest)
        return {trace: rows for trace, rows in traces.items() if keeps(trace, step)}, step

    def _traces(self, scope: Scope) -> dict[str, list[Span]]:
        """Trace -> its spans, each once, by id; sorted by trace."""
        found: dict[str, dict[str, Span]] = defaultdict(dict)
        for row in self.rows:
            known = found[row["trace_id"]].get(row["span_id"])
            if known is None or (row["end"] is not None and (known["end"] is None or row["end"] >= known["end"])):
                found[row["trace_id"]][row["span_id"]] = row
        named = any(row["service"] is not None for row in self.rows)
        chosen = {}
        for trace, spans in sorted(found.items()):
            rows = [spans[name] for name in sorted(spans)]
            starts = scope.interval.start <= min(row["ts"] for row in rows) < scope.interval.end
            touches = scope.service is None or not named or any(row["service"] == scope.service for row in rows)
            if starts and touches:
                chosen[trace] = rows
        return chosen


def _flat(traces: Mapping[str, Sequence[Span]]) -> list[Span]:
    return [row for rows in traces.values() for row in rows]


def _frame(rows: list[dict[str, Any]], traces: Mapping[str, object], dims: Dimensions) -> Frame:
    if not rows:
        return EMPTY
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: [row.get(name) for row in rows] for name in names}
    return frame_of(pa.table({name: pa.array(values) for name, values in columns.items()}), tuple(traces), dims.names)


def _broke(row: Span) -> bool:
    return row["status"] == "error" or row["error_class"] is not None


def _failed(row: Span) -> bool:
    return _broke(row) and row["error_class"] != "cancelled"


def _least(values: Iterable[Any]) -> Any:
    return min((value for value in values if value is not None), default=None)


def _most(values: Iterable[Any]) -> Any:
    return max((value for value in values if value is not None), default=None)


def _sum(values: Iterable[float | None]) -> float | None:
    recorded = [value for value in values if value is not None]
    return sum(recorded) if recorded else None


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _shown(rows: Iterable[Span], sign: Callable[[Span], bool | None]) -> bool | None:
    return _most(sign(row) for row in rows)


def _if(value: Any, test: Callable[[Any], bool]) -> bool | None:
    return None if value is None else test(value)


def _request(number: int, rows: list[Span], dims: Dimensions) -> dict[str, Any]:
    ids = {row["span_id"] for row in rows}
    lost = [row for row in rows if row["parent_id"] and row["parent_id"] not in ids]
    tops = [row for row in rows if row["parent_id"] == ""]
    roots = tops or [row for row in lost if row["kind"] == "request"]
    began = _first(_least(row["ts"] for row in roots), _least(row["ts"] for row in rows))
    found = {name: _first(_least(row[name] for row in roots), _least(row[name] for row in rows)) for name in (*SAID, *MEASURED)}
    for column, name in (*dims.keys, *dims.flags):
        held = "extra" if (column, name) in dims.keys else "flags"
        found[column] = _first(_least(row[held].get(name) for row in roots), _least(row[held].get(name) for row in rows))
    end = _most(row["end"] for row in rows)
    took = None if end is None else (end - _least(row["ts"] for row in rows)) * 1000.0
    return found | {
        "trace": number, "ts": began, "duration_ms": _first(_most(row["duration_ms"] for row in roots), took), "has_root": bool(roots),
        "n_spans": len(rows), "orphans": sum(row["kind"] != "request" for row in lost),
        "failed": _request_failed(found["outcome"], roots), "degraded": _if(found["outcome"], lambda outcome: outcome == "degraded"),
        **{f"n_{kind}": sum(row["kind"] == kind for row in rows) for kind in COUNTED},
        **{f"err_{kind}": sum(row["kind"] == kind and _failed(row) for row in rows) for kind in COUNTED},
        **{name: _shown(rows, lambda row, name=name: row[name]) for name in MARKS},
        **_signs(rows), **_usage(rows), "weight": _most(row["weight"] for row in rows),
        "user_ttft_ms": _first(found["user_ttft_ms"], _least(_ttft(row, began) for row in rows)), "eval_mean": _judged(rows),
    }  # fmt: skip


def _request_failed(outcome: str | None, roots: list[Span]) -> bool | None:
    if outcome == "failed":
        return True
    if outcome in ("user_error", "cancelled"):
        return False
    return any(_failed(row) for row in roots) if roots else _if(outcome, lambda _: False)


def _ttft(row: Span, began: float) -> float | None:
    return row["ts"] * 1000.0 + row["ttft_ms"] - began * 1000.0 if row["kind"] == "llm" and row["ttft_ms"] is not None else None


def _judged(rows: list[Span]) -> float | None:
    values = [row["evaluator_value"] for row in rows if row["evaluator_value"] is not None and not row["evaluator_control_set"]]
    return sum(values) / len(values) if values else None


def _signs(rows: list[Span]) -> dict[str, bool | None]:
    retrieved = [row for row in rows if row["kind"] == "retrieval" and not _failed(row)]
    cached = [row for row in rows if row["cache_layer"] in (None, "response", "semantic")]
    refused = [row["output_refusal"] for row in rows] + [
        _if(row["finish"], lambda finish: finish in ("refusal", "content_filter")) for row in rows
    ]
    unparsed = _shown(rows, lambda row: True if row["error_class"] == "parse" else _if(row["parser_ok"], lambda ok: not ok))
    return {
        "refusal": _most(refused),
        "parse_failed": unparsed,
        "empty_retrieval": _shown(retrieved, lambda row: _if(row["n_returned"], lambda n: n == 0)),
        "prompt_unresolved": _shown(rows, lambda row: _if(row["prompt_unresolved"], lambda n: n > 0)),
        "guardrail_blocked": _shown(rows, lambda row: _if(row["guardrail_action"], lambda action: action == "block")),
        "cache_hit": _shown(cached, lambda row: row["cache_hit"]),
        "lang_mismatch": _shown(
            rows, lambda row: _if(_first(*[None] if None in (row["output_lang"], row["input_lang"]) else [row]), _other_language)
        ),
    }


def _other_language(row: Span) -> bool:
    return bool(row["output_lang"] != row["input_lang"])


def _usage(rows: list[Span]) -> dict[str, Any]:
    calls = [row for row in rows if row["kind"] == "llm" and any(row[name] is not None for name in (*TOKENS, "cost_usd"))]
    around = {row["parent_id"] for row in calls}
    leaves = [row for row in calls if row["span_id"] not in around]
    sums = {name: _sum(row[name] for row in leaves) for name in (*TOKENS, "cost_usd")}
    answers = sorted(
        (row["ts"], row["span_id"], row["output_hash"]) for row in rows if row["kind"] == "llm" and row["output_hash"] is not None
    )
    cost = _first(_most(row["request_cost_usd"] for row in rows), sums["cost_usd"])
    return sums | {"cost_usd": cost, "output_hash": answers[-1][2] if answers else None}


def _operations(traces: Mapping[str, list[Span]], kind: str, dims: Dimensions) -> list[dict[str, Any]]:
    found = []
    for number, rows in enumerate(traces.values()):
        for tries in _tries([row for row in rows if row["kind"] == kind]):
            last = tries[-1]
            own = {name: last[name] for name in (*columns_of(kind), *REQUEST_DIMS) if name not in ("attempt", "logical_op_id")}
            own |= {column: last["extra"].get(name) for column, name in dims.of(kind).keys}
            own |= {column: last["flags"].get(name) for column, name in dims.of(kind).flags}
            first, final = tries[0]["ts"], max(_first(row["end"], row["ts"]) for row in tries)
            found.append(
                own
                | {"trace": number, "span": last["span_id"], "parent": last["parent_id"], "ts": first, "end": last["end"]}
                | {"attempts": max(len(tries), *(int(_first(row["attempt"], 1)) for row in tries)), "duration_ms": last["duration_ms"]}
                | {"duration_total_ms": last["duration_ms"] if len(tries) == 1 else (final - first) * 1000.0}
            )
    return sorted(found, key=lambda row: (row["trace"], row["span"]))


def _tries(rows: list[Span]) -> list[list[Span]]:
    """Spans of one trace and kind -> operations, each its attempts in order."""
    lines: dict[object, list[list[Span]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row["ts"], row["span_id"])):
        named = row["logical_op_id"] is not None
        alike = (row["parent_id"] or "", row["name"] or "", _first(*(row[name] for name in ASKED), ""))
        line = lines[row["logical_op_id"] if named else alike]
        before = line[-1][-1] if line else None
        gap = row["ts"] - _first(before["end"], before["ts"]) if before else 0.0
        if before is not None and row["kind"] not in STRUCTURAL and (named or (_broke(before) and 0.0 <= gap < 120.0)):
            line[-1].append(row)
        else:
            line.append([row])
    return [tries for line in lines.values() for tries in line]


def _tree(traces: Mapping[str, list[Span]]) -> list[dict[str, Any]]:
    found = []
    for number, rows in enumerate(traces.values()):
        if any(_broke(row) or _soft(row) for row in rows):
            slim = ("kind", "ts", "end", "duration_ms", *TREE)
            found += [
                {"trace": number, "span": row["span_id"], "parent": row["parent_id"], **{name: row[name] for name in slim}} for row in rows
            ]
    return found


def _soft(row: Span) -> bool:
    return bool(
        row["n_returned"] == 0 or row["partial"] or row["timed_out"] or (row["prompt_unresolved"] or 0) > 0 or row["finish"] in CUT_SHORT
        or row["tool_result_empty"] or row["tool_args_valid"] is False or row["parser_ok"] is False or row["guardrail_action"] == "block"
        or row["rerank_skipped"] or row["output_refusal"]
    )  # fmt: skip


def _series(traces: Mapping[str, list[Span]]) -> list[dict[str, Any]]:
    minutes: dict[float, dict[str, float]] = {}
    for row in _flat(traces):
        at = row["ts"] // 60.0 * 60.0
        names = ["requests"] * (row["parent_id"] == "") + ["failed"] * (row["parent_id"] == "" and _failed(row))
        if row["kind"] in COUNTED:
            names += [row["kind"]] + [f"{row['kind']}_errors"] * _failed(row)
        counts = minutes.setdefault(at, {"minute": at} | dict.fromkeys(_SERIES, 0.0))
        for name in names:
            counts[name] += 1
            counts[f"{name}_weighted"] += round(_first(row["weight"], 1.0))
    return [minutes[at] for at in sorted(minutes)]


_SERIES = [f"{name}{of}" for name in ("requests", "failed", *COUNTED, *(f"{kind}_errors" for kind in COUNTED)) for of in ("", "_weighted")]


def _dimensions(traces: Mapping[str, list[Span]]) -> Dimensions:
    uses = []
    for held in ("extra", "flags"):
        carried: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
        for row in _flat(traces):
            for key, value in row[held].items():
                for kind in ("", row["kind"]):
                    carried[kind, key].append((row["trace_id"], value))
        uses.append(
            [KeyUse(*of, len(all_), len({one[0] for one in all_}), len({one[1] for one in all_})) for of, all_ in sorted(carried.items())]
        )
    return dimensions(uses[0], uses[1], len(traces))
