"""What comes in clumps is worth less than as many rows that came one by one; what is all the same does not come in clumps."""

import numpy as np
import pytest

from bot.engine.clumping import CAP, clumped
from bot.model.evidence import Evidence, Interval, Windows
from bot.model.frame import BoolArray, Codes, FloatArray, Frame
from bot.model.page import Page, Status

HOUR = 3600.0
N = 600  # rows, one in ten seconds; the last third is now
EACH = 20  # rows of a session
ts = np.arange(N) * 10.0
now = ts >= 2 / 3 * N * 10.0
PAGE = Page(source="generic", dedup_key="k", title="cost", status=Status.FIRING)


def effect(values: FloatArray, sessions: int | None = None) -> float:
    codes = np.arange(N) // EACH if sessions is None else np.arange(N) % sessions
    frame = Frame(N, {"ts": ts}, {"session_id": Codes(tuple(map(str, range(int(codes.max()) + 1))), codes.astype(np.int64))})
    windows = Windows(float(ts[-1]), Interval(4000.0, 6000.0), Interval(0.0, 4000.0))
    return clumped(Evidence(PAGE, None, windows, frame), frame, values, ~now, now)


def bad(rows: BoolArray) -> FloatArray:
    return rows.astype(np.float64)


def test_none_before_and_all_of_them_now_is_no_clump() -> None:
    assert effect(bad(now)) == 1.0
    assert effect(bad(~now)) == 1.0
    assert effect(bad(np.ones(N, dtype=np.bool_))) == 1.0


def test_whole_sessions_that_went_wrong_count_as_one_each() -> None:
    some = now & (np.arange(N) // EACH % 2 == 0)
    assert effect(bad(some)) == pytest.approx(EACH, rel=0.1)


def test_rows_that_went_wrong_one_by_one_are_worth_what_they_are() -> None:
    some = now & (np.random.default_rng(5).random(N) < 0.4)
    assert effect(bad(some)) < 1.5


def test_the_divisor_has_an_end() -> None:
    assert effect(bad(now & (np.arange(N) % 2 == 0)), sessions=2) == CAP
