"""Public traces and provider errors: what share of real emitters' output is understood. Prints its figures."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

from bot.telemetry.error_class import Symptom, error_class
from bot.telemetry.otlp import read_json
from tests.telemetry.wire import body, span

SENSIBLE: dict[int, frozenset[str]] = {
    400: frozenset({"bad_request", "not_found", "tool_contract", "context_length", "content_filter", "quota"}),
    401: frozenset({"auth"}),
    403: frozenset({"auth", "quota", "content_filter"}),
    404: frozenset({"not_found"}),
    409: frozenset({"bad_request"}),
    422: frozenset({"tool_contract", "bad_request"}),
    429: frozenset({"rate_limit", "quota", "overload"}),
}
"""Classes that a person would accept for a status, whatever the body says."""

KINDS = {"GENERATION": "llm", "TOOL": "tool", "AGENT": "agent", "CHAIN": "chain", "RETRIEVER": "retrieval", "EMBEDDING": "embedding"}
"""Langfuse's own reading of the same spans. SPAN and EVENT say nothing of a kind."""

VERCEL = {
    "ai.embed": "chain", "ai.embed.doEmbed": "embedding", "ai.generateText": "chain", "ai.generateText.doGenerate": "llm",
    "ai.generateObject": "chain", "ai.generateObject.doGenerate": "llm", "ai.streamText": "chain", "ai.streamText.doStream": "llm",
    "ai.toolCall": "tool", "ai.embedMany": "chain", "ai.embedMany.doEmbed": "embedding",
}  # fmt: skip


def loaded(path: Path) -> Any:
    with gzip.open(path) as file:
        return json.load(file)


def row_of(attributes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    scope = fields.pop("scope", "")
    read: dict[str, Any] = read_json(body(span(attributes, **fields), scope=scope)).spans.to_pylist()[0]
    return read


def test_provider_errors_get_a_sensible_class(data: Path) -> None:
    rows = [json.loads(line) for line in (data / "traces" / "provider_errors.jsonl").read_text(encoding="utf-8").splitlines()]
    found = Counter((row["status"], error_class(Symptom("", row["status"], row["body"], "llm"))) for row in rows)
    sensible = sum(n for (status, name), n in found.items() if name in SENSIBLE.get(status, ()))
    print(f"\nprovider errors: {sensible} of {len(rows)} in a sensible class: {dict(sorted(found.items()))}")
    assert sensible >= 0.95 * len(rows)


def test_the_status_alone_is_not_needed(data: Path) -> None:
    """Many instrumentations lose the HTTP status: the body has to do, for those that name what went wrong."""
    rows = [json.loads(line) for line in (data / "traces" / "provider_errors.jsonl").read_text(encoding="utf-8").splitlines()]
    telling = [row for row in rows if row["status"] in (401, 404, 429) and row["body"].startswith("{")]
    right = [row for row in telling if error_class(Symptom("", None, row["body"], "llm")) in SENSIBLE[row["status"]]]
    print(f"\nprovider errors without their status: {len(right)} of {len(telling)} of 401, 404 and 429")
    assert len(right) >= 0.95 * len(telling)


def test_kinds_of_real_emitters(data: Path) -> None:
    """18 frameworks, as Langfuse received and classified them."""
    right: Counter[str] = Counter()
    wrong: list[str] = []
    for path in sorted((data / "traces" / "framework_traces_langfuse").glob("*.json.gz")):
        read = loaded(path)
        for one in read.get("observations", ()) if "trace" in read else ():
            told = one.get("metadata")
            told = json.loads(told) if isinstance(told, str) and told.startswith("{") else told
            attributes = (told or {}).get("attributes") if isinstance(told, dict) else None
            wanted = KINDS.get(one["type"])
            if not attributes or wanted is None:
                continue
            scope = ((told or {}).get("scope") or {}).get("name") or ""
            kind = row_of(attributes, name=one["name"] or "", scope=scope)["kind"]
            if kind == wanted or (kind == "chain" and attributes.get("ai.operationId") == "ai.generateText"):  # its inner span is the call
                right[path.name.split("_", 1)[1].split("-20")[0]] += 1
            else:
                wrong.append(f"{path.name} {one['name']}: {kind}, not {wanted}")
    n = sum(right.values())
    print(f"\nframework traces: {n} of {n + len(wrong)} kinds right, {len(right)} emitters; wrong: {wrong[:5]}")
    assert n >= 0.95 * (n + len(wrong))


def test_openinference_fixtures(data: Path) -> None:
    """Attribute maps of client and tool spans, in OpenInference's names and in OpenTelemetry's."""
    for path in sorted((data / "traces" / "openinference_fixtures").glob("*openinference-genai*")):
        attributes = loaded(path)
        row = row_of(attributes)
        tool = "tool_execution" in path.name
        assert row["kind"] == ("tool" if tool else "llm"), path.name
        assert row["dialect"] == ("openinference" if "openinference.span.kind" in attributes else "otel_genai"), path.name
        if not tool:
            assert (row["tokens_input"], row["tokens_output"], row["model_served"]) == (97.0, 52.0, "gpt-4-0613"), path.name
            assert row["output_chars"] == 67.0, path.name


def test_vercel_fixtures(data: Path) -> None:
    seen: Counter[str] = Counter()
    for one in loaded(next((data / "traces" / "openinference_fixtures").glob("*vercel*all-spans*"))):
        row = row_of(one["attributes"], name=one["name"])
        assert (row["dialect"], row["kind"]) == ("vercel", VERCEL[one["name"]]), one["name"]
        assert (row["tokens_output"] is not None) == (row["kind"] == "llm"), one["name"]
        seen[row["kind"]] += 1
    print(f"\nvercel fixtures: {dict(seen)}")
    assert seen["llm"] >= 3
