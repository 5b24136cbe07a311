"""What the spans at hand carry: which canonical fields on how many spans of each kind, and which attributes have no canonical name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from bot.telemetry.canonical import EXTRA, FIELDS
from bot.telemetry.values import boolean, number

SAMPLE = 20_000  # spans whose own attributes are looked at, evenly over the table: a share is exact to a per cent from there
VALUES = 40  # distinct values of an attribute remembered: enough to tell a type, a set of words or a measurement
ALWAYS = frozenset({"name", "dialect", "status", "weight"})  # columns that translation fills itself

_BOOLEAN = frozenset({"true", "false", "yes", "no", "on", "off"})


@dataclass(frozen=True)
class Recorded:
    """`field` as people write it; `count` of the `spans` of this kind carry it."""

    kind: str
    field: str
    count: int
    spans: int

    @property
    def share(self) -> float:
        return self.count / self.spans if self.spans else 0.0


@dataclass(frozen=True)
class Unmapped:
    """An attribute without canonical name. `kinds`: how many spans of each kind carry it, of those looked at."""

    name: str
    kinds: Mapping[str, int]
    values: Mapping[str, int]  # the VALUES commonest
    distinct: int  # counted up to 10 * VALUES
    filled: Mapping[str, int]  # canonical column -> spans with this attribute that have the column anyway

    @property
    def count(self) -> int:
        return sum(self.kinds.values())

    @property
    def type(self) -> str:
        """text, number or bool, of all its values. 0 and 1 alone are a number that may stand for a bool."""
        if self.values and all(value.lower() in _BOOLEAN for value in self.values):
            return "bool"
        if self.values and all(number(value) is not None for value in self.values):
            return "number"
        return "text"

    @property
    def binary(self) -> bool:
        return self.type == "bool" or (
            self.type == "number" and set(self.values) <= {"0", "1"} and boolean(next(iter(self.values))) is not None
        )


def kinds_of(spans: pa.Table) -> dict[str, int]:
    """How many spans there are of each kind."""
    return dict(sorted(Counter(spans["kind"].to_pylist()).items()))


def coverage(spans: pa.Table) -> list[Recorded]:
    """Every field that a kind may carry, for the kinds that occur; request fields on root spans."""
    found = []
    groups = {kind: spans.filter(pc.equal(spans["kind"], kind)) for kind in kinds_of(spans)}
    roots = spans.filter(pc.equal(spans["parent_id"], ""))
    for field in FIELDS:
        if field.column in ALWAYS:
            continue
        held = {"request": roots} if field.kind == "request" else {field.kind: groups[field.kind]} if field.kind in groups else {}
        for kind, table in held.items():
            count = table.num_rows - table[field.column].null_count
            found.append(Recorded(kind, field.path, count, table.num_rows))
    return found


def sampled(spans: pa.Table) -> pa.Table:
    """About SAMPLE spans, evenly over the table."""
    step = max(spans.num_rows // SAMPLE, 1)
    return spans if step == 1 else spans.take(pa.array(range(0, spans.num_rows, step)))


def unmapped(spans: pa.Table) -> list[Unmapped]:
    """All attributes without canonical name, by name."""
    table = sampled(spans)
    kinds: dict[str, Counter[str]] = {}
    values: dict[str, Counter[str]] = {}
    rows: dict[str, list[int]] = {}
    for row, (kind, held) in enumerate(zip(table["kind"].to_pylist(), table[EXTRA].to_pylist(), strict=True)):
        for name, value in held or ():
            kinds.setdefault(name, Counter())[kind] += 1
            seen = values.setdefault(name, Counter())
            if value in seen or len(seen) < 10 * VALUES:
                seen[value] += 1
            rows.setdefault(name, []).append(row)
    return [
        Unmapped(name, dict(sorted(kinds[name].items())), dict(_commonest(values[name])), len(values[name]), _filled(table, rows[name]))
        for name in sorted(kinds)
    ]


def _commonest(seen: Counter[str]) -> list[tuple[str, int]]:
    return sorted(seen.items(), key=lambda pair: (-pair[1], pair[0]))[:VALUES]


def _filled(table: pa.Table, rows: list[int]) -> dict[str, int]:
    part = table.take(pa.array(rows))
    counts = {field.column: part.num_rows - part[field.column].null_count for field in FIELDS}
    if counts["source_id"]:  # a span's name stands in for a source that was not recorded
        counts["source_id"] -= pc.sum(pc.fill_null(pc.equal(part["source_id"], part["name"]), False)).as_py()
    return {column: count for column, count in counts.items() if count}


_SPLIT = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def words(name: str) -> tuple[str, ...]:
    """`app.docsFound_total` -> app, docs, found, total."""
    return tuple(word.lower() for word in _SPLIT.findall(name[:200]))
