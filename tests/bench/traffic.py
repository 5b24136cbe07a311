"""A day of one assistant's canonical spans, made column by column: seven or so spans a trace, the usual fields recorded."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from bot.telemetry.canonical import EXTRA, FLAGS, SCHEMA

START = 1_772_400_000.0
DAY = 86_400.0
PER_TRACE = 6.5  # spans, on average

Columns = dict[str, Any]


def day(spans: int, seed: int = 7) -> pa.Table:
    """About `spans` rows in order of their start."""
    maker = _Maker(round(spans / PER_TRACE), np.random.default_rng(seed))
    maker.product()
    return maker.table()


class _Maker:
    def __init__(self, traces: int, draw: np.random.Generator) -> None:
        self.draw, self.n = draw, traces
        self.every = np.arange(traces)
        self.began = np.sort(START + draw.random(traces) * DAY)
        self.trace = _ids(draw, traces, 32)
        self.region = draw.choice(["eu", "us", "ap"], traces)
        self.parts: list[tuple[np.ndarray, Columns]] = []
        self.root = np.full(traces, "")

    def product(self) -> None:
        n, draw, every = self.n, self.draw, self.every
        failed = draw.random(n) < 0.02
        self.root = self.add(
            "request", every, 0.0, 2000, name=_all(n, "POST /chat"), status=np.where(failed, "error", "ok"),
            outcome=np.where(failed, "failed", "ok"), route=draw.choice(["chat", "rag", "agent"], n), locale=draw.choice(["en", "de"], n),
            tenant=np.char.add("t", np.minimum(draw.zipf(1.3, n), 200).astype(str)), client=draw.choice(["web", "ios"], n),
            user_hash=np.char.add("u", draw.integers(0, 5000, n).astype(str)), session_id=np.char.add("s", (every // 3).astype(str)),
        )  # fmt: skip
        self.add("guardrail", every, 0.01, 20, name=_all(n, "guard"), guardrail_action=draw.choice(["allow", "block"], n, p=[0.99, 0.01]))
        self.add("embedding", every, 0.05, 40, name=_all(n, "embed"), embedding_model=_all(n, "e5"), **self.errors(n, 0.002))
        self.retrieval(every, 0.1)
        self.retrieval(np.flatnonzero(draw.random(n) < 0.02), 6.0)
        self.call(every, 0.4)
        self.call(np.flatnonzero(draw.random(n) < 0.5), 2.0)
        some = np.flatnonzero(draw.random(n) < 0.6)
        m = len(some)
        self.add(
            "tool", some, 1.0, 160, name=_all(m, "execute_tool"), tool=draw.choice(["crm", "orders"], m), tool_args_hash=_ids(draw, m, 8),
            tool_result_bytes=draw.integers(2, 9000, m).astype(float), tool_args_valid=np.full(m, True), **self.errors(m, 0.02),
        )  # fmt: skip
        some = np.flatnonzero(draw.random(n) < 0.4)
        self.add("parser", some, 3.0, 4, name=_all(len(some), "parse"), parser_ok=draw.random(len(some)) > 0.01)

    def retrieval(self, of: np.ndarray, after: float) -> None:
        m, draw = len(of), self.draw
        self.add(
            "retrieval", of, after, 120, name=_all(m, "search"), source_id=draw.choice(["docs", "faq"], m), top_k=np.full(m, 8.0),
            n_returned=draw.integers(0, 9, m).astype(float), score_top=draw.random(m), doc_ids=_all(m, "doc-1\ndoc-2\ndoc-3"),
            index_version=_all(m, "i7"), server_address=_all(m, "es-1"), indexed_at=self.began[of] - DAY, **self.errors(m, 0.02),
        )  # fmt: skip

    def call(self, of: np.ndarray, after: float) -> None:
        m, draw = len(of), self.draw
        self.add(
            "llm", of, after, 1200, name=_all(m, "chat gpt-4o"), provider=_all(m, "openai"), model_requested=_all(m, "gpt-4o"),
            model_served=_all(m, "gpt-4o-2024-08-06"), finish=draw.choice(["stop", "length"], m, p=[0.98, 0.02]),
            ttft_ms=draw.gamma(3, 100, m),
            tokens_input=draw.integers(200, 4000, m).astype(float), tokens_output=draw.integers(10, 800, m).astype(float),
            cost_usd=draw.random(m) / 100, prompt_name=_all(m, "answer"), prompt_version=_all(m, "12"), output_hash=_ids(draw, m, 8),
            input_hash=_ids(draw, m, 8), output_lang=_all(m, "en"), input_lang=_all(m, "en"), **self.errors(m, 0.01),
        )  # fmt: skip

    def errors(self, m: int, rate: float) -> Columns:
        hit = self.draw.random(m) < rate
        return {"status": np.where(hit, "error", "ok"), "error_class": np.where(hit, "timeout", None)}

    def add(self, kind: str, of: np.ndarray, after: float, ms: float, **columns: Any) -> np.ndarray:
        """Spans of a kind in the traces `of`; their ids."""
        m, draw = len(of), self.draw
        took = draw.gamma(4, ms / 4, m)
        ids = _ids(draw, m, 16)
        own: Columns = {
            "trace_id": self.trace[of], "span_id": ids, "parent_id": self.root[of], "kind": _all(m, kind), "ts": self.began[of] + after,
            "end": self.began[of] + after + took / 1000, "duration_ms": took, "service": _all(m, "assistant"), "env": _all(m, "prod"),
            "app_version": _all(m, "v1.2.3"), "region": self.region[of], "pod": np.char.add("pod-", (of % 8).astype(str)),
            "scope_name": _all(m, f"lib.{kind}"), "dialect": _all(m, "otel_genai"), "weight": np.ones(m), "span_bytes": took,
        }  # fmt: skip
        self.parts.append((of, own | columns))
        return ids

    def table(self) -> pa.Table:
        of = np.concatenate([traces for traces, _ in self.parts])
        order = np.argsort(np.concatenate([columns["ts"] for _, columns in self.parts]), kind="stable")
        made = [
            _column(field, [columns for _, columns in self.parts]).take(pa.array(order))
            for field in SCHEMA
            if field.name not in (FLAGS, EXTRA)
        ]
        own = {"app.shelf": np.char.add("shelf-", (of % 7).astype(str)), "host.name": _all(len(of), "h"), "app.request": of.astype(str)}
        maps = {FLAGS: _maps({"new_ui": np.where(of % 2 == 0, "on", "off")}, order), EXTRA: _maps(own, order)}
        return pa.table([*made, *(maps[name] for name in (FLAGS, EXTRA))], schema=SCHEMA)


def _ids(draw: np.random.Generator, n: int, digits: int) -> np.ndarray:
    return np.array([draw.bytes(digits // 2).hex() for _ in range(n)], dtype=f"U{digits}")


def _all(n: int, text: str) -> np.ndarray:
    return np.full(n, text)


def _column(field: pa.Field, parts: list[Columns]) -> pa.Array:
    arrays = []
    for columns in parts:
        values = columns.get(field.name)
        n = len(columns["ts"])
        arrays.append(pa.nulls(n, field.type) if values is None else pa.array(values.tolist(), field.type))
    return pa.chunked_array(arrays, field.type).combine_chunks()


def _maps(values: Mapping[str, np.ndarray], order: np.ndarray) -> pa.Array:
    n, k = len(order), len(values)
    keys = np.tile(np.array(list(values)), n)
    items = np.stack([column[order] for column in values.values()], axis=1).reshape(-1)
    return pa.MapArray.from_arrays(pa.array(np.arange(0, n * k + 1, k), pa.int32()), pa.array(keys.tolist()), pa.array(items.tolist()))
