"""Which causes and layers a question names, in the words people use for them."""

from __future__ import annotations

import re
from collections.abc import Mapping

SAID: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"mix.?shift|\bmix\b", ("none.mix_shift",)),
    (r"\bnoise|seasonal|normal variation|random", ("none.noise_or_seasonal",)),
    (r"openai|anthropic|bedrock|vertex|provider|vendor|\boutage\b|529|overload", ("model.provider_incident",)),
    (r"out of credits?|credits|quota|spend limit|budget exhausted", ("model.quota_exhausted",)),
    (r"rate.?limit|429|throttl|tpm|rpm", ("model.rate_limited",)),
    (r"access|api key|401|403|permission denied", ("model.access_denied",)),
    (r"context (?:window|overflow|length)|too long|overflow", ("model.context_overflow",)),
    (r"silent|alias|model (?:version|upgrade|change)|new model|dumber", ("model.silent_version_change",)),
    (r"refus", ("model.refusal_shift",)),
    (r"truncat|cut off|max.?tokens", ("model.truncated_output",)),
    (r"ttft|first token", ("model.ttft_regression",)),
    (r"fall.?back", ("model.fallback_engaged",)),
    (r"gibberish|corrupt", ("model.output_corruption",)),
    (r"decode|slow tokens|tokens per second", ("model.decode_slowdown",)),
    (r"contract|parse error|json", ("prompt.contract_break",)),
    (r"safety (?:section|clause)", ("prompt.safety_section_missing",)),
    (r"locale|language|english to|translation", ("prompt.locale_regression",)),
    (r"placeholder|unresolved|variable", ("prompt.unresolved_reference",)),
    (r"validated|wrong model for", ("prompt.model_mismatch",)),
    (r"\bverbos", ("prompt.verbosity_drift",)),
    (r"replica|search time|index time|timeout", ("retrieval.timeout", "tool.timeout")),
    (r"stale|out of date|outdated", ("retrieval.stale_index",)),
    (r"embedding", ("retrieval.embedding_mismatch",)),
    (r"rank", ("retrieval.ranking_regression",)),
    (r"empty (?:results?|answers?)|no (?:results|documents|sources)", ("retrieval.empty_results",)),
    (r"partial|shard", ("retrieval.partial_results",)),
    (r"vector (?:db|database|store|index)|\bindex\b", ("retrieval.error", "retrieval.timeout", "retrieval.embedding_mismatch")),
    (r"\bloop", ("tool.loop",)),
    (r"schema|tool version", ("tool.schema_break",)),
    (r"deploy|release|app version|new version|rollout", ("infra.app_deploy",)),
    (r"traffic|surge|spike|load", ("infra.traffic_surge",)),
    (r"attack|injection|jailbreak|abuse|hack", ("infra.abuse_injection",)),
    (r"network|dns|region down", ("infra.network_region",)),
    (r"guardrail|over.?block|filter", ("infra.guardrail_overblock",)),
    (r"device|phone|mobile|old app", ("infra.device_cohort",)),
    (r"\bcach(?:e|ed|ing)\b.*\b(?:wrong|other|hit)|another'?s data|wrong hit|leak", ("infra.cache_wrong_hit",)),
    (r"prompt cach|cache (?:collapse|miss|hit rate)|\bcache\b", ("cost.cache_collapse", "infra.cache_wrong_hit")),
    (r"retr(?:y|ies) ", ("cost.retry_amplification",)),
    (r"reasoning|thinking tokens", ("cost.reasoning_growth",)),
    (r"judge", ("telemetry.judge_drift",)),
    (r"schema drift|renamed|tokens? (?:dropped|fell)|dropped \d+ ?%", ("telemetry.schema_drift",)),
    (r"no traces|trace loss|telemetry|lost traces", ("telemetry.trace_loss", "telemetry.schema_drift")),
)  # fmt: skip
LAYERS: tuple[tuple[str, str], ...] = (
    (r"\b(?:model|llm|openai|anthropic|provider|gpt|claude|gemini|azure|bedrock)\b", "model"),
    (r"\bprompts?\b|\btemplate\b", "prompt"),
    (r"\b(?:retrieval|search|rag|index|vector|documents?|knowledge base|kb)\b", "retrieval"),
    (r"\b(?:tools?|agent|function|mcp)\b", "tool"),
    (r"\b(?:cost|bill|spend|tokens?)\b", "cost"),
    (r"\b(?:infra|infrastructure|network|deploy|traffic|pods?|kubernetes|app)\b", "infra"),
    (r"\b(?:telemetry|tracing|traces|dashboards?|metrics|judge)\b", "telemetry"),
)
_ID = re.compile(r"\b(model|prompt|retrieval|tool|cost|infra|telemetry|none)\.([a-z_]+)\b")


def causes_in(text: str, known: frozenset[str]) -> tuple[str, ...]:
    """The causes a question names, by id or in words; only ids of `known`."""
    found = [f"{layer}.{name}" for layer, name in _ID.findall(text.lower())]
    low = text.lower()
    for pattern, causes in SAID:
        if re.search(pattern, low):
            found += causes
    found += [cause for cause in sorted(known) if cause.split(".", 1)[1].replace("_", " ") in low and "_" in cause]
    return tuple(dict.fromkeys(cause for cause in found if cause in known))


def layers_in(text: str) -> tuple[str, ...]:
    low = text.lower()
    return tuple(layer for pattern, layer in LAYERS if re.search(pattern, low))


def counts_in(text: str) -> Mapping[str, float]:
    """`how_many` items and the `percent` a question names."""
    words = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "ten": 10, "a": 1}
    found: dict[str, float] = {}
    percent = re.search(r"(\d+(?:\.\d+)?) ?%", text)
    if percent:
        found["percent"] = float(percent[1])
    count = re.search(
        r"\b(\d{1,2}|one|two|three|four|five|ten|a)\b(?= (?:\w+ )?(?:traces?|examples?|requests?|bad|failed|failing|slow|sentences?"
        r"|lines?))",
        text,
    )
    if count:
        found["how_many"] = float(words.get(count[1], 0) or count[1])
    return found
