"""How a failure looks in the telemetry of a real client: names, HTTP codes, exception types or nothing at all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    name: str  # error.type of an emitter that names its errors
    http: int | None
    exception: str
    message: str


LOOKS: dict[str, Look] = {
    "timeout": Look("timeout", None, "httpx.ReadTimeout", "the read operation timed out"),
    "rate_limit": Look("rate_limit_exceeded", 429, "RateLimitError", "Error code: 429 - rate limit reached, please retry later"),
    "quota": Look("insufficient_quota", 429, "RateLimitError", "Error code: 429 - insufficient_quota: you exceeded your current quota"),
    "overload": Look("overloaded_error", 529, "OverloadedError", "Error code: 529 - overloaded_error"),
    "server_error": Look("500", 500, "InternalServerError", "Error code: 500 - internal server error"),
    "auth": Look("authentication_error", 401, "AuthenticationError", "Error code: 401 - invalid credentials"),
    "not_found": Look("not_found_error", 404, "NotFoundError", "Error code: 404 - model_not_found"),
    "context_length": Look(
        "context_length_exceeded", 400, "BadRequestError", "Error code: 400 - this model's maximum context length is exceeded"
    ),
    "connection": Look("ECONNREFUSED", None, "ConnectionRefusedError", "connection refused"),
    "tool_contract": Look("ToolInputError", 422, "ToolInputError", "422 - validation error: argument missing or unknown"),
    "parse": Look("OutputParserException", None, "OutputParserException", "could not parse the model's output"),
    "bad_request": Look("invalid_request_error", 400, "BadRequestError", "Error code: 400 - mismatched vector dimension"),
    "cancelled": Look("CancelledError", 499, "asyncio.CancelledError", "client disconnected"),
    "exception": Look("KeyError", 500, "KeyError", "'items'"),
    "no_sources": Look("CitationError", 502, "CitationError", "answer without sources"),
    "tool_failed": Look("AgentError", 502, "AgentError", "the agent gave up after a failed tool"),
}

UPSTREAM = Look("UpstreamModelError", 502, "UpstreamModelError", "the model did not answer")  # what the root says about a dead model call
OTHER = Look("_OTHER", None, "", "operation failed")
ROOT_OWN = frozenset({"parse", "exception", "no_sources", "tool_failed", "cancelled"})


def look(kind: str, error: str, flavour: str) -> Look:
    """What an emitter of this flavour writes for this failure; `name` is its error.type."""
    seen = LOOKS[error]
    if kind == "request" and error not in ROOT_OWN:
        seen = UPSTREAM
    if flavour == "other":
        return OTHER
    if flavour == "http":
        return Look(str(seen.http) if seen.http else seen.name, seen.http, "", seen.message if seen.http is None else f"HTTP {seen.http}")
    if flavour == "exception":
        return Look(seen.exception, None, seen.exception, seen.message)
    return seen
