"""Which model call wrote the output that did not parse."""

from __future__ import annotations

import numpy as np

from bot.engine.failing import failed, of_class
from bot.model.evidence import Evidence
from bot.model.frame import BoolArray, Frame, IntArray

SLACK = 0.005  # seconds: a parser span may start a little before its model call is stamped as begun


def unparsed_calls(evidence: Evidence, ops: Frame) -> tuple[BoolArray, BoolArray]:
    """(calls whose output did not parse, calls whose output anybody tried to parse).

    A parser span is charged to the last model call of its request before it; without parser spans, a request's failure
    to parse is charged to its last model call.
    """
    broken, read = of_class(ops, "parse"), of_class(ops, "parse")
    parsers = evidence.kind("parser")
    if parsers.n:
        caller = last_before(evidence.request_of(ops), ops.number("ts"), evidence.request_of(parsers), parsers.number("ts"))
        bad = (parsers.number("parser_ok") == 0) | of_class(parsers, "parse") | failed(parsers)
        read[caller[caller >= 0]] = True
        broken[caller[(caller >= 0) & bad]] = True
        return broken, read
    told = evidence.seen.recorded("parse_failed") if evidence.requests is not None else np.zeros(0, dtype=np.bool_)
    rows = np.flatnonzero(told)
    end = np.full(len(rows), np.inf)
    caller = last_before(evidence.request_of(ops), ops.number("ts"), rows, end)
    read[caller[caller >= 0]] = True
    broken[caller[(caller >= 0) & evidence.seen.true("parse_failed")[rows]]] = True
    return broken, read | broken


def last_before(group: IntArray, ts: np.ndarray, wanted: IntArray, before: np.ndarray) -> IntArray:
    """For each (wanted group, moment): the row of that group with the latest ts not after the moment; -1 when there is none."""
    order = np.lexsort((np.arange(len(group)), ts, group))
    sorted_group, sorted_ts = group[order], ts[order]
    first = np.searchsorted(sorted_group, wanted, side="left")
    found = np.full(len(wanted), -1, dtype=np.int64)
    for i, (low, who, moment) in enumerate(zip(first, wanted, before, strict=True)):
        high = low
        while high < len(order) and sorted_group[high] == who and sorted_ts[high] <= moment + SLACK:
            high += 1
        if high > low and who >= 0:
            found[i] = order[high - 1]
    return found


def troubled_calls(evidence: Evidence, ops: Frame) -> BoolArray:
    """Calls whose answer was of no use: did not parse, refused, in another language, or failed with a fault of form."""
    broken, _ = unparsed_calls(evidence, ops)
    troubled = broken | ops.true("output_refusal") | ops.equals("finish", "refusal", "content_filter")
    out, into = ops.text("output_lang"), ops.text("input_lang")
    values = sorted({*out.values, *into.values})
    index = {value: code for code, value in enumerate(values)}
    a = np.array([index[value] for value in out.values] + [-1], dtype=np.int64)[out.codes]
    b = np.array([index[value] for value in into.values] + [-1], dtype=np.int64)[into.codes]
    other: BoolArray = (a >= 0) & (b >= 0) & (a != b)
    return troubled | other
