"""One recorded value -> text, number or yes/no. Every function is total: what cannot be read is None, never an error."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

TEXT = 200  # a name or version is shorter; what is longer is content, and a dimension of it would help nobody
CONTENT = 1_000_000  # characters of one message looked at; a longer one is already an incident by its length
_DEPTH = 8  # documents and messages nest four deep; deeper nesting is hostile
_TRUE = frozenset({"true", "1", "yes", "on", "t", "y", "hit", "ok", "pass", "passed", "valid", "success"})
_FALSE = frozenset({"false", "0", "no", "off", "f", "n", "miss", "failed", "fail", "invalid", "failure"})

Column = list[Any]  # values of one attribute or field, one a span


def text(value: object) -> str | None:
    """A name, at most TEXT characters; an empty text says nothing and is None. Lists give their first element."""
    if type(value) is str:
        return value[:TEXT] or None
    if value is None or isinstance(value, dict):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if math.isfinite(value) else None
    if isinstance(value, list):
        return text(value[0]) if value and not isinstance(value[0], list) else None
    return str(value)[:TEXT]


def number(value: object) -> float | None:
    """Numbers also as text ("42"); NaN and infinities are not recorded."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if not isinstance(value, (int, float, str)):
        return None
    if isinstance(value, str) and len(value) > 40:  # no float is written longer; int("9" * 10**6) would take minutes
        return None
    try:
        read = float(value)
    except (ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def boolean(value: object) -> bool | None:
    """true/false, also as text or 0/1; anything else is not recorded."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value != 0 if math.isfinite(value) else None
    if isinstance(value, str):
        word = value[:8].strip().lower()
        return True if word in _TRUE else False if word in _FALSE else None
    return None


def negated(value: object) -> bool | None:
    read = boolean(value)
    return None if read is None else not read


def per_second(value: object) -> float | None:
    """Seconds -> milliseconds."""
    read = number(value)
    return None if read is None else read * 1000.0


def seconds(value: object) -> float | None:
    """An RFC 3339 time or a number of s, ms, us or ns since the epoch -> epoch seconds."""
    read = number(value)
    if read is not None:
        return epoch(read)
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def epoch(read: float) -> float | None:
    """Telemetry is younger than 1973: 1e11 s, 1e14 ms and 1e17 us are all later than 5138, so the size tells the unit."""
    for limit, unit in ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9)):
        if 0 < read < limit:
            return read / unit
    return None


def digest(value: object) -> str | None:
    """A short stable hash: texts are compared, never kept."""
    if value is None or value == "":
        return None
    raw = value if isinstance(value, str) else dumped(value)
    return hashlib.blake2b(raw[:CONTENT].encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def person(value: object) -> str | None:
    """Ids of people are hashed at the border."""
    said = text(value)
    return digest(f"user:{said}") if said else None


def dumped(value: object) -> str:
    """Canonical JSON: the same value gives the same text."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        return ""


def parsed(value: object) -> object:
    """A JSON text -> its value, unwrapping texts that were encoded twice; any other value as it is."""
    for _ in range(3):  # MLflow encodes twice; nobody encodes more often
        if not isinstance(value, str) or len(value) > CONTENT or value[:1] not in '[{"':
            return value
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def unwrapped(any_value: object, depth: int = 0) -> object:
    """The value inside an OTLP AnyValue's single key: arrays -> list, kvlists -> dict; nesting beyond _DEPTH is dropped."""
    if not isinstance(any_value, dict):
        return any_value
    items = any_value.get("values")
    if type(items) is list and len(items) == 1 and "stringValue" in items[0]:  # finish reasons: the usual list has one text
        return [items[0]["stringValue"]]
    if not isinstance(items, list) or depth > _DEPTH:
        return [] if any_value == {} else None
    if items and isinstance(items[0], dict) and "key" in items[0]:
        return {str(item.get("key"))[:TEXT]: inner(item.get("value"), depth + 1) for item in items if isinstance(item, dict)}
    return [inner(item, depth + 1) for item in items]


def inner(any_value: object, depth: int = 0) -> object:
    """An OTLP AnyValue ({"stringValue": ...}) -> a Python value."""
    if not isinstance(any_value, dict):
        return None
    for kind, value in any_value.items():
        if kind == "intValue":
            read = number(value)
            return None if read is None else int(read)
        return unwrapped(value, depth) if isinstance(value, dict) else value
    return None


_BY_TYPE: dict[str, Callable[[object], object]] = {"text": text, "number": number, "bool": boolean}


def column(values: Column, type_: str) -> Column:
    """A column of recorded values -> of the field's type; the usual case (all of one type) without a call a value."""
    types = set(map(type, values))
    if type_ == "text" and types == {str}:
        if max(map(len, values)) <= TEXT and "" not in values:
            return values
    elif type_ == "number" and types <= {int, float, str} and str not in types:
        return list(map(float, values))  # NaN and infinities fall out when the table is built
    elif (type_ == "number" and types == {str}) and max(map(len, values)) <= 40:
        try:
            return list(map(float, values))
        except ValueError:
            pass
    elif type_ == "bool" and types == {bool}:
        return values
    return list(map(_BY_TYPE[type_], values))


def coerce(value: object, type_: str) -> object:
    return _BY_TYPE[type_](value)
