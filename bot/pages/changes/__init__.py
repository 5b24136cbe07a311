"""Changes in: one file per system that tells of them, found by being there. The file's name is the source's name.

A file ends with `CHANGES = ChangeSource(...)`. `cdevents` is the generic one, and takes Midwatch's own change events too.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from bot.errors import BadInput
from bot.model.change import Change
from bot.pages.changes.cdevents import kinds, parse_changes, read_changes_jsonl
from bot.pages.reading.part import read
from bot.pages.reading.signature import token
from bot.pages.reading.source import ChangeSource, text_headers

GENERIC = "cdevents"


@cache
def _sources() -> Mapping[str, ChangeSource]:
    modules = sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name)
    return {module.name: importlib.import_module(f"{__name__}.{module.name}").CHANGES for module in modules}


def sources() -> tuple[str, ...]:
    """The names, sorted."""
    return tuple(_sources())


def parse(source: str, body: bytes, headers: Mapping[str, str], *, place: str = "body") -> tuple[Change, ...]:
    """One delivery -> its changes; () for what altered nothing in production. BadInput names `place` and where in it."""
    if source == GENERIC:
        return parse_changes(body, headers, place)
    known = _known(source)
    try:
        return known.parse(read(body, place), text_headers(headers))
    except RecursionError:
        raise BadInput("nested too deeply", place=place) from None


def verify(source: str, body: bytes, headers: Mapping[str, str], secrets: tuple[str, ...], tokens: tuple[str, ...], now: float) -> None:
    """NotAllowed unless the delivery proves itself; the rules are those of bot.pages.verify. A change that is played again is known
    by its id, which is part of what was signed."""
    known, lowered = _known(source), text_headers(headers)
    if known.signature is not None and secrets:
        known.signature(body, lowered, secrets, now)
    elif tokens:
        token(lowered, None, tokens)


def signed(source: str) -> bool:
    """Whether this system can sign what it sends."""
    return _known(source).signature is not None


def _known(source: str) -> ChangeSource:
    try:
        return _sources()[source]
    except KeyError:
        raise BadInput(f"unknown source of changes {source[:80]!r}; there are {', '.join(_sources())}", place="source") from None


__all__ = ["kinds", "parse", "parse_changes", "read_changes_jsonl", "signed", "sources", "verify"]
