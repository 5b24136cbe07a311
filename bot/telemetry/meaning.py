"""What a team's own values mean in a canonical field: a thumb is "up", an index time is a date, a guardrail "denies".

A declared attribute, and one in the application's namespace, is read by the field it stands for, not only by the field's type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.telemetry.canonical import COLUMNS, Field
from bot.telemetry.error_class import NAMES, Symptom, error_class
from bot.telemetry.finish import finish
from bot.telemetry.synonyms import VALUES
from bot.telemetry.values import boolean, coerce, number, parsed, person, seconds, text

Reader = Callable[[object], object]

_UP = frozenset({"up", "thumbs_up", "thumbsup", "thumb_up", "positive", "like", "liked", "good", "helpful", "yes", "true", "👍"})
_DOWN = frozenset(
    {"down", "thumbs_down", "thumbsdown", "thumb_down", "negative", "dislike", "disliked", "bad", "unhelpful", "no", "false", "👎"}
)


def thumb(value: object) -> float | None:
    """+1 or -1; a 0 is a thumb that points down (0 or 1 is how most stores keep it), other numbers go by their sign."""
    if isinstance(value, str):
        word = value[:20].strip().casefold().replace("-", "_").replace(" ", "_")
        if word in _UP or word in _DOWN:
            return 1.0 if word in _UP else -1.0
    elif isinstance(value, bool):
        return 1.0 if value else -1.0
    read = number(value)
    return None if read is None else 1.0 if read > 0 else -1.0


def count(value: object) -> float | None:
    """How many: a number, the length of a list (also as JSON text), or one for a yes."""
    value = parsed(value)
    if isinstance(value, list):
        return float(len(value))
    if isinstance(value, bool):
        return float(value)
    read = number(value)
    if read is not None or not isinstance(value, str):
        return read
    said = boolean(value)
    return float(said) if said is not None else 1.0 if value.strip() else 0.0  # the name of one


def joined(value: object) -> str | None:
    """Ids in their order, one a line."""
    value = parsed(value)
    if not isinstance(value, list):
        return value if isinstance(value, str) and value else text(value)
    ids = [said for said in (text(one) for one in value) if said]
    return "\n".join(one.replace("\n", " ") for one in ids) or None


def score(value: object) -> float | None:
    """A mark; a passed test is one and a failed one is nought."""
    read = number(value)
    said = boolean(value) if read is None else None
    return float(said) if said is not None else read


def failure(value: object) -> str | None:
    """A class of catalogue 3.2, from what an SDK calls its exception; a word nobody knows stays itself."""
    said = text(value)
    if said is None or said in NAMES:
        return said
    found = error_class(Symptom(said, None, "", ""))
    return said if found == "unknown" else found


_READERS: dict[str, Reader] = {
    "feedback_thumb": thumb,
    "indexed_at": seconds,
    "modified_at": seconds,
    "user_hash": person,
    "finish": finish,
    "error_class": failure,
    "prompt_unresolved": count,
    "prompt_missing_vars": count,
    "shards_failed": count,
    "doc_ids": joined,
    "evaluator_value": score,
}


def reader(field: Field) -> Reader | None:
    """How values of a field are read; None where its type says it all."""
    if field.column in _READERS:
        return _READERS[field.column]
    if field.column in VALUES:
        return _worded(VALUES[field.column], COLUMNS[field.column])
    return None


def _worded(words: Mapping[str, object], type_: str) -> Reader:
    def read(value: object) -> object:
        plain = coerce(value, type_)
        return words.get(value[:20].strip().casefold(), plain) if isinstance(value, str) else plain

    return read
