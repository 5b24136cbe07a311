"""Which attributes without a canonical name, and which feature flags, are worth slicing by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.telemetry.canonical import COLUMNS, IDENTITY, TIMES
from bot.telemetry.request_rows import COUNTED

CARRIED = 0.2  # of the traces: below it a slice would say more about who instruments than about who suffers
VALUES = (2, 200)  # distinct values: one divides nothing, more than that is an id
MOST = 40  # dimensions of either sort: pairs of them are searched too
NAME = 100  # characters of an attribute's name; a longer one is content

DERIVED = (
    *(f"{of}_{kind}" for kind in COUNTED for of in ("n", "err")), "n_spans", "has_root", "orphans", "failed", "degraded", "refusal",
    "parse_failed", "empty_retrieval", "guardrail_blocked", "lang_mismatch", "eval_mean", "attempts", "duration_total_ms",
)  # fmt: skip
RESERVED = frozenset(name.casefold() for name in (*COLUMNS, *IDENTITY, *TIMES, *DERIVED, "trace", "span", "parent", "request"))


Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class KeyUse:
    """How a key of a map column is used by the spans of a kind; kind "" stands for all of them."""

    kind: str
    key: str
    spans: int
    traces: int
    values: int


@dataclass(frozen=True)
class Dimensions:
    """Column of a result -> the attribute or flag it carries. A column is named by us: an attribute's name is a stranger's text."""

    keys: Pairs
    flags: Pairs
    kinds: frozenset[tuple[str, str]]  # (kind, column): which spans carry it

    @property
    def names(self) -> dict[str, str]:
        """Column -> the dimension's name as people write it."""
        return {**dict(self.keys), **{column: f"flag:{name}" for column, name in self.flags}}

    def of(self, kind: str) -> Dimensions:
        """Those that spans of a kind carry themselves."""
        keys, flags = (tuple(pair for pair in pairs if (kind, pair[0]) in self.kinds) for pairs in (self.keys, self.flags))
        return Dimensions(keys, flags, self.kinds)


def dimensions(keys: Sequence[KeyUse], flags: Sequence[KeyUse], traces: int) -> Dimensions:
    """From the use of keys in `traces` traces: the most carried first, then by name."""
    chosen = tuple((f"own_{place}", name) for place, name in enumerate(_chosen(keys, traces, RESERVED)))
    switched = tuple((f"flag_{place}", name) for place, name in enumerate(_chosen(flags, traces, frozenset())))
    kinds = set()
    for pairs, uses in ((chosen, keys), (switched, flags)):
        column_of = {name: column for column, name in pairs}
        kinds |= {(use.kind, column_of[use.key]) for use in uses if use.key in column_of and use.kind}
    return Dimensions(chosen, switched, frozenset(kinds))


def _chosen(uses: Sequence[KeyUse], traces: int, reserved: frozenset[str]) -> list[str]:
    overall = sorted((use for use in uses if use.kind == ""), key=lambda use: (-use.traces, use.key))
    fits = [use for use in overall if use.traces >= CARRIED * traces and VALUES[0] <= use.values <= VALUES[1]]
    return [use.key for use in fits if use.key.isprintable() and 0 < len(use.key) <= NAME and use.key.casefold() not in reserved][:MOST]
