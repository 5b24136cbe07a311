"""Raw spans -> groups of equal shape. The loop here runs once a span: everything else runs once a group."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.telemetry.dialects import Dialect, spoken
from bot.telemetry.group import Group
from bot.telemetry.values import Column, unwrapped

_INDEXED = re.compile(r"^(.*?)\.(\d{1,6})(?:\.(.*))?$", re.S)
_SHAPES = 5_000  # distinct lists of keys remembered; hostile spans invent a new one each, and are slow rather than fatal
_KEYS = 2_000  # attributes of one span looked at; OTLP's own default limit is 128, long chats in OpenInference reach 1,500
_KEY = 200  # characters of an attribute's name

Json = dict[str, Any]


@dataclass
class Pile:
    """The spans of one group before they are turned into columns."""

    dialect: Dialect
    scope: str
    keys: tuple[str, ...]
    spans: list[Json] = field(default_factory=list)
    rows: list[list[object]] = field(default_factory=list)
    resources: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Shape:
    """How the attribute list of a span maps to its pile: positions of plain keys, and of indexed ones gathered by family."""

    pile: Pile
    plain: tuple[int, ...] | None  # None: every key is plain and in place
    families: tuple[tuple[tuple[int, int, str], ...], ...] = ()  # (position, index, rest)

    def take(self, span: Json, values: list[object], resource: int) -> None:
        pile = self.pile
        pile.spans.append(span)
        pile.rows.append(values if self.plain is None else self._row(values, self.plain))
        pile.resources.append(resource)

    def _row(self, values: list[object], plain: tuple[int, ...]) -> list[object]:
        picked: list[object] = [values[at] for at in plain]
        return picked + [[(index, rest, unwrapped(values[at])) for at, index, rest in family] for family in self.families]


class Piles:
    """Takes spans in; `skipped` counts what could not be used, by reason."""

    def __init__(self) -> None:
        self.skipped: Counter[str] = Counter()
        self.count = 0
        self._piles: dict[tuple[str, tuple[str, ...]], Pile] = {}
        self._shapes: dict[str, dict[tuple[str, ...], Shape]] = {}

    def add(self, resource: int, scope: str, spans: list[Json]) -> None:
        """Spans in the form of OTLP/JSON; `resource` is the caller's number of their resource."""
        shapes = self._shapes.setdefault(scope, {})
        for span in spans:
            if type(span) is not dict:
                self.skipped["not an object"] += 1
                continue
            attributes = span.pop("attributes", ())  # popped, so that it is freed at once: later it would cost a cache miss a value
            try:
                keys = tuple([pair["key"] for pair in attributes])
                values = [value for pair in attributes for value in pair["value"].values()]
                shape = shapes.get(keys)
            except (AttributeError, KeyError, TypeError):
                keys, values = _salvaged(attributes)
                shape = shapes.get(keys)
            if len(values) != len(keys):  # an empty AnyValue is a null
                keys, values = _salvaged(attributes)
                shape = shapes.get(keys)
            if shape is None:
                if not all(type(key) is str for key in keys):
                    keys, values = _salvaged(attributes)
                shape = shapes.get(keys) or self._learn(scope, keys, shapes)
            shape.take(span, values, resource)
        self.count += len(spans)

    def add_read(self, resource: int, scope: str, spans: Iterable[tuple[Json, tuple[str, ...], list[object]]]) -> None:
        """Spans without their attributes, and beside each the attributes' keys and values (arrays and maps as in OTLP/JSON)."""
        shapes = self._shapes.setdefault(scope, {})
        for span, keys, values in spans:
            (shapes.get(keys) or self._learn(scope, keys, shapes)).take(span, values, resource)
            self.count += 1

    def take(self) -> list[Pile]:
        """All piles so far, in order of arrival; the next spans start new ones."""
        piles = list(self._piles.values())
        self._piles, self._shapes, self.count = {}, {}, 0
        return piles

    def _learn(self, scope: str, keys: tuple[str, ...], shapes: dict[tuple[str, ...], Shape]) -> Shape:
        last = {key: at for at, key in enumerate(keys)}  # of a key given twice the last counts
        families: dict[str, list[tuple[int, int, str]]] = {}
        plain: dict[str, int] = {}
        for long, at in list(last.items())[:_KEYS]:
            key = long[:_KEY]
            found = _INDEXED.match(key)
            if found:
                families.setdefault(f"{found[1]}.#", []).append((at, int(found[2]), found[3] or ""))
            else:
                plain[key] = at
        names = (*plain, *families)
        pile = self._piles.get((scope, names))
        if pile is None:
            pile = self._piles[(scope, names)] = Pile(spoken(frozenset(names), scope), scope, names)
        in_place = not families and len(plain) == len(keys)
        shape = Shape(pile, None if in_place else tuple(plain.values()), tuple(map(tuple, families.values())))
        if len(shapes) < _SHAPES:
            shapes[keys] = shape
        return shape


def grouped(pile: Pile) -> Group:
    """The pile's rows as columns; arrays and maps are unwrapped."""
    attrs: dict[str, Column] = {}
    for key, values in zip(pile.keys, zip(*pile.rows, strict=True), strict=True):
        held = list(values)
        attrs[key] = [unwrapped(value) if type(value) is dict else value for value in held] if dict in set(map(type, held)) else held
    return Group(pile.scope, pile.spans, attrs)


def _salvaged(attributes: object) -> tuple[tuple[str, ...], list[object]]:
    """The usable pairs of a broken attribute list."""
    kept: dict[str, object] = {}
    for pair in attributes if isinstance(attributes, list) else ():
        if isinstance(pair, dict) and type(pair.get("key")) is str and isinstance(pair.get("value"), dict) and len(kept) < _KEYS:
            kept[pair["key"][:_KEY]] = next(iter(pair["value"].values()), None)
    return tuple(kept), list(kept.values())
