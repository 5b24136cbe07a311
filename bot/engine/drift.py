"""Coverage of fields before and after: when names change, coverage jumps and behaviour does not."""

from __future__ import annotations

import numpy as np

from bot.engine.needs import path_of
from bot.model.evidence import Evidence
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, FloatArray, Frame

CONDITIONAL = (
    "error_class", "error_raw", "http_status", "tool_args_valid", "finish", "output_refusal", "outcome_reason", "feedback_thumb",
    "unfinished",
    "tokens_reasoning", "policy_hit", "retry_after_s", "logical_op_id", "attempt", "guardrail_category", "doc_ids", "parser_error_kind",
)  # fmt: skip
"""Columns whose coverage moves with behaviour (they are only written when something happens): never evidence of drift."""


NEVER_ZERO = ("tokens_input", "tokens_output")  # a call that went well used some: zero is a meter that was not read
WHERE = ("app_version", "stream", "region")  # one SDK upgrade reaches one release, one way of calling, or one place
CELLS = 8  # largest values of each of them: smaller ones have too few spans

SCALED = ("ttft_ms", "tpot_ms", "user_ttft_ms", "cost_usd", "evaluator_value", "cache_age_s", "tool_result_bytes", "request_cost_usd")
"""Columns with a unit that a library may change: seconds for milliseconds, cents for dollars, percent for shares."""
FACTORS = {1000.0: "a thousand", 100.0: "a hundred", 1_000_000.0: "a million", 60.0: "sixty"}
FAR = 20.0  # times beyond all but one in a hundred of the past: no behaviour gets there from one minute to the next
NEAR = 1.5  # of a factor: medians move a little by themselves


def drifted(evidence: Evidence, points: float, enough: int) -> Measured:
    """The stronger of two signs: a field's coverage that jumped, a field's unit that changed."""
    covered, scaled = coverage_moved(evidence, points, enough), unit_moved(evidence, points, enough)
    return scaled if scaled.grade is Grade.STRONG and covered.grade is not Grade.STRONG else covered


def coverage_moved(evidence: Evidence, points: float, enough: int) -> Measured:
    """The field whose coverage moved most between B and C, over operations that did not fail, in all of them or in one cell."""
    best = Measured(test="COVERAGE", grade=Grade.NA, reason="too few spans")
    for kind, frame in sorted(evidence.ops.items()):
        ok = _well(frame)
        recorded = {column: _recorded(frame, column) for column in _columns(frame)}
        for where, cell in [("", ok), *_cells(evidence, frame, ok)]:
            then, now = evidence.baseline(frame) & cell, evidence.current(frame) & cell
            n_b, n_c = int(then.sum()), int(now.sum())
            if n_b < enough or n_c < enough:
                continue
            if best.grade is Grade.NA:
                best = Measured(test="COVERAGE", grade=Grade.NONE, n=n_c, n_baseline=n_b, effect=0.0)
            for column, known in recorded.items():
                before, after = float(known[then].mean()), float(known[now].mean())
                moved = abs(after - before)
                grade = Grade.STRONG if moved >= points and min(before, after) <= 0.5 * max(before, after) else Grade.NONE
                if (grade is Grade.STRONG, moved - (0.1 if where else 0.0)) > (best.grade is Grade.STRONG, best.effect or 0.0):
                    numbers = {
                        "field": path_of(kind, column),
                        "coverage_before": round(before, 4),
                        "coverage": round(after, 4),
                        "among": where,
                    }
                    best = Measured(test="COVERAGE", grade=grade, effect=moved, n=n_c, n_baseline=n_b, numbers=numbers)
    return best


def unit_moved(evidence: Evidence, points: float, enough: int) -> Measured:
    """A field of which a share of `points` or more suddenly lies a round factor away from all of its past."""
    best = Measured(test="UNITS", grade=Grade.NA, reason="too few spans")
    for kind, frame in sorted({**evidence.ops, "request": evidence.seen}.items()):
        for column in (name for name in SCALED if name in frame.numbers):
            value = frame.number(column)
            ok = ~np.isnan(value) & (value > 0)
            past, now = value[ok & evidence.baseline(frame)], value[ok & evidence.current(frame)]
            if min(len(past), len(now)) < enough:
                continue
            low, high = np.quantile(past, [0.01, 0.99])
            for far in (now > FAR * high, now < low / FAR):
                one = _unit(path_of(kind, column), past, now, far, points)
                if one.grade is Grade.STRONG or best.grade is Grade.NA:
                    best = one
    return best


def _unit(path: str, past: FloatArray, now: FloatArray, far: BoolArray, points: float) -> Measured:
    share = float(far.mean())
    ratio = float(np.median(now[far]) / np.median(past)) if far.any() else 1.0
    factor = next((one for one in FACTORS if 1 / NEAR <= ratio / one <= NEAR or 1 / NEAR <= ratio * one <= NEAR), None)
    grade = Grade.STRONG if share >= points and factor is not None else Grade.NONE
    numbers = {"field": path, "ratio": float(f"{ratio:.3g}"), "share": round(share, 4), "factor": factor}
    return Measured(test="UNITS", grade=grade, effect=share, n=len(now), n_baseline=len(past), numbers=numbers)


def _well(frame: Frame) -> BoolArray:
    return ~(frame.equals("status", "error") | frame.text("error_class").recorded)


def _recorded(frame: Frame, column: str) -> BoolArray:
    if column in NEVER_ZERO:
        return frame.number(column) > 0
    return frame.recorded(column)


def _cells(evidence: Evidence, frame: Frame, ok: BoolArray) -> list[tuple[str, BoolArray]]:
    """Named cells of the operations: those of one release, those that stream, those of one region."""
    found: list[tuple[str, BoolArray]] = []
    for name in WHERE:
        if name in frame.numbers:
            found += [(f"{name}={bool(yes)}".lower(), ok & (frame.number(name) == yes)) for yes in (0.0, 1.0)]
            continue
        codes = evidence.dim(frame, name)
        sizes = np.bincount(codes.codes[ok & codes.recorded], minlength=len(codes.values) or 1)
        largest = np.argsort(-sizes, kind="stable")[:CELLS] if len(codes.values) > 1 else np.zeros(0, dtype=np.int64)
        found += [(f"{name}={codes.values[code][:60]}", ok & (codes.codes == code)) for code in sorted(int(one) for one in largest)]
    return found


def _columns(frame: Frame) -> list[str]:
    from bot.telemetry.canonical import COLUMNS

    names = sorted({*frame.numbers, *frame.texts} & set(COLUMNS))
    return [name for name in names if name not in CONDITIONAL and bool(np.any(frame.recorded(name)))]
