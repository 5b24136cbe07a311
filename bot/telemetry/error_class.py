"""What went wrong, in one word (catalogue 3.2). The table is data: the first row that matches wins, so its order matters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_LOOKED_AT = 2_000  # characters of a message; the class is always said at its beginning


@dataclass(frozen=True)
class Symptom:
    """What a failed span says about itself. Texts may be empty; `status` is an HTTP status or None."""

    type: str = ""  # error.type, exception.type: a code, an exception's name, a status as text
    status: int | None = None
    said: str = ""  # status message, exception message, the provider's JSON body
    kind: str = "other"


@dataclass(frozen=True)
class Row:
    """A row matches when its kinds allow it and either the status is listed or the pattern is found in type or message."""

    name: str
    statuses: frozenset[int] = frozenset()
    pattern: re.Pattern[str] | None = None
    kinds: frozenset[str] | None = None  # None = any
    hidden: bool = False  # providers put it behind the status or the exception of another class: its words come first

    def says(self, words: str) -> bool:
        return self.pattern is not None and bool(words) and self.pattern.search(words) is not None


def _row(name: str, *words: str, statuses: tuple[int, ...] = (), kinds: tuple[str, ...] | None = None, hidden: bool = False) -> Row:
    """`words` are alternatives, each a regular expression read without regard to case."""
    spelled = [word.replace("_?", "[ _-]?") for word in words]  # `_?`: access_denied, AccessDenied and "access denied" are one
    pattern = re.compile("|".join(spelled), re.I) if words else None
    return Row(name, frozenset(statuses), pattern, frozenset(kinds) if kinds else None, hidden)


ROWS: tuple[Row, ...] = (
    _row(
        "cancelled", r"cancell?ed_?error", r"\bcancell?ed\b", "context canceled", "client (closed|disconnect)", "abort_?error",
        "client_disconnect",
        statuses=(499,),
    ),
    _row(
        "quota", "insufficient_quota", "credit_?balance", "spend_?limit", "usage_limit_exceeded", "billing_error",
        "service_?quota_?exceeded",
        "exceeded your current quota", "specified api usage limits",
        statuses=(402,), hidden=True,
    ),
    _row(
        "overload", "overloaded", "model_?not_?ready", "service_?unavailable_?exception", "server_is_overloaded", "engine[ _]overloaded",
        statuses=(529,), hidden=True,
    ),
    _row(
        "context_length", "context_?length_?exceeded", "prompt is too long", "request_too_large", "maximum context length",
        "context window",
        "too many (input )?tokens", "input is too long", "exceeds? the (maximum|max)( number of)? (allowed )?(input )?tokens",
        statuses=(413,), hidden=True,
    ),
    _row(
        "tool_contract", r"-32602\b", "tool_?input_?error", "invalid_?tool_?(arguments|input)", "no_?such_?tool", "unknown tool",
        "tool call validation failed", "tool_use_failed",
        hidden=True,
    ),
    _row(
        "content_filter", "content_?filter", "responsible_?ai_?policy", "guardrail.{0,20}interven", "content_policy",
        "blocked by (the )?safety",
        "prompt_?blocked",
        hidden=True,
    ),
    _row(
        "rate_limit", "rate_?limit", "slow_down", "throttl", "resource_?exhausted", "too_?many_?requests", "rate-limited", statuses=(429,),
    ),
    _row("timeout", r"time[ _-]?d?[ _]?out", "deadline[ _]?exceeded", "etimedout", "esockettimedout", statuses=(408, 504, 524)),
    _row(
        "not_found", "not_?found_?error", "model_?not_?found", "deployment_?not_?found", "resource_?not_?found", "no_?such_?index",
        "index_?not_?found", r"model.{0,120}(does not exist|not found|is not supported\b(?! with))", "model identifier is invalid",
    ),
    _row(
        "auth", "authentication", "permission_?(error|denied)", "access_?denied", "unauthori[sz]ed", "unauthenticated", "forbidden",
        "expired[ _]?token", "token.{0,40}expired", "invalid_?api_?key", "incorrect api key", "invalid_?signature", "unrecognized_?client",
        "no api key",
        statuses=(401, 403),
    ),
    _row(
        "dns", "enotfound", "eai_again", "name or service not known", "getaddrinfo", "name resolution", "nodename nor servname",
        "no such host",
    ),
    _row("tls", "certificate", "ssl_?error", r"\btls\b", "ssl: ", "cert_has_expired"),
    _row(
        "connection", "econn(refused|reset|aborted)", "epipe", "api_?connection_?error",
        "connect(ion)?[_ ]?(error|refused|reset|aborted|closed)",
        "socket hang up", "broken ?pipe", "remote_?protocol_?error", "server disconnected", "ehostunreach",
        "network_?(is )?(unreachable|error)",
        "connect call failed",
    ),
    _row(
        "tool_contract", "validation_?error", "invalid_?arguments?", "missing required", "invalid params",
        statuses=(422,), kinds=("tool", "retrieval", "agent"),
    ),
    _row(
        "parse", "json_?decode_?error", "output_?parser_?exception", "no_?object_?generated", "json_?parse_?error",
        "type_?validation_?error",
        "failed to parse", "(could not|unable to) parse", "unexpected_?model_?behavior", "output_?validation",
    ),
    _row(
        "parse", "validation_?error", "syntax_?error", "unexpected token", "invalid json", "schema (mismatch|validation)",
        kinds=("parser", "llm"),
    ),
    _row("tool_contract", "unprocessable", statuses=(422,)),
    _row(
        "server_error", r"api_?error\b", "internal_?server_?error", "internal_?failure", "model_?error_?exception", "model_?stream_?error",
        "bad ?gateway", "service ?unavailable", "server_?error", "internal[_ ]error",
        statuses=(424, 500, 502, 503, 520, 521, 522, 523),
    ),
    _row("not_found", r"\bnot[ _]found\b", statuses=(404, 410)),
    _row(
        "bad_request", "bad_?request", "invalid_?request", "invalid_?argument", "validation_?exception", "malformed input",
        statuses=(400, 405, 406, 409, 411, 412, 415, 416, 428, 431),
    ),
)  # fmt: skip

NAMES = frozenset(row.name for row in ROWS) | {"unknown"}

_DIGITS = re.compile(r"\b([45]\d\d)\b")
_SAID = re.compile(r"(?:error code|status[_ ]?code|status|http(?:/\d(?:\.\d)?)?|code)[\"']?\s{0,2}[:=]?\s{0,2}[\"']?([45]\d\d)\b", re.I)
_NOTHING_SAID = frozenset({"", "_other", "error", "exception", "unknown", "runtimeerror", "status_code_error"})
_GENERIC = frozenset({"server_error", "bad_request"})  # also written when nothing better is known: the message may know better
_VAGUE = frozenset({400, 500, 502, 503})  # statuses written for anything


def error_class(symptom: Symptom) -> str:
    """The class of a failed span; `unknown` when nothing it says is known."""
    return _classified(symptom.type[:200], symptom.status, symptom.said[:_LOOKED_AT], symptom.kind)


@lru_cache(maxsize=50_000)  # the same few messages come millions of times in an incident
def _classified(type_: str, status: int | None, said: str, kind: str) -> str:
    rows = [row for row in ROWS if row.kinds is None or kind in row.kinds]
    status = _status(type_, status, said)
    named = "" if type_.lower() in _NOTHING_SAID else _words(type_)
    plain = [row for row in rows if row.name not in _GENERIC]
    by_words = [row.name for row in rows if row.hidden and (status in row.statuses or row.says(named) or row.says(said))]
    by_type = [row.name for row in plain if row.says(named)]
    by_status = [row.name for row in rows if status in row.statuses]
    by_message = [row.name for row in plain if row.says(said)]
    if status is not None and status not in _VAGUE:
        by_message = []  # a definite status outweighs a word in a sentence
    generic = [row.name for row in rows if row.name in _GENERIC and (row.says(named) or row.says(said))]
    found = by_words or by_type or (by_status if status not in _VAGUE else []) or by_message or by_status or generic
    if found:
        return found[0]
    return "unknown" if status is None else "server_error" if status >= 500 else "bad_request"


def _words(type_: str) -> str:
    """`TooManyRequestsException` is searched as written and as too_many_requests_exception."""
    return f"{type_} {re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', type_)}"


def _status(type_: str, status: int | None, said: str) -> int | None:
    """The HTTP status, also where it stands only in the type ("429", "HTTP 503") or in what an SDK or a JSON body says."""
    if status is not None and 400 <= status <= 599:
        return status
    found = _DIGITS.search(type_) if len(type_) <= 40 else None  # a long text may hold any number
    found = found or _SAID.search(said)
    return int(found.group(1)) if found else None
