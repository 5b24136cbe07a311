"""The ways spans are written: one file each, found by being there. Which one a span speaks is decided by its keys (catalogue 3.3)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from bot.telemetry.group import Group

Rule = str | tuple[str, Callable[[object], object]]
"""The canonical column an attribute goes to, and how its value is read when the column's type does not say it all."""


@dataclass(frozen=True, eq=False)  # compared by identity: plans are cached by dialect
class Dialect:
    """`table`: attribute -> rule; where several attributes feed one column the earlier entry has precedence.
    `reads`: attributes that `kinds` or `finish` look at themselves; with `table` they are what never becomes `extra`.
    `prefixes`: the same, for families of attributes."""

    name: str
    rank: int  # order of catalogue 3.3; the first that recognises a span has it
    recognises: Callable[[frozenset[str], str], bool]  # (attribute keys, scope name)
    table: Mapping[str, Rule]
    kinds: Callable[[Group], list[str]]
    finish: Callable[[Group], None]
    reads: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    prepare: Callable[[Group], None] | None = None  # before any rule is applied: values that the emitter wrapped


@cache
def every() -> tuple[Dialect, ...]:
    """All dialects by rank."""
    found = [importlib.import_module(f"{__name__}.{info.name}").DIALECT for info in pkgutil.iter_modules(__path__)]
    return tuple(sorted(found, key=lambda dialect: (dialect.rank, dialect.name)))


def spoken(keys: frozenset[str], scope: str) -> Dialect:
    """The dialect of a span; `plain` recognises everything and has the last rank."""
    return next(dialect for dialect in every() if dialect.recognises(keys, scope))
