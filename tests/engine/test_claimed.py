"""A calm signal is the page's only where the page could have meant it."""

from dataclasses import replace

import numpy as np
import pytest

from bot.engine.claimed import LEAST, doubts, visible
from bot.model.evidence import Evidence, Interval, Windows
from bot.model.frame import BoolArray, Frame
from bot.model.page import Claimed, Page, Status

HOUR = 3600.0
NOW = 5 * HOUR
STEP = 5.0  # seconds between two requests
N = int(NOW / STEP)
ts = np.arange(N) * STEP


def seen(bad: BoolArray | None, title: str = "assistant error rate", value: float | None = None, unit: str | None = "%") -> Evidence:
    page = Page(source="generic", dedup_key="k", title=title, status=Status.FIRING, claimed=Claimed(value=value, unit=unit))
    windows = Windows(NOW, Interval(4 * HOUR, NOW), Interval(0.0, 3.5 * HOUR))
    return Evidence(page, None, windows, Frame(N, {"ts": ts}, {}), bad=bad)


def every(n: int, since: float = 0.0, until: float = NOW) -> BoolArray:
    return (np.arange(N) % n == 0) & (ts >= since) & (ts < until)


@pytest.mark.parametrize(
    ("bad", "claimed", "doubted"),
    [
        (every(100), 38.5, True),  # one in a hundred everywhere, and the page says more than a third
        (every(100), 1.0, False),
        (every(100), 0.1, False),  # less than is seen is no riddle
        (every(4, NOW - 2400, NOW - 2100), 25.0, False),  # five bad minutes that an hour averages away
        (every(4, NOW - 9000, NOW - 8700), 25.0, True),  # longer ago than a rule looks
        (every(100), None, False),
    ],
)
def test_a_page_that_claims_more_than_any_window_shows(bad: BoolArray, claimed: float | None, doubted: bool) -> None:
    assert bool(doubts(seen(bad, value=claimed))) is doubted


def test_the_limit_is_half_as_much_again_and_a_point() -> None:
    worst = 12 / 60  # of five minutes, one in five
    assert doubts(seen(every(5), value=100 * (1.5 * worst + 0.009))) == ()
    assert doubts(seen(every(5), value=100 * (1.5 * worst + 0.011))) != ()


def test_a_handful_of_requests_is_no_rate() -> None:
    few = np.zeros(N, dtype=np.bool_)
    few[-1] = True
    thin = seen(few, value=50.0)
    keep = np.r_[0 : N - 720 * 3, N - LEAST + 1 : N]
    frame = Frame(len(keep), {"ts": ts[keep]}, {})
    assert doubts(Evidence(thin.page, None, thin.windows, frame, bad=few[keep])) != ()


@pytest.mark.parametrize(
    ("title", "doubted"),
    [
        ("the drawings come out upside down", True),
        ("requests per minute above threshold", False),
        ("call volume above limit (107)", False),
        ("assistant degraded", False),
        ("policyholders complain about answers in English", False),
    ],
)
def test_words_that_name_no_signal(title: str, doubted: bool) -> None:
    assert bool(doubts(seen(every(100), title))) is doubted


@pytest.mark.parametrize(
    ("metric", "value", "doubted"),
    [
        ("success rate", 99.0, False),  # one in a hundred fails, as is seen
        ("success rate", 80.0, True),
        ("cpu", 95.0, False),
        ("hit rate", 60.0, False),
        ("error rate", 60.0, True),
    ],
)
def test_a_share_of_what_goes_well_or_of_something_else_is_no_rate_of_failures(metric: str, value: float, doubted: bool) -> None:
    one = seen(every(100))
    page = one.page.model_copy(update={"claimed": Claimed(metric=metric, value=value, unit="%")})
    assert bool(doubts(replace(one, page=page))) is doubted


def test_a_number_or_another_unit_is_not_compared() -> None:
    assert doubts(seen(None, "p95 latency", 38.5)) == ()
    assert doubts(seen(every(100), value=38.5, unit="s")) == ()
    assert visible(seen(every(100), value=38.5, unit="s"))


def test_an_effect_that_so_few_requests_would_hide() -> None:
    assert visible(seen(every(100), value=12.0))
    assert not visible(seen(every(100), value=1.6))
