"""Spans that carry the same attributes, held as columns: what a dialect reads from and writes to.

Working on columns rather than span by span is what makes ingest fast: a rule runs once for thousands of values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

from bot.telemetry.canonical import COLUMNS
from bot.telemetry.values import Column, column

SERVER, CLIENT = 2, 3  # SpanKind of OTLP; the only two that are looked at
_KIND_NAMES = {"SPAN_KIND_INTERNAL": 1, "SPAN_KIND_SERVER": SERVER, "SPAN_KIND_CLIENT": CLIENT}


class Group:
    """`attrs`: attribute -> values, one a span; attributes with an index in their name (`llm.input_messages.0.role`) are
    gathered under `llm.input_messages.#` as lists of (index, rest, value). `out`: canonical column -> values."""

    def __init__(self, scope: str, spans: list[dict[str, Any]], attrs: dict[str, Column]) -> None:
        self.scope = scope
        self.spans = spans
        self.attrs = attrs
        self.n = len(spans)
        self.out: dict[str, Column] = {}
        self.kinds: list[str] = ["other"] * self.n
        names = self.fields("name")
        self.names: list[str] = names if set(map(type, names)) == {str} else [name if type(name) is str else "" for name in names]

    def values(self, *attributes: str) -> Column | None:
        """The first recorded value of these attributes, in their order; None when no span has any."""
        present = [self.attrs[name] for name in attributes if name in self.attrs]
        if not present:
            return None
        merged = present[0]
        for other in present[1:]:
            merged = [b if a is None else a for a, b in zip(merged, other, strict=True)]
        return merged

    def get(self, name: str) -> Column:
        """A canonical column as it stands; all missing when nothing was written."""
        return self.out.get(name) or [None] * self.n

    def put(self, name: str, values: Sequence[object]) -> None:
        """Write a column of raw values where it is still missing: what was written earlier has precedence."""
        read = column(values if isinstance(values, list) else list(values), COLUMNS[name])
        before = self.out.get(name)
        self.out[name] = read if before is None else [b if a is None else a for a, b in zip(before, read, strict=True)]

    def replace(self, name: str, values: Sequence[object]) -> None:
        """Write a column over whatever stands there; a missing value leaves the old one."""
        before = self.out.pop(name, None)
        self.put(name, values)
        if before is not None:
            self.put(name, before)

    def derive(self, name: str, attribute: str, by: Callable[[Any], object]) -> None:
        if attribute in self.attrs:
            self.put(name, [None if value is None else by(value) for value in self.attrs[attribute]])

    def span_kinds(self) -> list[int]:
        """OTLP SpanKind, from its number or its name."""
        raw = self.fields("kind")
        if set(map(type, raw)) == {int}:
            return raw
        return [value if type(value) is int else _KIND_NAMES.get(str(value), 0) for value in raw]

    def fields(self, name: str) -> Column:
        """A field of the raw spans, such as `startTimeUnixNano`; None where it is absent."""
        return fields(self.spans, name)


def fields(spans: list[dict[str, Any]], name: str) -> Column:
    try:
        return list(map(itemgetter(name), spans))
    except KeyError:
        return [span.get(name) for span in spans]
