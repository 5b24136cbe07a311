"""Langfuse through its public API: what it answers is read as the spans that were sent to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from bot.backends.spans_duckdb import spans_duckdb
from bot.backends.spans_langfuse import spans_langfuse
from bot.errors import BadSettings, SourceUnavailable
from bot.model.evidence import Interval
from bot.model.frame import Frame
from bot.ports import Scope
from bot.telemetry.otlp import read_json
from tests.contract.test_spans import listed, same
from tests.langfuse import KEYS, Langfuse, hashed, observation, observed
from tests.telemetry.wire import T0, span, traces

URL = f"https://{KEYS[0]}:{KEYS[1]}@langfuse.example"
BY_TYPE = ("dialect", "op", "tool_type", "gen_ai.operation.name")  # Langfuse's own type of an observation takes the place of these
HOUR = Scope(None, Interval(T0 - 60.0, T0 + 3600.0))

Json = dict[str, Any]


def product(n: int) -> list[Json]:
    """Requests of a product that is instrumented with OpenTelemetry: each with a search, a tool and a model call."""
    found = []
    for k in range(n):
        trace, ids = f"{k + 1:032x}", [f"{k + 1:08x}{place:08x}" for place in range(1, 5)]
        failed = {"status": {"code": 2, "message": "upstream timed out"}} if k % 5 == 0 else {}
        around = {"traceId": trace, "start": k * 10.0}
        chat = {
            "gen_ai.operation.name": "chat", "gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o",
            "gen_ai.usage.input_tokens": 100 + k, "gen_ai.usage.output_tokens": 20,
            "gen_ai.response.finish_reasons": ["stop"], "app.long": "x" * 150,
        }  # fmt: skip
        resource = {"service.name": "assistant", "service.version": "v1", "k8s.pod.name": f"pod-{k % 3}"}
        kind = {"openinference.span.kind": "RETRIEVER", "retrieval.documents.0.document.id": "d1"}
        spans = [
            span({"http.route": "/ask", "tenant.id": f"t{k % 4}"}, **around, spanId=ids[0], parentSpanId="", name="POST /ask", **failed),
            span(kind, **around, spanId=ids[1], parentSpanId=ids[0], name="search", **failed),
            span(
                {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "crm"},
                **around,
                spanId=ids[2],
                parentSpanId=ids[0],
                name="crm",
            ),
            span(chat, **around, spanId=ids[3], parentSpanId=ids[0], name="chat gpt-4o"),
        ]
        found.append(traces(*spans, scope="app", resource=resource))
    return found


async def test_what_came_in_over_opentelemetry_is_read_as_it_was(tmp_path: Path) -> None:
    sent = product(40)
    store = Langfuse(observed(sent), page=33)
    async with spans_duckdb(None) as ours, spans_langfuse(URL, tmp_path, transport=store.transport) as theirs:
        for one in sent:
            await ours.add(read_json(orjson.dumps(one)).spans)
        for aggregate in ("requests", "series", "tree", "ops:retrieval", "ops:llm", "ops:tool"):
            mine, other = await ours.frame(aggregate, HOUR), await theirs.frame(aggregate, HOUR)
            same(without(other, *BY_TYPE), without(mine, *BY_TYPE), aggregate)
    assert len(store.asked) == 5  # 160 observations, 33 a page, once


def without(frame: Frame | None, *names: str) -> Frame:
    assert frame is not None
    numbers = {name: column for name, column in frame.numbers.items() if name not in names}
    return Frame(frame.n, numbers, {name: codes for name, codes in frame.texts.items() if name not in names})


RECORDED = [
    observation(
        id="0b5c1d6e-1111-4222-8333-944455556666", traceId="5d2f7b1c-aaaa-4bbb-8ccc-9ddd0eee1fff", name="chat", type="SPAN",
        startTime="2026-03-02T01:47:00.000Z", endTime="2026-03-02T01:47:03.500Z", environment="production", version="v7", userId="u-1",
        sessionId="s-1", metadata={"tenantId": "acme"},
    ),
    observation(
        id="1c6d2e7f-1111-4222-8333-944455556666", traceId="5d2f7b1c-aaaa-4bbb-8ccc-9ddd0eee1fff", name="answer", type="GENERATION",
        parentObservationId="0b5c1d6e-1111-4222-8333-944455556666", startTime="2026-03-02T01:47:01.000Z",
        endTime="2026-03-02T01:47:03.000Z", completionStartTime="2026-03-02T01:47:01.400Z",
        providedModelName="gpt-4o", modelParameters={"temperature": 0.2},
        usageDetails={"input": 90, "output": 12, "input_cached_tokens": 10}, costDetails={"total": 0.002}, promptName="answer",
        promptVersion=4, input='[{"role":"user","content":"hi"}]', output="hello",
    ),
    observation(
        id="2d7e3f80-1111-4222-8333-944455556666", traceId="5d2f7b1c-aaaa-4bbb-8ccc-9ddd0eee1fff", name="crm", type="TOOL", level="ERROR",
        parentObservationId="0b5c1d6e-1111-4222-8333-944455556666", startTime="2026-03-02T01:47:00.100Z", endTime=None,
        statusMessage="429 Too Many Requests",
    ),
]  # fmt: skip


async def test_what_its_own_sdk_sent_is_read_too(tmp_path: Path) -> None:
    async with spans_langfuse(URL, tmp_path, transport=Langfuse(RECORDED).transport) as store:
        (request,) = listed(await store.frame("requests", HOUR))
        (call,) = listed(await store.frame("ops:llm", HOUR))
        (tool,) = listed(await store.frame("ops:tool", HOUR))
    assert request["trace"] == "5d2f7b1caaaa4bbb8ccc9ddd0eee1fff"  # a UUID is 32 hex digits already
    told = {name: request[name] for name in ("tenant", "env", "app_version", "session_id", "duration_ms", "has_root", "tokens_input")}
    assert told == {
        "tenant": "acme", "env": "production", "app_version": "v7", "session_id": "s-1", "duration_ms": 3500.0, "has_root": 1.0,
        "tokens_input": 100.0,
    }  # fmt: skip
    assert (call["span"], call["parent"]) == (hashed(RECORDED[1]["id"], 16), hashed(RECORDED[0]["id"], 16))
    told = {name: call[name] for name in ("model_requested", "prompt_name", "prompt_version", "ttft_ms", "cost_usd", "temperature")}
    assert told == {
        "model_requested": "gpt-4o", "prompt_name": "answer", "prompt_version": "4", "ttft_ms": pytest.approx(400.0), "cost_usd": 0.002,
        "temperature": 0.2,
    }  # fmt: skip
    assert (tool["status"], tool["error_class"]) == ("error", "rate_limit")


async def test_wrong_keys_and_strange_answers_leave_a_gap(tmp_path: Path) -> None:
    answers = {
        "HTTP 401": Langfuse([]).transport,
        "HTTP 429": httpx.MockTransport(lambda _: httpx.Response(429, text="rate limit exceeded")),
        "not JSON": httpx.MockTransport(lambda _: httpx.Response(200, text="<html>")),
        "not of this API": httpx.MockTransport(lambda _: httpx.Response(200, json=[1])),
    }
    for why, transport in answers.items():
        async with spans_langfuse("https://pk:wrong@langfuse.example", tmp_path, transport=transport) as store:
            with pytest.raises(SourceUnavailable, match=f"Langfuse: .*{why}") as refused:
                await store.frame("requests", HOUR)
            assert "wrong" not in f"{refused.value} {refused.value.asked}"


async def test_observations_that_make_no_sense_are_left_out(tmp_path: Path) -> None:
    odd = [
        {"id": None, "traceId": "x", "startTime": "2026-03-02T01:47:00Z"},
        {"id": "a", "traceId": None, "startTime": "2026-03-02T01:47:00Z"},
        {"id": "a", "traceId": "t", "startTime": "yesterday"}, {"id": 7, "traceId": ["t"], "startTime": 9, "metadata": "[" * 100},
        {"metadata": {"attributes": '{"broken', "resourceAttributes": 3}}, "nonsense",
    ]  # fmt: skip
    answer = {"data": [*odd, RECORDED[0]], "meta": {}}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer))
    async with spans_langfuse(URL, tmp_path, transport=transport) as store:
        assert len(listed(await store.frame("requests", HOUR))) == 1


async def test_a_cursor_that_leads_nowhere_ends(tmp_path: Path) -> None:
    pages = iter([{"data": [RECORDED[0]], "meta": {"cursor": "again"}}, {"data": [], "meta": {"cursor": "again"}}])
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=next(pages)))
    async with spans_langfuse(URL, tmp_path, transport=transport) as store:
        assert (await store.frame("requests", HOUR)).n == 1


@pytest.mark.parametrize("url", ["https://langfuse.example", "https://pk@langfuse.example", "ftp://pk:sk@langfuse.example"])
async def test_a_url_without_keys_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="public-key"):
        async with spans_langfuse(url, tmp_path):
            pass
