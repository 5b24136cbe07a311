"""A cell that got worse at a moment of its own: found where the page's windows see nothing, and not where there is nothing."""

import numpy as np

from bot.engine.ageing import silence
from bot.engine.choosing import UNKNOWN
from bot.engine.deadline import swallowed
from bot.engine.exam import Exam
from bot.engine.lasting import Since, rate_since
from bot.engine.probing import recall_drop
from bot.engine.turnover import beyond
from bot.model.evidence import Evidence, Interval, Probe, Windows
from bot.model.finding import Grade
from bot.model.frame import BoolArray, Codes, Frame
from bot.model.page import Page, Status
from bot.stats.proportion import PropGates

HOUR = 3600.0
NOW = 8 * HOUR
PAGE = Page(source="generic", dedup_key="k", title="t", status=Status.FIRING)
WINDOWS = Windows(NOW, Interval(NOW - HOUR, NOW), Interval(NOW - 5.25 * HOUR, NOW - 1.25 * HOUR))
REGIONS = ("north", "south")


def asked(bad: BoolArray, calls_a_request: int = 1) -> Since:
    """2,000 calls of one tool over eight hours, every twentieth from the south."""
    n = len(bad)
    ts = np.linspace(0.0, NOW - 1.0, n)
    south = np.arange(n) % 20 == 0
    request = (np.arange(n) // calls_a_request).astype(np.float64)
    rows = int(request[-1]) + 1
    texts = {"tool": Codes(("crm",), np.zeros(n, dtype=np.int64)), "region": Codes(REGIONS, south.astype(np.int64))}
    ops = Frame(n, {"ts": ts, "request": request}, texts)
    requests = Frame(rows, {"ts": ts[::calls_a_request]}, {})
    exam = Exam(Evidence(PAGE, None, WINDOWS, requests, {"tool": ops}), "tool.error")
    return rate_since(exam, ops, bad, by=("tool",), gates=PropGates(), kind="tool")


def south_fails(first: int, last: int) -> BoolArray:
    at = np.arange(2000)
    return (at % 20 == 0) & (at >= first) & (at < last)


def test_one_region_that_fails_for_hours_is_found_with_its_own_windows():
    found = asked(south_fails(1200, 2000))
    assert found.where == {"region": "south"}
    assert found.measured.grade is Grade.STRONG
    assert found.windows is not None
    assert abs(found.windows.current.start - 0.6 * NOW) < 120.0


def test_what_came_back_is_over():
    assert asked(south_fails(1200, 1600)).measured.grade not in (Grade.STRONG, Grade.MODERATE)


def test_a_cell_that_always_failed_has_no_moment():
    assert asked(south_fails(0, 2000)).windows is None


def test_many_calls_of_one_request_are_one_misfortune():
    burst = np.zeros(2000, dtype=np.bool_)
    burst[1880:1900] = burst[1980:2000] = True
    assert asked(burst, calls_a_request=20).measured.grade is not Grade.STRONG


def test_a_silence_is_long_by_what_was_usual():
    hourly = np.arange(0.0, 48.0) * HOUR
    assert silence(hourly, 57.0 * HOUR) == 10.0
    assert silence(np.arange(0.0, 10.0) * 24.0 * HOUR, (9 * 24.0 + 10.0) * HOUR) == 10.0 / 24.0
    assert silence(hourly, 147.0 * HOUR) is None, "the documents reach less than twice as far back"


def test_only_a_pile_of_slow_answers_is_a_deadline():
    took = np.concatenate([np.full(100, 100.0), np.full(20, 2000.0)])
    spread = np.concatenate([np.full(100, 100.0), np.linspace(400.0, 4000.0, 20)])
    past = np.arange(120) < 100
    assert int(swallowed(took, ~past, past).sum()) == 20
    assert int(swallowed(spread, ~past, past).sum()) == 0


def test_chance_alone_is_no_distance():
    assert beyond(np.array([500.0, 500.0]), np.array([50.0, 50.0])) == 0.0
    assert beyond(np.array([900.0, 100.0]), np.array([100.0, 900.0])) > 0.7


def test_words_for_a_tool_that_nobody_has():
    for said in ("Unknown tool: refund", "NoSuchToolError", "tool 'refund' not found", "Function refund does not exist", "code -32601"):
        assert UNKNOWN.search(said), said
    for said in ("404 order not found", "invalid argument for tool refund", "tool timed out"):
        assert not UNKNOWN.search(said), said


def probes(now: int, recall: int) -> tuple[Probe, ...]:
    wanted = tuple("abcde")
    before = tuple(Probe(60.0 * i, f"q{i % 5}", wanted, wanted) for i in range(60))
    return before + tuple(Probe(NOW - 60.0 * (i + 1), f"q{i % 5}", wanted, wanted[:recall]) for i in range(now))


def test_a_collapse_shows_in_ten_golden_queries_and_calm_only_in_thirty():
    def grade(now: int, recall: int) -> Grade:
        return recall_drop(Evidence(PAGE, None, WINDOWS, None, probes=probes(now, recall))).grade

    assert grade(10, 2) is Grade.STRONG
    assert grade(9, 2) is Grade.NA
    assert grade(10, 5) is Grade.NA
    assert grade(30, 5) is Grade.NONE
