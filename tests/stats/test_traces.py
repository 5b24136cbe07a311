"""PAIR, SEQ, DECOMP, and how numbers leave the library."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.finding import Grade
from bot.stats.decomposition import CostTotals, by_value, decompose
from bot.stats.figures import count, figure
from bot.stats.pair import PairGates, pair
from bot.stats.sequence import SeqGates, repeats, sequences


def table(ab: tuple[int, int], a: tuple[int, int], b: tuple[int, int], none: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(bad, a, b) rows of four cells of (rows, bad)."""
    cells = ((ab, True, True), (a, True, False), (b, False, True), (none, False, False))
    bad = np.concatenate([np.arange(n) < x for (n, x), _, _ in cells])
    in_a = np.concatenate([np.full(n, yes) for (n, _), yes, _ in cells])
    in_b = np.concatenate([np.full(n, yes) for (n, _), _, yes in cells])
    return bad, in_a, in_b


def test_an_interaction_is_found_and_two_bad_halves_are_not_one() -> None:
    found = pair(*table((200, 80), (800, 16), (800, 16), (2000, 40)))
    assert found.grade is Grade.STRONG
    assert found.numbers["rate"] == 0.4
    assert found.effect == pytest.approx(np.log((80.5 / 120.5) / (16.5 / 784.5)) - np.log((16.5 / 784.5) / (40.5 / 1960.5)))
    # Odds multiply: 2 % x 5 x 5 is what two bad halves give without any interaction.
    assert pair(*table((200, 67), (800, 74), (800, 74), (2000, 40))).grade is Grade.NONE
    assert pair(*table((800, 16), (200, 80), (200, 80), (2000, 40))).grade is Grade.OPPOSITE


def test_each_gate_of_a_pair() -> None:
    assert pair(*table((19, 15), (800, 16), (800, 16), (2000, 40))).reason == "n=19 below 20"
    assert pair(*table((20, 15), (800, 16), (800, 16), (2000, 40))).grade is Grade.STRONG
    assert pair(*table((20, 4), (800, 1), (800, 16), (2000, 40))).grade is Grade.WEAK  # four bad ones are an anecdote
    assert pair(*table((200, 80), (800, 16), (800, 16), (2000, 40)), gates=PairGates(log_odds=3.8)).grade is Grade.WEAK
    assert pair(*table((60, 5), (800, 16), (800, 16), (2000, 40))).grade is Grade.WEAK  # z between 2 and 2.8
    assert pair(*table((60, 6), (800, 16), (800, 16), (2000, 40))).grade is Grade.MODERATE


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(20, 300), st.floats(0, 1)), min_size=4, max_size=4))
def test_a_pair_has_no_first_and_second(cells: list[tuple[int, float]]) -> None:
    bad, a, b = table(*((n, round(n * share)) for n, share in cells))
    assert pair(bad, a, b).effect == pytest.approx(pair(bad, b, a).effect or 0.0, abs=1e-9)
    assert pair(~bad, a, b).effect == pytest.approx(-(pair(bad, a, b).effect or 0.0), abs=1e-9)


def calls(*traces: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One trace a word, one call a letter, in order."""
    trace = np.repeat(np.arange(len(traces)), [len(word) for word in traces])
    order = np.concatenate([np.arange(len(word), dtype=np.float64) for word in traces])
    return trace, order, np.array([ord(letter) for word in traces for letter in word])


@pytest.mark.parametrize(
    ("word", "ratio", "run", "period", "flagged"),
    [
        ("abcdef", 0.0, 1, 0, False),
        ("aaaa", 0.75, 4, 1, True),
        ("aaa", 2 / 3, 3, 1, False),  # a poll
        ("ababab", 2 / 3, 1, 2, True),
        ("abcabc", 0.5, 1, 3, True),  # half, exactly
        ("abcabd", 1 / 3, 1, 0, False),
        ("abab", 0.5, 1, 2, False),  # fewer than six calls
        ("abcdabcd", 0.5, 1, 0, True),
        ("xyaaaaz", 3 / 7, 4, 1, True),
        ("a", 0.0, 1, 0, False),
    ],
)
def test_loops_are_told_from_plans(word: str, ratio: float, run: int, period: int, flagged: bool) -> None:
    found = sequences(*calls(word))
    assert found.repeat_ratio[0] == pytest.approx(ratio)
    assert found.longest_run[0] == run
    assert found.period[0] == period
    assert repeats(*calls(word)).tolist() == ([0] if flagged else [])


def test_traces_do_not_run_into_one_another_and_order_is_by_time() -> None:
    assert repeats(*calls("aa", "aa", "bbbb", "ab")).tolist() == [2]
    trace, order, call = calls("ababab", "abcdef", "aaaa")
    mixed = np.random.default_rng(1).permutation(len(trace))
    assert repeats(trace[mixed], order[mixed], call[mixed]).tolist() == [0, 2]
    assert repeats(7 + trace, order, call, SeqGates(run=9)).tolist() == [7]
    assert repeats(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=np.int64)).tolist() == []


positive = st.floats(0.01, 1e6)
totals = st.builds(CostTotals, requests=positive, calls=positive, tokens=positive, cost=positive, seconds=st.floats(1, 1e5))


@settings(max_examples=80, deadline=None, derandomize=True)
@given(totals, totals)
def test_the_parts_of_a_bill_add_up_and_mirror(b: CostTotals, c: CostTotals) -> None:
    parts, back = decompose(b, c), decompose(c, b)
    assert parts.total == pytest.approx(np.log((c.cost / c.seconds) / (b.cost / b.seconds)), abs=1e-9)
    assert (parts.volume, parts.calls, parts.tokens, parts.price) == pytest.approx((-back.volume, -back.calls, -back.tokens, -back.price))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(st.tuples(totals, totals), min_size=1, max_size=4))
def test_the_parts_of_all_models_add_up_to_the_money(pairs: list[tuple[CostTotals, CostTotals]]) -> None:
    b, c = ({str(i): one[side] for i, one in enumerate(pairs)} for side in (0, 1))
    change = sum(one.cost / one.seconds for one in c.values()) - sum(one.cost / one.seconds for one in b.values())
    scale = sum(one.cost / one.seconds for one in (*b.values(), *c.values()))
    assert sum(parts.total for parts in by_value(b, c).values()) == pytest.approx(change, abs=1e-9 * scale + 1e-9)


def test_three_times_the_calls_is_calls() -> None:
    parts = decompose(CostTotals(1000, 1000, 1e6, 10.0), CostTotals(2000, 6000, 6e6, 60.0, seconds=2.0))
    assert parts.calls == pytest.approx(np.log(3))
    assert parts.volume == pytest.approx(0.0)
    assert parts.tokens == pytest.approx(0.0)
    assert parts.price == pytest.approx(0.0)
    new = by_value({}, {"big": CostTotals(10, 10, 100, 5.0)})["big"]
    assert new.total == pytest.approx(5.0)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.floats(allow_nan=True, allow_infinity=True))
def test_numbers_leave_as_valid_json_of_six_digits(value: float) -> None:
    told = figure(value)
    json.dumps(told, allow_nan=False)
    if told is not None and abs(value) > 1e-290:
        assert told == pytest.approx(value, rel=1e-5)
        assert figure(told) == told


def test_counts_stay_whole_unless_weighted() -> None:
    assert count(12.0) == 12
    assert isinstance(count(12.0), int)
    assert count(12.34567) == 12.346
    assert figure(None) is None
    assert figure(0.123456789) == 0.123457
