"""Signs that answers themselves changed: length, refusals, parsing, and what users and judges make of them."""

from __future__ import annotations

import numpy as np

from bot.engine.exam import Exam
from bot.engine.questions import PASSED
from bot.model.finding import Grade, Measured
from bot.model.frame import BoolArray, FloatArray, Frame
from bot.stats.location import LocGates
from bot.stats.proportion import PropGates

EITHER_UP = PropGates(floor=0.01, ratio=1.5)
SCORES = LocGates(theta=0.12, log_ratio=0.0, direction="both")  # ranks decide: scores have no natural ratio
MIN_SEEN = 50


def _unhappy(requests: Frame) -> FloatArray:
    """1 where a user was unhappy, 0 where one was heard and was not, NaN where nobody said."""
    seen = requests.recorded("feedback_thumb") | requests.recorded("feedback_re_ask") | requests.recorded("feedback_escalated")
    bad = (requests.number("feedback_thumb") < 0) | requests.true("feedback_re_ask") | requests.true("feedback_escalated")
    return np.where(seen, bad.astype(np.float64), np.nan)


def behaviour(exam: Exam, ops: Frame, mine: BoolArray, length: LocGates, signs: int) -> Measured:
    """How many behaviours of the marked calls in C differ from all calls in B. Strong from `signs`, moderate from one."""
    base, now = exam.baseline(ops), exam.current(ops) & mine
    moved: list[str] = []
    asked = 0
    for name, column in (("answer length", "tokens_output"), ("characters", "output_chars")):
        values = ops.number(column)
        if int((~np.isnan(values) & now).sum()) >= MIN_SEEN:
            asked += 1
            measured = exam.shift(ops, np.where(base | now, values, np.nan), gates=length)
            moved += [name] if measured.grade in PASSED else []
            break
    refused = ops.true("output_refusal") | ops.equals("finish", "refusal", "content_filter")
    broken = exam.requests.true("parse_failed")
    rows = exam.evidence.request_of(ops)
    unparsed = np.where(rows >= 0, broken[np.maximum(rows, 0)], False) if exam.requests.n else np.zeros(ops.n, dtype=np.bool_)
    tools = ops.equals("finish", "tool_call")
    for name, flag in (("refusals", refused), ("unparsed output", unparsed), ("tool calls", tools)):
        if flag.any():
            asked += 1
            measured = exam.rate_where(ops, flag, base | now, EITHER_UP)
            moved += [name] if measured.grade in PASSED or measured.grade is Grade.OPPOSITE else []
    for name, unhappy in (("unhappy users", _unhappy(exam.requests)), ("evaluation scores", exam.requests.number("eval_mean"))):
        values = np.where(rows >= 0, unhappy[np.maximum(rows, 0)], np.nan) if exam.requests.n else np.full(ops.n, np.nan)
        if min(int((~np.isnan(values) & side).sum()) for side in (base, now)) < MIN_SEEN:
            continue
        asked += 1
        if name == "unhappy users":
            measured = exam.rate_where(ops, values > 0, (base | now) & ~np.isnan(values), EITHER_UP)
        else:
            measured = exam.shift(ops, np.where(base | now, values, np.nan), gates=SCORES)
        moved += [name] if measured.grade in PASSED else []
    if asked == 0:
        return Measured(test="FORM", grade=Grade.NA, missing=("llm.tokens.output",), reason="nothing recorded about the answers")
    grade = Grade.STRONG if len(moved) >= signs else Grade.MODERATE if moved else Grade.NONE
    return Measured(test="FORM", grade=grade, effect=float(len(moved)), n=int(now.sum()), numbers={"moved": ", ".join(moved) or "nothing"})
