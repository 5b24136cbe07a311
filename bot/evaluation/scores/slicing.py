"""Is it said for whom? Single faults only: with two, truth tells the slice of the first."""

from __future__ import annotations

from collections.abc import Mapping

from bot.evaluation.measure import Measure, mean, median, share_of
from bot.evaluation.row import Row, Rows, faults, where
from bot.evaluation.sight import ALTERNATIVES

ALIKE = 0.8  # Jaccard of requests from which two slices are the same people (catalogue 4.5)


def slicing(rows: Rows) -> dict[str, Measure]:
    """`slice_exact`: the true dimensions and values, or an equivalent that the report lists; where the cause is named rightly and the
    telemetry records the slice at all. `slice_exact_all`: over every sliced fault, whatever was answered."""
    single = where(faults(rows), lambda row: len(row.truth.causes) <= 1)
    sliced = where(single, lambda row: row.truth.slice is not None)
    named = where(sliced, lambda row: row.cause_right)
    seen = where(named, lambda row: row.sight.slice_recorded is not False)
    drawn = [row.sight.jaccard for row in seen if row.sight.jaccard is not None]
    broad = where(single, lambda row: row.truth.slice is None, lambda row: row.blamed)
    return {
        "slice_exact": share_of(exact(row) for row in seen),
        "slice_exact_named": share_of(exact(row) for row in named),
        "slice_exact_all": share_of(exact(row) for row in sliced),
        "slice_same_requests": share_of(one >= ALIKE for one in drawn),
        "slice_keys_jaccard": mean([keys_jaccard(row) for row in seen]),
        "slice_recorded": share_of(row.sight.slice_recorded is not False for row in sliced),
        "false_slice_on_global": share_of(row.answer.where is not None for row in broad),
        "blast_radius_error": median(_radius_errors(seen)),
    }


def exact(row: Row) -> bool:
    """The reported slice, or one that it says is the same, is the true one."""
    told = [row.answer.where, *row.answer.equivalent] if row.answer.where else []
    return row.truth.slice is not None and any(_same(one, row.truth.slice) for one in told if one is not None)


def _same(told: Mapping[str, str], true: Mapping[str, str]) -> bool:
    return told.keys() == true.keys() and all(_value(told[key]) in _values(true[key]) for key in true)


def _values(text: str) -> set[str]:
    return {_value(text), *(_value(one) for one in text.split(ALTERNATIVES))}


def _value(text: str) -> str:
    return text.strip().casefold()


def keys_jaccard(row: Row) -> float:
    """Dimensions in both / in either; 0 where no slice was told."""
    told, true = set(row.answer.where or ()), set(row.truth.slice or ())
    return len(told & true) / len(told | true) if told | true else 1.0


def _radius_errors(rows: Rows) -> list[float]:
    """|reported - true| share of the requests since the onset that the slice holds: everybody counts as 1 where no slice is told."""
    return [
        abs(row.sight.told_traffic - row.sight.traffic)
        for row in rows
        if row.sight.traffic is not None and row.sight.told_traffic is not None
    ]
