"""What was taken for what: over layers, and over the ambiguity groups of catalogue 1.9."""

from __future__ import annotations

from dataclasses import dataclass

from bot.engine.groups import GROUPS
from bot.evaluation.cuts import layer_name
from bot.evaluation.row import Row, Rows, faults
from bot.evaluation.truth import layer_of

LAYERS = ("model", "prompt", "retrieval", "tool", "cost", "infra", "telemetry")
NONE, SILENT = "no fault", "abstained"
KINDS = ("the cause", "the group", "a neighbour", "its layer", "another layer", SILENT, NONE)
"""What a fault of a group was answered with; `a neighbour`: another member of the group."""


@dataclass(frozen=True)
class Matrix:
    """`counts[i][j]`: how often truth rows[i] was answered with columns[j]."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


def layers(rows: Rows) -> Matrix:
    """Truth by answered layer; of two faults the row is that of the one that was named, if either was."""
    truths, said = (*LAYERS, NONE), (*LAYERS, NONE, SILENT)
    return _matrix(truths, said, [(_true_layer(row), _said_layer(row)) for row in rows])


def _true_layer(row: Row) -> str:
    if not row.truth.faulty:
        return NONE
    said = row.answer.layer
    return said if said is not None and row.layer_right and said in row.truth.right_layers else layer_name(row)


def _said_layer(row: Row) -> str:
    if row.abstained:
        return SILENT
    return NONE if row.called_none else row.answer.layer or SILENT


def groups(rows: Rows) -> Matrix:
    """Faults whose cause is in an ambiguity group, by what they were answered with. A cause of several groups counts in each."""
    names = tuple(" / ".join(group.members) for group in GROUPS)
    pairs = [
        (name, _kind(row, group.members))
        for name, group in zip(names, GROUPS, strict=True)
        for row in faults(rows)
        if row.truth.first in group.members
    ]
    return _matrix(names, KINDS, pairs)


def _kind(row: Row, members: tuple[str, ...]) -> str:
    if row.exact:
        return "the cause"
    if row.in_group:
        return "the group"
    if row.abstained or row.called_none:
        return SILENT if row.abstained else NONE
    if row.answer.named & set(members):
        return "a neighbour"
    return "its layer" if row.layer_right else "another layer"


def _matrix(rows: tuple[str, ...], columns: tuple[str, ...], pairs: list[tuple[str, str]]) -> Matrix:
    """Rows without a scenario are left out, and so are answers that are no layer of the catalogue."""
    counts = {row: tuple(sum(pair == (row, column) for pair in pairs) for column in columns) for row in rows}
    kept = tuple(row for row in rows if any(counts[row]))
    return Matrix(kept, columns, tuple(counts[row] for row in kept))


def mistakes(rows: Rows) -> list[tuple[str, str, int]]:
    """(true cause, answer, how often) of every fault whose cause was not named rightly, the most frequent first."""
    found: dict[tuple[str, str], int] = {}
    for row in faults(rows):
        if not row.cause_right:
            key = (row.truth.first, _answered(row))
            found[key] = found.get(key, 0) + 1
    return [(true, said, n) for (true, said), n in sorted(found.items(), key=lambda item: (-item[1], item[0]))]


def _answered(row: Row) -> str:
    if row.abstained or row.called_none:
        return SILENT if row.abstained else NONE
    return " / ".join(sorted(row.answer.named)) or f"{row.answer.layer}.?"


def within_groups(rows: Rows) -> tuple[int, int, int]:
    """Of the faults answered with another cause: how many; how many of these inside an ambiguity group; how many in another layer."""
    wrong = [row for row in faults(rows) if row.blamed and row.answer.named and not row.cause_right]
    inside = sum(any(row.truth.first in g.members and row.answer.named & set(g.members) for g in GROUPS) for row in wrong)
    across = sum(not {layer_of(one) for one in row.answer.named} & row.truth.right_layers for row in wrong)
    return len(wrong), inside, across
