"""Slots by grammar and by the values that are known: tenant, time, tool, model, locale, region, prompt version, route.

Each value found is masked by one and the same example of its kind, so that `is it just initech?` and `is it just acme?` are one question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from bot.chat.times import moment_said
from bot.chat.values import Values
from bot.chat.words import SHORTHAND, is_rare
from bot.model.value import rfc3339

MASKS = {
    "tenant": "acme",
    "tool": "get_order",
    "model": "gpt-4o",
    "locale": "de-DE",
    "region": "eu-west-1",
    "prompt_version": "v42",
    "route": "/chat",
    "time": "14:03",
}
LANGUAGES = {
    "german": "de-DE", "germany": "de-DE", "germans": "de-DE", "french": "fr-FR", "france": "fr-FR", "spanish": "es-ES", "spain": "es-ES",
    "mexico": "es-MX", "portuguese": "pt-BR", "brazil": "pt-BR", "brazilian": "pt-BR", "brazilians": "pt-BR", "japanese": "ja-JP",
    "japan": "ja-JP", "italian": "it-IT", "italy": "it-IT", "dutch": "nl-NL", "polish": "pl-PL", "poland": "pl-PL", "turkish": "tr-TR",
    "chinese": "zh-CN", "china": "zh-CN", "korean": "ko-KR", "korea": "ko-KR", "thai": "th-TH", "thailand": "th-TH", "hindi": "hi-IN",
    "swedish": "sv-SE", "arabic": "ar-SA", "british": "en-GB", "american": "en-US",
}  # fmt: skip
_NAME = r"([A-Za-z0-9][\w.&-]{1,60})"
_GRAMMAR: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("region", re.compile(r"\b((?:us|eu|ap|sa|ca|me|af|cn|uk)-(?:gov-)?(?:north|south|east|west|central)[a-z]*-?\d[a-z]?)\b", re.I)),
    ("model", re.compile(
        r"\b((?:gpt|chatgpt|claude|gemini|gemma|llama|mistral|mixtral|qwen|deepseek|command|nova|phi|o[134])-[\w.:-]*\w|claude(?: "
        r"(?:haiku|sonnet|opus))"
        r"|gpt ?\d[\w.-]*|llama ?\d[\w.-]*|claude|gemini|o[134](?:-mini)?)\b", re.I)),
    ("locale", re.compile(r"\b([a-z]{2}[-_][A-Z]{2})\b")),
    ("route", re.compile(r"(?<![\w./:])(/[A-Za-z][\w./{}-]*)")),
    ("route", re.compile(rf"\b(?:route|endpoint|path) ({_NAME[1:-1]})", re.I)),
    ("prompt_version", re.compile(r"\b(v\d{1,5}(?:\.\d{1,4}){0,2}(?:-[\w.]{1,20})?)\b", re.I)),
    ("prompt_version", re.compile(r"\b(?:prompt |version |rev(?:ision)? )(?:version )?#?(\d{1,5}(?:\.\d{1,4}){0,2})\b", re.I)),
    ("tool", re.compile(r"(?<![.\w/])([a-z][a-z0-9]*(?:_[a-z0-9]+){1,6})\b(?=[^.]|\.?$)")),
    ("tool", re.compile(rf"\b(?:tool|function) (?:called |named )?{_NAME}", re.I)),
    ("region", re.compile(rf"\bregion {_NAME}", re.I)),
    ("locale", re.compile(r"\blocale ([a-z]{2}(?:[-_][A-Za-z]{2})?)\b", re.I)),
    ("tenant", re.compile(rf"\b(?:tenants?|customers?|clients?|accounts?|org(?:ani[sz]ation)?) (?:called |named |id )?{_NAME}", re.I)),
    ("tenant", re.compile(r"\b([A-Za-z][\w&-]{1,40})(?: (?:corp(?:oration)?|inc|ltd|llc|gmbh|ag|sa|plc|co))\b\.?", re.I)),
)  # fmt: skip
_BARE = re.compile(r"\b(?:just|only|about|for|and|of|from|with|by|hit|is|does|block|throttle|ban|compare) ([A-Za-z][\w&-]{2,40})\b")
_KEYWORDS = frozenset((
    "max_tokens", "error_rate", "insufficient_data", "no_fault",
    "tenant", "tenants", "customer", "customers", "model", "models", "tool", "tools", "region", "regions", "locale", "locales", "route",
    "routes", "prompt", "prompts", "version", "versions", "is", "are", "was", "were", "the", "a", "an", "and", "or", "of", "in", "on",
    "at", "to", "for", "with", "by", "we", "our", "they", "it", "this", "that", "affected", "failing", "broken", "down", "see", "sees",
    "saw", "data", "which", "what", "who", "whose", "how", "why", "when", "not", "only", "just", "too", "also", "hit", "first", "next",
    "complains", "support", "facing", "service", "services", "rest", "others", "text", "error", "errors", "call", "calls", "update",
    "notes", "worse", "worst",
))  # fmt: skip


@dataclass(frozen=True)
class Found:
    """`slots` as the contract names them; `all` values of a kind, in order; `masked` is the text to understand; `known` slots are values
    of this incident, others were only recognised by their form."""

    slots: dict[str, str]
    masked: str
    all: dict[str, tuple[str, ...]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Hit:
    slot: str
    value: str
    start: int
    end: int
    known: bool


def find(text: str, values: Values, now: datetime) -> Found:
    """`text` is tidied but keeps its case; `now` is the incident's, against which times are read."""
    hits = [_Hit(*one, known=True) for one in values.mentions(text)]
    for more in (
        _by_time(text, now),
        _by_grammar(text, values),
        (_Hit(*one, known=True) for one in values.slips(text)),
        _bare(text, values),
    ):
        hits += [hit for hit in more if all(hit.end <= one.start or hit.start >= one.end for one in hits)]
    hits.sort(key=lambda hit: hit.start)
    everything: dict[str, list[str]] = {}
    for hit in hits:
        everything.setdefault(hit.slot, [])
        if hit.value not in everything[hit.slot]:
            everything[hit.slot].append(hit.value)
    return Found(
        slots={slot: found[0] for slot, found in sorted(everything.items())},
        masked=_masked(text, hits),
        all={slot: tuple(found) for slot, found in sorted(everything.items())},
        known=frozenset(hit.slot for hit in hits if hit.known),
    )


def _masked(text: str, hits: list[_Hit]) -> str:
    parts, at = [], 0
    for hit in hits:
        said = text[hit.start : hit.end]
        plain = (hit.slot == "time" and ":" not in said) or said.lower() in LANGUAGES
        parts += [text[at : hit.start], said if plain else MASKS[hit.slot]]
        at = hit.end
    return "".join([*parts, text[at:]])


def _by_time(text: str, now: datetime) -> Iterator[_Hit]:
    found = moment_said(text, now)
    if found is not None:
        yield _Hit("time", rfc3339(found.at), found.start, found.end, known=True)


def _by_grammar(text: str, values: Values) -> Iterator[_Hit]:
    for slot, pattern in _GRAMMAR:
        for hit in pattern.finditer(text):
            said = hit.group(1)
            if slot == "tenant" and said.isalpha() and not is_rare(said.lower()) and values.near(slot, said) is None:
                continue  # `do customers still get errors`: what stands behind the word is no name
            if said.lower() in _KEYWORDS or (slot == "tool" and "_" not in said and values.near(slot, said) is None):
                continue
            known = values.near(slot, said)
            value = known or (said.replace("_", "-") if slot == "locale" else said)
            yield _Hit(slot, value, hit.start(1), hit.end() if slot == "tenant" else hit.end(1), known=known is not None)
    for hit in re.finditer(r"[A-Za-z]+", text):
        locale = LANGUAGES.get(hit.group().lower())
        if locale is not None:
            yield _Hit("locale", _spoken(locale, values), hit.start(), hit.end(), known=values.exact("locale", locale) is not None)


def _spoken(locale: str, values: Values) -> str:
    """A language as the incident writes it: `de` or `de-AT` where there is no `de-DE`."""
    language = locale.split("-", maxsplit=1)[0]
    same = [value for value in values.of("locale") if value.casefold().split("-")[0].split("_")[0] == language]
    return values.exact("locale", locale) or (same[0] if same else locale)


def _bare(text: str, values: Values) -> Iterator[_Hit]:
    """`is it just acme?`: a word that English hardly knows, where a name would stand, is a tenant."""
    for hit in _BARE.finditer(text):
        said = hit.group(1)
        low = said.lower()
        if low.endswith(("ing", "ed")) or low in _KEYWORDS or low in _OURS or low in SHORTHAND:
            continue  # `is replying`: what stands there is no name
        known = values.near("tenant", said)
        if is_rare(low) and not values.near("tool", said):
            yield _Hit("tenant", known or said, hit.start(1), hit.end(1), known=known is not None)


_OURS = frozenset((
    "openai", "anthropic", "azure", "bedrock", "rollback", "runbook", "onset", "latency", "triage", "rca", "sitrep", "ttft", "ttfb",
    "p95", "p99", "infra", "llm", "rag", "mttr", "grafana", "kubernetes", "postmortem", "handoff", "handover", "oncall", "tldr", "eli5",
    "exec", "execs", "timeline", "prod", "staging", "redis", "vectordb", "embeddings", "embedding", "reranker", "guardrail", "stats",
    "chatbot", "k8s", "slo", "sli", "tokenizer", "backend", "frontend", "deploys", "config", "configs", "cache", "caches", "judge",
    "judges", "retrieval", "failover", "retry", "retries", "culprit", "credits", "quota", "pods", "pod", "pager", "midwatch", "slack",
    "datadog", "pagerduty", "obs", "telemetry", "apm", "otel", "span", "spans",
))  # fmt: skip
