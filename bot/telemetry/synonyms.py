"""How teams name what has a canonical name (catalogue 3.5, "missing everywhere"): by field, the words an attribute's name must hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrase:
    """One word of every group has to be in the name, and none of `never`."""

    groups: tuple[frozenset[str], ...]
    never: frozenset[str] = frozenset()

    def fits(self, said: tuple[str, ...]) -> bool:
        held = set(said)
        return all(group & held for group in self.groups) and not self.never & held


def _say(*groups: str, never: str = "") -> Phrase:
    return Phrase(tuple(frozenset(group.split()) for group in groups), frozenset(never.split()))


_DOCS = "doc docs document documents hit hits result results chunk chunks passage passages match matches snippet snippets candidates"
_COUNT = "found returned count n num number total len length size retrieved"
_SCORE = "score scores similarity relevance distance"
_INDEX = "index corpus collection snapshot kb knowledge vectorstore store"
_VERSION = "version rev revision build generation ver release"
_BOOLEAN_OK = "ok valid success succeeded passed failed error invalid"

PHRASES: dict[str, tuple[Phrase, ...]] = {
    "retrieval.n_returned": (_say(_DOCS, _COUNT, never="limit max requested score top tokens chars bytes ms empty"),),
    "retrieval.top_k": (_say("k", "top"), _say(_DOCS, "limit max requested wanted", never="score scores found returned")),
    "retrieval.scores.top": (_say("top best max highest first", _SCORE, never="k"),),
    "retrieval.scores.mean": (_say("mean avg average", _SCORE),),
    "retrieval.scores.min": (_say("min lowest worst last", _SCORE),),
    "retrieval.index_version": (_say(_INDEX, _VERSION, never="embed embedding model"),),
    "retrieval.source_id": (_say(_INDEX, "name id slug", never="version"),),
    "retrieval.index_embed_model": (_say("index indexed", "embed embedding encoder", "model"),),
    "retrieval.query_embed_model": (_say("query", "embed embedding encoder", "model"),),
    "retrieval.partial": (_say("partial incomplete truncated"),),
    "retrieval.timed_out": (_say("timed timeout", "out timeout", never="ms s seconds limit budget"),),
    "retrieval.shards_failed": (_say("shard shards partition partitions", "failed down missing unavailable"),),
    "retrieval.indexed_at": (_say("indexed ingested crawled refreshed synced", "at time ts on date"),),
    "retrieval.modified_at": (_say("modified updated changed", "at time ts on date", _DOCS + " source"),),
    "llm.output.refusal": (_say("refused refusal declined"),),
    "llm.output.lang": (_say("answer output response reply completion", "lang language locale"),),
    "llm.input.lang": (_say("question input query user", "lang language"),),
    "llm.prompt.version": (_say("prompt template", _VERSION),),
    "llm.prompt.name": (_say("prompt template", "name id key slug", never="version user session"),),
    "llm.history_turns": (_say("history conversation turns", "turns messages length len count", never="tokens chars"),),
    "llm.ttft_ms": (_say("ttft"), _say("first", "token", "ms time latency")),
    "llm.cost_usd": (_say("cost price spend", "usd dollars total"),),
    "llm.tokens.cache_read": (_say("cached cache", "tokens", never="write creation miss"),),
    "llm.key_id": (_say("key", "id alias name", "api"),),
    "prompt.version": (_say("prompt template", _VERSION),),
    "prompt.name": (_say("prompt template", "name id key slug", never="version user session"),),
    "prompt.unresolved": (_say("unresolved unfilled missing", "variables vars variable placeholders placeholder"),),
    "parser.ok": (_say("parse parsed parser parsing json schema output", _BOOLEAN_OK, never="count kind name version"),),
    "parser.error_kind": (_say("parse parser parsing", "error failure", "kind type reason class"),),
    "tool.args_valid": (_say("args arguments input params", "valid validated ok"),),
    "tool.result_empty": (_say("result response output", "empty"),),
    "tool.result_bytes": (_say("result response output", "bytes size", never="tokens"),),
    "guardrail.action": (_say("guardrail guard moderation safety policy filter", "action decision verdict outcome"),),
    "guardrail.category": (_say("guardrail guard moderation safety policy", "category label reason"),),
    "cache.hit": (_say("cache", "hit hits status result"),),
    "cache.similarity": (_say("cache", "similarity score distance"),),
    "evaluator.value": (_say("judge eval evaluation grader quality", "score value grade rating"),),
    "evaluator.judge_version": (_say("judge eval evaluator grader", _VERSION),),
    "rerank.n_out": (_say(_DOCS + " rerank reranked", "kept out after", never="ms"),),
    "span.attempt": (_say("attempt attempts try tries", never="max limit"),),
    "request.tenant": (_say("tenant org organization organisation customer account workspace company", never="user email type tier plan"),),
    "request.route": (_say("route endpoint feature intent usecase", never="ms latency version flag"),),
    "request.locale": (_say("locale lang language", never="answer output response model detected"),),
    "request.region": (_say("region geo datacenter"),),
    "request.client": (_say("platform client surface channel", never="id version secret ip"),),
    "request.device_class": (_say("device", "class tier type model family"),),
    "request.session_id": (_say("session conversation thread chat", "id"),),
    "request.app_version": (_say("app application build release client", "version"),),
    "request.experiment": (_say("experiment variant bucket cohort", never="id"),),
    "request.outcome": (_say("outcome"), _say("request answer", "status result")),
    "request.feedback.thumb": (_say("thumb thumbs"), _say("feedback user", "rating vote score")),
    "request.feedback.escalated": (_say("escalated escalation handoff handover"),),
    "request.feedback.re_ask": (_say("reask rephrased reasked"), _say("re", "ask asked")),
    "request.cost_usd": (_say("cost spend", "usd dollars total request"),),
    "request.user_ttft_ms": (_say("first", "token", "user visible"),),
    "request.is_synthetic": (_say("synthetic canary"),),
}  # fmt: skip

INVERSE: dict[str, frozenset[str]] = {"parser_ok": frozenset({"failed", "error", "invalid"})}
"""Words that turn the meaning of a yes or no round."""

_YES = dict.fromkeys(("refused", "declined", "yes", "true", "hit", "ok", "valid", "partial", "passed", "success", "empty"), True)
_NO = dict.fromkeys(("answered", "no", "false", "miss", "failed", "invalid", "complete", "full", "error", "none"), False)

VALUES: dict[str, dict[str, str | bool]] = {
    "guardrail_action": {
        "allow": "allow", "allowed": "allow", "pass": "allow", "passed": "allow", "ok": "allow", "none": "allow", "block": "block",
        "blocked": "block", "deny": "block", "denied": "block", "reject": "block", "rejected": "block", "modify": "modify",
        "modified": "modify", "mask": "modify", "masked": "modify", "redact": "modify", "redacted": "modify", "rewritten": "modify",
    },
    "outcome": {
        "ok": "ok", "success": "ok", "succeeded": "ok", "answered": "ok", "degraded": "degraded", "partial": "degraded",
        "fallback": "degraded",
        "failed": "failed", "failure": "failed", "error": "failed", "user_error": "user_error", "invalid": "user_error",
        "cancelled": "cancelled", "canceled": "cancelled", "aborted": "cancelled",
    },
    "output_refusal": {**_YES, **_NO},
    "cache_hit": {**_YES, **_NO, "stale": True, "expired": False, "bypass": False},
    "parser_ok": {**_YES, **_NO},
    "partial": {**_YES, **_NO},
}  # fmt: skip
"""Words of teams for the words of a field."""
