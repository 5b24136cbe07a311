"""A cause is not to blame for who asks: inside each value its requests are as many as they were."""

from dataclasses import replace

import numpy as np
import pytest

from bot.engine.remixed import PAST, SHIFTED, remixed
from bot.model.evidence import Evidence, Interval, Windows
from bot.model.finding import Examination
from bot.model.frame import Codes, Frame
from bot.model.page import Page, Status
from bot.model.report import Outcome

PAGE = Page(source="generic", dedup_key="k", title="t", status=Status.FIRING)
WINDOWS = Windows(2000.0, Interval(1000.0, 2000.0), Interval(0.0, 1000.0))
ROUTES = ("/chat", "/draft")


def world(then: dict[str, tuple[int, int]], now: dict[str, tuple[int, int]], cause: str = "cost.model_upsell"):
    """{route: (requests, affected ones)} before and now."""
    ts, codes, hit = [], [], []
    for window, parts in ((100.0, then), (1500.0, now)):
        for route, (n, x) in parts.items():
            ts += [window] * n
            codes += [ROUTES.index(route)] * n
            hit += [True] * x + [False] * (n - x)
    frame = Frame(len(ts), {"ts": np.array(ts)}, {"route": Codes(ROUTES, np.array(codes, dtype=np.int64))})
    evidence = Evidence(PAGE, None, WINDOWS, frame, bad=np.zeros(len(ts), dtype=np.bool_))
    return evidence, Examination(cause, Outcome.FOUND, "", affected=np.array(hit, dtype=np.bool_))


def test_a_route_that_always_used_the_large_model_and_is_asked_more() -> None:
    split = remixed(*world({"/chat": (300, 0), "/draft": (100, 100)}, {"/chat": (200, 0), "/draft": (200, 200)}))
    assert split is not None
    assert (split.dim, split.share) == ("route", pytest.approx(1.0))


def test_a_rise_inside_the_routes_stands_whatever_the_mix() -> None:
    assert remixed(*world({"/chat": (300, 3), "/draft": (100, 10)}, {"/chat": (200, 60), "/draft": (200, 80)})) is None


def test_half_and_half_is_explained_while_what_is_left_could_be_chance() -> None:
    then = {"/chat": (300, 3), "/draft": (100, 40)}
    assert remixed(*world(then, {"/chat": (200, 4), "/draft": (200, 100)})) is not None
    tenfold = ({k: (10 * n, 10 * x) for k, (n, x) in part.items()} for part in (then, {"/chat": (200, 4), "/draft": (200, 100)}))
    assert remixed(*world(*tenfold)) is None


def test_a_value_without_a_past_is_never_always_worse() -> None:
    now = {"/chat": (200, 0), "/draft": (200, 200)}
    assert remixed(*world({"/chat": (300, 0), "/draft": (PAST - 1, PAST - 1)}, now)) is None
    assert remixed(*world({"/chat": (300, 0), "/draft": (PAST, PAST)}, now)) is not None


def test_weights_that_hardly_moved_explain_nothing() -> None:
    n = 1000
    for moved, told in ((SHIFTED - 0.01, False), (SHIFTED + 0.01, True)):
        much = int(n * (0.3 + moved))
        split = remixed(*world({"/chat": (700, 0), "/draft": (300, 300)}, {"/chat": (n - much, 0), "/draft": (much, much)}))
        assert (split is not None) is told


def test_an_attack_is_a_change_of_who_asks_and_an_instrument_is_asked_by_nobody() -> None:
    parts = ({"/chat": (300, 0), "/draft": (100, 100)}, {"/chat": (200, 0), "/draft": (200, 200)})
    assert remixed(*world(*parts, cause="infra.abuse_injection")) is None
    assert remixed(*world(*parts, cause="telemetry.judge_drift")) is None
    evidence, one = world(*parts)
    assert remixed(evidence, replace(one, affected=None)) is None
