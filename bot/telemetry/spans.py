"""What an aggregate asks of a span, whichever columns its table has."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import ibis
from ibis.expr.types import BooleanValue, NumericValue, Table, Value

from bot.telemetry.canonical import EXTRA, FLAGS

NONE: Mapping[str, str] = MappingProxyType({})
ESSENTIAL = ("status", "error_class")  # columns that every table of spans must have; the others of canonical.COLUMNS may be absent
MOST = 1e12  # a recorded number beyond this is nonsense
EXACT = 9e15  # whole numbers up to this are exact in a float64, and a thousand of them fit into an int64


def broke(t: Table) -> BooleanValue:
    """Spans that did not end well, for whatever reason."""
    return (t.status == "error").fill_null(False) | t.error_class.notnull()


def failed(t: Table) -> BooleanValue:
    """Spans that failed for a reason of their own; a client that went away is not one."""
    return broke(t) & (t.error_class.fill_null("") != "cancelled")


def shown(sign: BooleanValue, where: BooleanValue | None = None) -> Value:
    """Over the spans of a trace: 1 where any shows the sign, 0 where none does, NULL where none could."""
    return sign.cast("int8").max(where=where)


def bounded(number: NumericValue, most: float = MOST) -> NumericValue:
    """NULL stays NULL: `least` and `greatest` of several engines would give the bound instead."""
    return ibis.cases((number > most, most), (number < -most, -most), else_=number)


def total(number: NumericValue, unit: float, where: BooleanValue | None = None) -> NumericValue:
    """A sum that no order of rows changes: counted in parts of 1/`unit`. NULL when nothing was recorded."""
    parts = (bounded(number, EXACT / unit) * unit).round().cast("int64")
    return parts.sum(where=where).cast("float64") / unit


def own_attributes(t: Table, keys: Mapping[str, str], flags: Mapping[str, str]) -> dict[str, Value]:
    """Column of the result -> value of an attribute without canonical name, or of a feature flag."""
    found = {column: t[EXTRA].get(name) for column, name in keys.items()}
    return found | {column: t[FLAGS].get(name) for column, name in flags.items()}
