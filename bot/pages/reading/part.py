"""A webhook body as JSON parts that know their place, so that a wrong one is named where it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from bot.errors import BadPage
from bot.pages.reading.times import when
from bot.pages.reading.words import clean, line

BODY_BYTES = 2 * 1024 * 1024  # the door's cap (settings.body_limit_bytes); a page is some kilobytes
PARTS = 5_000  # alerts in one body; Alertmanager's largest groups have some hundreds
BRIEF = 500  # characters of a value that is shown as text although it is an object or an array
_KINDS = {dict: "an object", list: "an array", str: "a text", bool: "a truth value", int: "a number", float: "a number"}


def read(body: bytes, place: str) -> Part:
    """The body as an object. BadPage names file, line and column, or the place of what is not an object."""
    if len(body) > BODY_BYTES:
        raise BadPage(f"{len(body)} bytes; at most {BODY_BYTES} are read", place=place)
    text = body.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n\0")
    if not text:
        raise BadPage("is empty", place=place)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadPage(f"not JSON: {error.msg}", place=f"{place}:{error.lineno}:{error.colno}") from None
    if not isinstance(value, dict):
        raise BadPage(f"expected an object, found {_kind(value)}", place=place)
    return Part(value, place, "")


@dataclass(frozen=True)
class Part:
    """An object of the body: `file` it came in and the `path` of keys down to it."""

    value: Mapping[str, object]
    file: str
    path: str

    def __bool__(self) -> bool:
        return bool(self.value)

    def wrong(self, said: str, key: str = "") -> BadPage:
        """The error for this part, or for one of its keys."""
        return BadPage(said, place=f"{self.file}: {self._at(key)}".removesuffix(": "))

    def _at(self, key: str) -> str:
        return ".".join(word for word in (self.path, key[:80]) if word)  # a key may be a megabyte

    def has(self, key: str) -> bool:
        return self.value.get(key) is not None

    def is_object(self, key: str) -> bool:
        return isinstance(self.value.get(key), dict)

    def is_array(self, key: str) -> bool:
        return isinstance(self.value.get(key), list)

    def part(self, *keys: str) -> Part:
        """The object below these keys; an empty one where it is absent. An empty array counts as absent: so PHP writes an empty map."""
        here = self
        for key in keys:
            value = here.value.get(key)
            if value is None or value in ([], ""):
                value = {}
            if not isinstance(value, dict):
                raise here.wrong(f"expected an object, found {_kind(value)}", key)
            here = Part(value, here.file, here._at(key))
        return here

    def parts(self, key: str) -> tuple[Part, ...]:
        """The objects of an array; none where it is absent."""
        value = self.value.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.wrong(f"expected an array, found {_kind(value)}", key)
        if len(value) > PARTS:
            raise self.wrong(f"{len(value)} entries; at most {PARTS} are read", key)
        for number, item in enumerate(value):
            if not isinstance(item, dict):
                raise self.wrong(f"expected an object, found {_kind(item)}", f"{key}[{number}]")
        return tuple(Part(item, self.file, f"{self._at(key)}[{number}]") for number, item in enumerate(value))

    def text(self, *keys: str) -> str | None:
        """The first of these keys that holds words or a number, on one line."""
        return next((line(said) for said in map(self._said, keys) if line(said)), None)

    def prose(self, *keys: str) -> str | None:
        """The same, with its line breaks."""
        return next((clean(said) for said in map(self._said, keys) if clean(said)), None)

    def time(self, *keys: str) -> datetime | None:
        return next((at for at in (when(self.value.get(key)) for key in keys) if at is not None), None)

    def number(self, key: str) -> float | None:
        value = self.value.get(key)
        if isinstance(value, str) and re.fullmatch(r"\s*[-+]?\d{1,15}(\.\d{0,9})?\s*", value):
            return float(value)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def words(self, key: str) -> tuple[str, ...]:
        """An array of texts, or one text with commas: tags, in both forms in which they are sent."""
        value = self.value.get(key)
        items = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
        return tuple(line(_spoken(item)) for item in items[:PARTS] if line(_spoken(item)))

    def labels(self, key: str) -> dict[str, str]:
        """A map, an array of {key, value}, or tags like `env:prod`; a tag without a colon is its own key."""
        value = self.value.get(key)
        if value is None or value == "":
            return {}
        if isinstance(value, dict):
            return {name: _brief(item) for name, item in value.items() if item is not None}
        if isinstance(value, list | str):
            return self._listed(key)
        raise self.wrong(f"expected labels, found {_kind(value)}", key)

    def labels_here(self) -> dict[str, str]:
        """This object itself, taken as a map of labels."""
        return {name: _brief(item) for name, item in self.value.items() if item is not None}

    def _listed(self, key: str) -> dict[str, str]:
        found: dict[str, str] = {}
        value = self.value[key]
        items = value if isinstance(value, list) else value.split(",") if isinstance(value, str) else []
        for item in items[:PARTS]:
            if isinstance(item, dict) and isinstance(item.get("key", item.get("name")), str):
                found[str(item.get("key", item.get("name")))] = _brief(item.get("value"))
            elif isinstance(item, list) and len(item) == 2 and isinstance(item[0], str):
                found[item[0]] = _brief(item[1])
            elif isinstance(item, str) and item.strip():
                name, colon, rest = item.strip().partition(":")
                found[name] = rest.strip() if colon else ""
        return found

    def _said(self, key: str) -> str:
        return _spoken(self.value.get(key))


def _spoken(value: object) -> str:
    """A scalar as text; nothing for None and for what has parts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value) if isinstance(value, str | int) else ""


def _brief(value: object) -> str:
    """A label's value as text, whatever it is; OTLP's {stringValue: ..} is unwrapped."""
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)).endswith("Value"):
        return _brief(next(iter(value.values())))
    if isinstance(value, dict | list):
        return orjson.dumps(value).decode()[:BRIEF]
    return _spoken(value)


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "null")
