"""The same scores by layer, cause, profile, severity, scope, sample size and number of faults: one pooled number hides all of these."""

from __future__ import annotations

from collections.abc import Callable

from bot.evaluation.measure import Measure, share_of
from bot.evaluation.row import Row, Rows, faults, quiet
from bot.evaluation.truth import layer_of

SIZES = (100, 300, 1_000, 3_000)  # requests in the current window: thirds of a decade, as catalogue 4.6 cuts them
PROFILES = ("rich", "typical", "sparse")
SEVERITIES = ("low", "mid", "high")


def size_of(row: Row) -> str:
    low = 0
    for high in SIZES:
        if row.answer.total < high:
            return f"{low:,} to {high - 1:,}"
        low = high
    return f"{low:,} and more"


def layer_name(row: Row) -> str:
    return row.truth.layer or ("none" if not row.truth.faulty else layer_of(row.truth.first))


CUTS: dict[str, Callable[[Row], str]] = {
    "profile": lambda row: row.truth.profile,
    "layer": layer_name,
    "cause": lambda row: row.truth.first if row.truth.faulty or row.truth.quiet else "no impact",
    "severity": lambda row: row.truth.severity if row.truth.faulty else "no fault",
    "scope": lambda row: ("slice" if row.truth.slice else "global") if row.truth.faulty else "no fault",
    "requests": size_of,
    "faults": lambda row: str(len(row.truth.causes)) if row.truth.faulty else "0",
    "shape": lambda row: row.truth.shape if row.truth.faulty else "no fault",
}
ORDER: dict[str, tuple[str, ...]] = {
    "profile": PROFILES,
    "severity": (*SEVERITIES, "unknown", "no fault"),
    "requests": (*(f"{low:,} to {high - 1:,}" for low, high in zip((0, *SIZES), SIZES, strict=False)), f"{SIZES[-1]:,} and more"),
}


def cut(rows: Rows, by: str) -> dict[str, list[Row]]:
    """Rows by value, in the order people expect, else sorted."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(CUTS[by](row), []).append(row)
    known = ORDER.get(by, ())
    return {value: found[value] for value in sorted(found, key=lambda value: (known.index(value) if value in known else 99, value))}


def short(rows: Rows) -> dict[str, Measure]:
    """What fits on one line of a table."""
    bad, calm = faults(rows), quiet(rows)
    return {
        "layer_at_1": share_of(row.layer_right for row in bad),
        "cause_at_1": share_of(row.cause_right for row in bad),
        "fault_abstained": share_of(row.abstained for row in bad),
        "fault_called_no_fault": share_of(row.called_none for row in bad),
        "confident_wrong": share_of(row.confidently_wrong for row in rows),
        "no_fault_recognised": share_of(row.called_none for row in calm),
        "no_fault_blamed": share_of(row.blamed for row in calm),
    }
