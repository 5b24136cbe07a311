"""Error classes and finish reasons: every row of the tables of catalogue 3.2, and the order of the rows."""

from __future__ import annotations

import pytest

from bot.telemetry.error_class import Symptom, error_class
from bot.telemetry.finish import finish

CLASSES = [
    ("cancelled", "asyncio.CancelledError", None, ""),
    ("cancelled", "", None, "rpc error: context canceled"),
    ("cancelled", "", 499, ""),
    ("timeout", "httpx.ReadTimeout", None, ""),
    ("timeout", "DEADLINE_EXCEEDED", None, ""),
    ("timeout", "APITimeoutError", None, ""),
    ("timeout", "ETIMEDOUT", None, ""),
    ("timeout", "504", None, ""),
    ("timeout", "ModelTimeoutException", 408, ""),
    ("timeout", "", None, "The read operation timed out"),
    ("timeout", "", 500, "upstream timed out after 30 s"),
    ("quota", "RateLimitError", 429, '{"error": {"type": "insufficient_quota"}}'),
    ("quota", "credit_balance_exhausted", None, ""),
    ("quota", "", 429, '{"error": {"code": "organization_spend_limit_exceeded"}}'),
    ("quota", "", 429, "enforced_spend_limit_reached"),
    ("quota", "", 402, "billing_error"),
    ("quota", "", 400, "You have reached your specified API usage limits."),
    ("quota", "ServiceQuotaExceededException", 400, ""),
    ("rate_limit", "429", None, ""),
    ("rate_limit", "ThrottlingException", None, ""),
    ("rate_limit", "", None, "RESOURCE_EXHAUSTED"),
    ("rate_limit", "rate_limit_error", None, ""),
    ("rate_limit", "", 503, '{"error": {"code": "slow_down"}}'),
    ("overload", "", 529, ""),
    ("overload", "overloaded_error", None, ""),
    ("overload", "", 503, "server_is_overloaded"),
    ("overload", "ModelNotReadyException", 429, ""),
    ("overload", "ServiceUnavailableException", 503, ""),
    ("server_error", "InternalServerError", 500, "Something went wrong"),
    ("server_error", "api_error", None, ""),
    ("server_error", "ModelErrorException", 424, ""),
    ("server_error", "", 522, ""),
    ("server_error", "HTTPStatusError", 502, "502 Bad Gateway"),
    ("auth", "AuthenticationError", 401, "Incorrect API key provided"),
    ("auth", "AccessDeniedException", None, ""),
    ("auth", "", None, "the security token included in the request is expired"),
    ("not_found", "model_not_found", 404, ""),
    ("not_found", "", 404, '{"error": {"code": "DeploymentNotFound"}}'),
    ("not_found", "BadRequestError", 400, "The requested model 'x' does not exist."),
    ("context_length", "BadRequestError", 400, '{"error": {"code": "context_length_exceeded"}}'),
    ("context_length", "", 400, "prompt is too long: 210000 tokens > 200000 maximum"),
    ("context_length", "request_too_large", 413, ""),
    ("context_length", "", 400, "This model's maximum context length is 8192 tokens."),
    ("content_filter", "", 400, '{"error": {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}'),
    ("tool_contract", "", 422, ""),
    ("tool_contract", "", None, "MCP error -32602: Invalid arguments"),
    ("tool_contract", "ToolInputError", None, ""),
    ("parse", "json.decoder.JSONDecodeError", None, ""),
    ("parse", "OutputParserException", None, ""),
    ("parse", "AI_NoObjectGeneratedError", None, ""),
    ("dns", "", None, "getaddrinfo ENOTFOUND api.example.com"),
    ("dns", "EAI_AGAIN", None, ""),
    ("connection", "ECONNREFUSED", None, ""),
    ("connection", "APIConnectionError", None, "Connection error."),
    ("connection", "ConnectionResetError", None, "[Errno 104] Connection reset by peer"),
    ("tls", "", None, "certificate verify failed: certificate has expired"),
    ("rate_limit", "APIStatusError", None, "Error code: 429 - {'error': {'message': 'Please slow down a bit'}}"),
    ("server_error", "", None, "Client error for url /search: HTTP/1.1 502"),
    ("auth", "", None, '{"error":{"code":"401","message":"Access denied due to invalid subscription key"}}'),
    ("unknown", "", None, "could not find order 404 of 500"),
    ("bad_request", "BadRequestError", 400, "Unsupported value: 'temperature'"),
    ("bad_request", "", 409, ""),
    ("server_error", "", 599, ""),
    ("unknown", "_OTHER", None, ""),
    ("unknown", "ValueError", None, "x must be positive"),
    ("unknown", "", None, ""),
]


@pytest.mark.parametrize(("wanted", "type_", "status", "said"), CLASSES, ids=[f"{row[0]}: {row[1] or row[2] or row[3]}" for row in CLASSES])
def test_class(wanted: str, type_: str, status: int | None, said: str) -> None:
    assert error_class(Symptom(type_, status, said, "llm")) == wanted


@pytest.mark.parametrize(
    ("kind", "wanted"), [("tool", "tool_contract"), ("retrieval", "tool_contract"), ("llm", "parse"), ("parser", "parse")]
)
def test_a_validation_error_is_the_tools_contract_or_the_models_form(kind: str, wanted: str) -> None:
    assert error_class(Symptom("pydantic_core.ValidationError", None, "1 validation error for Args", kind)) == wanted


def test_a_definite_status_outweighs_a_word_in_a_sentence() -> None:
    assert error_class(Symptom("", 403, "connection refused by policy", "tool")) == "auth"


def test_a_number_in_a_long_text_is_no_status() -> None:
    assert error_class(Symptom("a name that happens to hold the number 500 somewhere inside", None, "", "tool")) == "unknown"


FINISH = {
    "stop": ["stop", "end_turn", "stop_sequence", "STOP", "COMPLETE", "eos_token", ["stop"], '["stop"]', "FinishReason.STOP"],
    "length": ["length", "max_tokens", "MAX_TOKENS", "model_length", "max_output_tokens"],
    "context_window": ["model_context_window_exceeded"],
    "tool_call": ["tool_calls", "function_call", "tool_use", "TOOL_CALL", "tool-calls"],
    "content_filter": ["content_filter", "SAFETY", "RECITATION", "PROHIBITED_CONTENT", "SPII", "guardrail_intervened", "content-filter"],
    "refusal": ["refusal"],
    "pause": ["pause_turn", "compaction"],
    "error": ["error", "MALFORMED_FUNCTION_CALL", "OTHER", "network_error", "insufficient_system_resource"],
}


@pytest.mark.parametrize(("raw", "wanted"), [(raw, wanted) for wanted, words in FINISH.items() for raw in words], ids=str)
def test_finish(raw: object, wanted: str) -> None:
    assert finish(raw) == wanted


def test_of_several_reasons_the_worst_counts() -> None:
    assert finish(["stop", "tool_calls", "length"]) == "length"


@pytest.mark.parametrize("raw", [None, "", [], {}, 7, [None], [[["stop"] * 2] * 2]])
def test_nothing_said(raw: object) -> None:
    assert finish(raw) in (None, "stop")


def test_a_new_word_is_kept() -> None:
    assert finish("Budget_Exhausted") == "budget_exhausted"
