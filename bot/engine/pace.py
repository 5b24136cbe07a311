"""The pace of answers: milliseconds before the first token, and per token after it; measured, or told apart by their lengths."""

from __future__ import annotations

import numpy as np

from bot.engine.exam import Exam
from bot.engine.failing import failed
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, FloatArray, Frame
from bot.stats.location import hodges_lehmann

MIN_TOKENS = 20  # fewer tokens say nothing about pace
MIN_PAST = 50  # calls of a model in the baseline before it has a usual pace
BANDS = 10  # of output length in which durations are compared
MIN_BAND = 8  # calls on each side of a band
MIN_BANDS = 4  # fewer points are no line
HALF = 0.5  # of what calls got longer by: at the start, or with every token


def decode_ms(ops: Frame) -> FloatArray:
    """Milliseconds per output token after the first; NaN where it cannot be said. Without a first token's time, over the whole call."""
    recorded = ops.number("tpot_ms")
    tokens = ops.number("tokens_output")
    first = np.nan_to_num(ops.number("ttft_ms"), nan=0.0)
    computed = np.where(tokens >= MIN_TOKENS, (ops.number("duration_ms") - first) / np.maximum(tokens - 1, 1), np.nan)
    failed = ops.equals("status", "error") | ops.text("error_class").recorded
    return np.where(np.isnan(recorded), np.where((computed > 0) & ~failed, computed, np.nan), recorded)


def first_token_ms(exam: Exam, ops: Frame) -> FloatArray:
    """Milliseconds from a call's start to its first token: its own record, else what the user saw, counted from the answering call."""
    if exam.sees("llm", "ttft_ms") or not exam.sees("requests", "user_ttft_ms"):
        return ops.number("ttft_ms")
    owner = exam.evidence.request_of(ops)
    at = np.maximum(owner, 0)
    seen = exam.requests.number("ts")[at] * 1000.0 + exam.requests.number("user_ttft_ms")[at]
    waited = seen - ops.number("ts") * 1000.0
    with np.errstate(invalid="ignore"):
        within = (owner >= 0) & (waited > 0) & (waited <= ops.number("duration_ms")) & ~failed(ops)
    return np.where(within, waited, np.nan)


def of_the_same_model(exam: Exam, ops: Frame, values: FloatArray) -> FloatArray:
    """Values as if every model had the same usual one: traffic that moves to a slower model is no slowdown of any.

    Scaled by the medians of the baseline, in the unit of the values; NaN for models without a past.
    """
    name = next((column for column in ("model_served", "model_requested") if exam.sees("llm", column)), None)
    if name is None:
        return values
    codes, then = ops.text(name), exam.baseline(ops) & ~np.isnan(values)
    usual = np.full(len(codes.values) + 1, np.nan)
    for code in range(-1, len(codes.values)):  # -1, the last place: calls that name no model
        past = values[then & (codes.codes == code)]
        usual[code] = float(np.median(past)) if len(past) >= MIN_PAST else np.nan
    usual[usual <= 0] = np.nan
    whole = float(np.median(values[then])) if then.any() else np.nan
    return np.asarray(values / usual[codes.codes] * whole, dtype=np.float64)


def at_the_start(exam: Exam, ops: Frame, cell: BoolArray) -> Measured:
    """Whether calls got longer before the first token (STRONG) or with every token (OPPOSITE), from durations and lengths alone.

    A line through what calls of each length got longer by, in ms: its height at no tokens, against its rise up to the usual length.
    """
    tokens, duration = ops.number("tokens_output"), ops.number("duration_ms")
    known = cell & ~np.isnan(tokens) & (tokens > 0) & ~np.isnan(duration) & ~failed(ops)
    then, now = known & exam.baseline(ops), known & exam.current(ops)
    if not then.any() or not now.any():
        return Measured(test="SLOPE", grade=Grade.NA, reason="no durations with a length")
    edges = np.unique(np.quantile(tokens[then], np.linspace(0, 1, BANDS + 1)[1:-1]))
    band_b, band_c = (np.searchsorted(edges, tokens[rows], side="right") for rows in (then, now))
    points = []
    for band in range(len(edges) + 1):
        b, c = duration[then][band_b == band], duration[now][band_c == band]
        if min(len(b), len(c)) >= MIN_BAND:
            points.append((float(np.mean(tokens[now][band_c == band])), hodges_lehmann(b, c), len(c)))
    if len(points) < MIN_BANDS:
        return Measured(test="SLOPE", grade=Grade.NA, n=int(now.sum()), reason="too few lengths to compare")
    x, y, n = (np.array(column) for column in zip(*points, strict=True))
    rise, start = np.polyfit(x, y, 1, w=np.sqrt(n) / np.maximum(x, x.mean() / 4))  # long answers vary in proportion to their length
    with_tokens = float(rise) * float((x * n).sum() / n.sum())
    longer = float(start) + with_tokens
    share = float(np.clip(float(start) / longer, 0.0, 1.0)) if longer > 0 else 0.0
    grade = Grade.NONE if longer <= 0 else Grade.STRONG if share >= HALF else Grade.OPPOSITE
    numbers = {"start_ms": round(float(start), 1), "per_token_ms": round(float(rise), 3), "share_at_start": round(share, 3)}
    return Measured(test="SLOPE", grade=grade, effect=share, n=int(now.sum()), numbers=numbers)
