"""Attributes that mean the same in every dialect: identity of the request, errors, HTTP, servers, and what teams add by hand
(catalogue 3.5). An application's own namespace (`app.`, `custom.`, `llm_app.`) is read as if it were not there."""

from __future__ import annotations

from functools import cache

from bot.telemetry.canonical import Field, field_of
from bot.telemetry.dialects import Rule
from bot.telemetry.finish import finish
from bot.telemetry.meaning import reader, thumb
from bot.telemetry.values import negated, number, per_second, person, seconds


def _after(value: object) -> float | None:
    """A count of repetitions -> the number of the attempt, from 1."""
    read = number(value)
    return None if read is None else read + 1


def _thousandth(value: object) -> float | None:
    read = number(value)
    return None if read is None else read / 1000.0


SHARED: dict[str, Rule] = {
    # who and where: the request's dimensions
    "service.name": "service",
    "service.version": "app_version",
    "app.version": "app_version",
    "app_version": "app_version",
    "release": "app_version",
    "deployment.environment.name": "env",
    "deployment.environment": "env",
    "env": "env",
    "environment": "env",
    "cloud.region": "region",
    "region": "region",
    "aws.region": "region",
    "cloud.availability_zone": "zone",
    "zone": "zone",
    "k8s.pod.name": "pod",
    "service.instance.id": "pod",
    "host.name": "pod",
    "http.route": "route",
    "route": "route",
    "route.name": "route",
    "feature": "route",
    "endpoint": "route",
    "tenant": "tenant",
    "tenantId": "tenant",
    "customerId": "tenant",
    "tenant.id": "tenant",
    "tenant_id": "tenant",
    "tenant.name": "tenant",
    "customer": "tenant",
    "customer.id": "tenant",
    "customer_id": "tenant",
    "organization.id": "tenant",
    "org.id": "tenant",
    "account.id": "tenant",
    "workspace.id": "tenant",
    "user.locale": "locale",
    "locale": "locale",
    "user.language": "locale",
    "language": "locale",
    "lang": "locale",
    "browser.language": "locale",
    "client.name": "client",
    "client": "client",
    "client.type": "client",
    "platform": "client",
    "channel": "client",
    "user_agent.name": "client",
    "device.class": "device_class",
    "device_class": "device_class",
    "device.type": "device_class",
    "device.model.identifier": "device_class",
    "experiment": "experiment",
    "experiment.arm": "experiment",
    "experiment.variant": "experiment",
    "session.id": "session_id",
    "session_id": "session_id",
    "sessionId": "session_id",
    "gen_ai.conversation.id": "session_id",
    "conversation.id": "session_id",
    "thread_id": "session_id",
    "user.id": ("user_hash", person),
    "userId": ("user_hash", person),
    "user_id": ("user_hash", person),
    "enduser.id": ("user_hash", person),
    "user.hash": "user_hash",
    "outcome": "outcome",
    "request.outcome": "outcome",
    "outcome.reason": "outcome_reason",
    "user_ttft_ms": "user_ttft_ms",
    "user.ttft_ms": "user_ttft_ms",
    "request.ttft_ms": "user_ttft_ms",
    "feedback.thumb": ("feedback_thumb", thumb),
    "feedback.score": ("feedback_thumb", thumb),
    "user.feedback": ("feedback_thumb", thumb),
    "feedback.re_ask": "feedback_re_ask",
    "re_ask": "feedback_re_ask",
    "feedback.escalated": "feedback_escalated",
    "escalated": "feedback_escalated",
    "request.cost_usd": "request_cost_usd",
    "is_synthetic": "is_synthetic",
    "synthetic": "is_synthetic",
    "user_agent.synthetic.type": ("is_synthetic", bool),
    "risk.category": "risk_category",
    "risk_category": "risk_category",
    "policy.hit": "policy_hit",
    "policy_hit": "policy_hit",
    "request.input_chars": "request_input_chars",
    # errors, servers, attempts
    "http.response.status_code": "http_status",
    "http.status_code": "http_status",
    "http_status": "http_status",
    "server.address": "server_address",
    "net.peer.name": "server_address",
    "peer.service": "server_address",
    "error.class": "error_class",
    "attempt": "attempt",
    "retry.attempt": "attempt",
    "http.request.resend_count": ("attempt", _after),
    "retry.count": ("attempt", _after),
    "logical_op.id": "logical_op_id",
    "retry_after_s": "retry_after_s",
    "http.response.header.retry-after": "retry_after_s",
    "retry.after_ms": ("retry_after_s", _thousandth),
    "key.id": "key_id",
    "key_id": "key_id",
    "api_key.id": "key_id",
    # the model's answer
    "refusal": "output_refusal",
    "output.refusal": "output_refusal",
    "llm.refusal": "output_refusal",
    "output.lang": "output_lang",
    "output.language": "output_lang",
    "output.chars": "output_chars",
    "output.hash": "output_hash",
    "output.repeat_ratio": "output_repeat_ratio",
    "output.invalid_utf8": "output_invalid_utf8",
    "input.lang": "input_lang",
    "input.language": "input_lang",
    "input.chars": "input_chars",
    "input.hash": "input_hash",
    "finish_reason": ("finish", finish),
    "history.turns": "history_turns",
    "history_turns": "history_turns",
    "system.tokens": "system_tokens",
    "tokens.system": "components_system",
    "tokens.history": "components_history",
    "tokens.retrieval": "components_retrieval",
    "tokens.tools": "components_tools",
    "components.system": "components_system",
    "components.history": "components_history",
    "components.retrieval": "components_retrieval",
    "components.tools": "components_tools",
    "llm.cost_usd": "cost_usd",
    "cost_usd": "cost_usd",
    "operation.cost": "cost_usd",
    "ttft_ms": "ttft_ms",
    "llm.ttft_ms": "ttft_ms",
    "ttft_s": ("ttft_ms", per_second),
    "tpot_ms": "tpot_ms",
    # prompt
    "prompt.name": "prompt_name",
    "promptName": "prompt_name",
    "prompt_name": "prompt_name",
    "promptVersion": "prompt_version",
    "prompt_version": "prompt_version",
    "prompt.version": "prompt_version",
    "prompt.hash": "prompt_hash",
    "prompt.label": "prompt_label",
    "prompt.unresolved": "prompt_unresolved",
    "prompt.missing_vars": "prompt_missing_vars",
    "prompt.render_chars": "prompt_render_chars",
    "prompt.system_hash": "system_hash",
    # retrieval
    "retrieval.source": "source_id",
    "retrieval.index": "source_id",
    "retrieval.index_name": "source_id",
    "index.version": "index_version",
    "retrieval.embed_model": "query_embed_model",
    "retrieval.result_count": "n_returned",
    "retrieval.documents.count": "n_returned",
    "retrieval.top_score": "score_top",
    "retrieval.score_top": "score_top",
    "retrieval.mean_score": "score_mean",
    "retrieval.min_score": "score_min",
    "retrieval.indexed_at": ("indexed_at", seconds),
    "retrieval.indexed_at_p50": ("indexed_at", seconds),
    "retrieval.modified_at": ("modified_at", seconds),
    "retrieval.shards.failed": "shards_failed",
    "elasticsearch.timed_out": "timed_out",
    "elasticsearch.shards.failed": "shards_failed",
    # tool, guardrail, parser, cache, evaluator, rerank
    "tool.version": "tool_version",
    "tool.schema_hash": "tool_schema_hash",
    "tool.server": "tool_server",
    "tool.args_hash": "tool_args_hash",
    "tool.args_valid": "tool_args_valid",
    "tool.result_empty": "tool_result_empty",
    "tool.result_bytes": "tool_result_bytes",
    "tool.result_keys_hash": "tool_result_keys_hash",
    "tool.side_effect": "tool_side_effect",
    "gen_ai.guardrail.component.name": "guardrail",
    "gen_ai.guardrail.target.type": "guardrail_target",
    "gen_ai.guardrail.verdict.type": "guardrail_verdict",
    "gen_ai.guardrail.action.type": "guardrail_action",
    "gen_ai.guardrail.security.policy.id": "guardrail_policy_id",
    "gen_ai.guardrail.security.policy.version": "guardrail_policy_version",
    "gen_ai.guardrail.security.risk.category": "guardrail_category",
    "gen_ai.guardrail.security.risk.score": "guardrail_score",
    "aws.bedrock.guardrail.id": "guardrail_policy_id",
    "parse.ok": "parser_ok",
    "parse.failed": ("parser_ok", negated),
    "parse.schema": "parser_schema",
    "parse.error_kind": "parser_error_kind",
    "parser.version": "parser_version",
    "eval.name": "evaluator",
    "gen_ai.evaluation.name": "evaluator",
    "eval.score": "evaluator_value",
    "gen_ai.evaluation.score.value": "evaluator_value",
    "eval.label": "evaluator_label",
    "gen_ai.evaluation.score.label": "evaluator_label",
    "eval.judge_model": "judge_model",
    "judge.model": "judge_model",
    "eval.judge_version": "judge_version",
    "judge.version": "judge_version",
    "eval.control_set": "evaluator_control_set",
}
_OWN_WORDS = frozenset({"retrieval", "guardrail", "cache", "parser", "rerank", "evaluator"})
_NAMESPACES = (
    "app.", "custom.", "llm_app.", "metadata.", "ai.telemetry.metadata.", "langfuse.trace.metadata.", "langfuse.observation.metadata.",
    "langsmith.metadata.", "traceloop.association.properties.", "mlflow.traceTag.",
)  # fmt: skip
"""Where applications put their own attributes: each dialect has a place for them."""


READ_ELSEWHERE = frozenset(
    {
        "error.type", "error.message", "rpc.jsonrpc.error_code",
        "error", "exception.type", "exception.message", "exception.stacktrace", "otel.status_code",
        "otel.status_description", "feature_flag.key", "feature_flag.variant", "feature_flag.result.variant", "feature_flag.result.value",
        "sampling.priority", "sampler.type", "sampler.param", "SampleRate", "sample_rate", "tailsampling.policy", "tail_sampling.policy",
    }
)  # fmt: skip
"""Read by signs.py rather than by a rule, and never dimensions of their own."""

NOISE = (
    "telemetry.", "process.", "os.", "container.", "host.", "thread.", "code.", "otel.", "net.", "network.", "url.", "http.", "client.",
    "server.", "user_agent.", "k8s.", "faas.", "rpc.", "messaging.", "db.statement", "db.query.text", "exception.", "logfire.", "peer.",
    "enduser.", "event.", "source.", "destination.", "jsonrpc.",
)  # fmt: skip
"""Families that describe the machine or repeat other fields: never dimensions of an incident of their own."""


@cache
def shared(attribute: str) -> Rule | None:
    """The rule of an attribute. Canonical paths count too, in the application's namespace (`app.retrieval.scores.top`) or, for kinds that
    no convention has taken, without it (`guardrail.action`)."""
    for namespace in _NAMESPACES:
        if attribute.startswith(namespace):
            bare = attribute[len(namespace) :]
            field = field_of(bare)
            return SHARED.get(attribute) or SHARED.get(bare) or (_reader(field) if field is not None else None)
    field = field_of(attribute) if attribute.partition(".")[0] in _OWN_WORDS else None
    return SHARED.get(attribute) or (_reader(field) if field is not None else None)


def _reader(field: Field) -> Rule:
    read = reader(field)
    return field.column if read is None else (field.column, read)
