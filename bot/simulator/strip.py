"""A story as the poorest of emitters would tell it: the same incident, without what the standards leave optional."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.simulator.bundle import Story

KEPT = frozenset(
    {
        "service.name", "http.request.method", "http.route", "http.response.status_code", "error.type", "openinference.span.kind",
        "gen_ai.operation.name", "gen_ai.request.model", "gen_ai.provider.name", "gen_ai.system", "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens", "gen_ai.tool.name", "llm.model_name", "llm.system", "llm.token_count.prompt",
        "llm.token_count.completion", "embedding.model_name", "tool.name",
    }
)  # fmt: skip
"""What an instrumentation writes without anybody's doing: kinds, models asked for, usage, status."""


def strip_optional(story: Story) -> Story:
    """The same bundle without optional attributes, prompts and metrics; spans, times, status, changes and page stay as they are."""
    return replace(story, otlp=[_stripped(one) for one in story.otlp], attributes={}, prompts={}, prompt_meta={}, metrics=None)


def _stripped(traces: Any) -> dict[str, object]:
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _kept(resource["resource"]["attributes"])},
                "scopeSpans": [
                    {"scope": scope["scope"], "spans": [{**span, "attributes": _kept(span["attributes"])} for span in scope["spans"]]}
                    for scope in resource["scopeSpans"]
                ],
            }
            for resource in traces["resourceSpans"]
        ]
    }


def _kept(attributes: list[Any]) -> list[Any]:
    return [one for one in attributes if one["key"] in KEPT]
