"""NOVEL, MIX and total variation: what words say about a window."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.finding import Grade
from bot.stats.mix import MixGates, mix
from bot.stats.novel import NovelGates, novel
from bot.stats.variation import total_variation, variation

VALUES = ("v1", "v2", "v3")
SEEN = np.array([0.0, 5000.0, 9000.0])


def repeated(*times: int) -> np.ndarray:
    return np.repeat(np.arange(len(times)), times)


def test_a_new_value_is_told_with_its_share_and_first_sight() -> None:
    found = novel(repeated(1000), repeated(380, 20), VALUES, SEEN, (4900.0, 5100.0))
    assert found.grade is Grade.STRONG
    assert found.numbers == {"value": "v2", "share": 0.05, "first_seen": 5000.0}


@pytest.mark.parametrize(
    ("then", "now", "onset", "grade"),
    [
        ((1000,), (490, 10), None, Grade.STRONG),  # 2 % exactly
        ((1000,), (491, 9), None, Grade.NONE),
        ((1000,), (196, 4), None, Grade.NONE),  # four sightings are a stray configuration
        ((999, 1), (400, 100), None, Grade.NONE),  # .1 % of the baseline is no longer rare
        ((2000, 1), (400, 100), None, Grade.STRONG),
        ((1000,), (400, 100), (5900.0, 6000.0), Grade.STRONG),  # first seen fifteen minutes before
        ((1000,), (400, 100), (5901.0, 6000.0), Grade.WEAK),
        ((1000,), (400, 100), (3000.0, 4100.0), Grade.STRONG),
        ((1000,), (400, 100), (3000.0, 4099.0), Grade.WEAK),
        ((1000,), (500,), None, Grade.NONE),
    ],
)
def test_each_gate_of_novelty(then: tuple[int, ...], now: tuple[int, ...], onset: tuple[float, float] | None, grade: Grade) -> None:
    assert novel(repeated(*then), repeated(*now), VALUES, SEEN, onset).grade is grade


def test_novelty_needs_a_hundred_on_either_side() -> None:
    assert novel(repeated(1000), repeated(0, 99), VALUES, SEEN).reason == "n=99 below 100"
    assert novel(repeated(99), repeated(0, 500), VALUES, SEEN).reason == "baseline n=99 below 100"
    unknown = np.r_[np.full(500, -1), repeated(0, 50)]
    assert novel(repeated(1000), unknown, VALUES, SEEN).grade is Grade.NA
    assert novel(repeated(1000), repeated(0, 60), VALUES, SEEN, gates=NovelGates(n=50)).grade is Grade.STRONG


def test_long_foreign_names_are_cut() -> None:
    found = novel(repeated(1000), repeated(100, 100), ("a", "x" * 5000), SEEN[:2])
    assert len(str(found.numbers["value"])) == 80


def flags(*cells: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Codes and bad flags of (rows, bad) per value."""
    codes = np.repeat(np.arange(len(cells)), [n for n, _ in cells])
    return codes, np.concatenate([np.arange(n) < bad for n, bad in cells])


def test_a_grown_bad_tenant_is_mix_and_a_broken_one_is_not() -> None:
    before = flags((9000, 90), (1000, 200))
    grown = mix(*before, *flags((2100, 21), (900, 180)), VALUES[:2])
    assert grown.grade is Grade.STRONG
    assert grown.numbers["value"] == "v2"
    assert grown.numbers["mix_share"] == pytest.approx(1.0)
    broken = mix(*before, *flags((2700, 27), (300, 250)), VALUES[:2])
    assert broken.grade is Grade.NONE
    assert broken.numbers["mix_share"] == pytest.approx(0.0, abs=1e-6)


def test_a_fall_has_a_mix_too() -> None:
    shrunk = mix(*flags((2100, 21), (900, 180)), *flags((9000, 90), (1000, 200)), VALUES[:2])
    assert shrunk.grade is Grade.STRONG
    assert (shrunk.effect or 0.0) < 0


def test_a_broken_new_version_is_no_mix() -> None:
    found = mix(*flags((5000, 50), (4000, 40)), *flags((1000, 10), (800, 8), (900, 400)), VALUES)
    assert found.grade is Grade.NONE
    assert float(found.numbers["mix_share"] or 0) < 0.1


def test_without_a_change_there_is_nothing_to_take_apart() -> None:
    assert mix(*flags((5000, 50), (5000, 500)), *flags((500, 5), (500, 50)), VALUES[:2]).grade is Grade.NONE
    chance = mix(*flags((5000, 50), (500, 50)), *flags((480, 5), (60, 6)), VALUES[:2])
    assert float(chance.numbers["mix_share"] or 0) > 0.7
    assert chance.grade is Grade.NONE  # nothing that chance does not do
    same = mix(*flags((100, 10), (100, 10)), *flags((50, 5), (150, 15)), VALUES[:2])
    assert same.numbers["mix_share"] is None
    few = mix(*flags((5000, 50), (29, 3)), *flags((500, 5), (500, 50)), VALUES[:2])
    assert few.grade is Grade.NA
    assert few.reason == "values=1 with n >= 30 below 2"
    assert mix(*flags((500, 50), (30, 3)), *flags((500, 5), (500, 50)), VALUES[:2], MixGates(values=3)).grade is Grade.NA


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(30, 500), st.integers(0, 30), st.integers(30, 500), st.integers(0, 30)), min_size=2, max_size=6))
def test_mix_and_rate_add_up_to_the_change(cells: list[tuple[int, int, int, int]]) -> None:
    codes_b, bad_b = flags(*((n, x) for n, x, _, _ in cells))
    codes_c, bad_c = flags(*((n, x) for _, _, n, x in cells))
    found = mix(codes_b, bad_b, codes_c, bad_c, tuple(f"v{i}" for i in range(len(cells))))
    parts = float(found.numbers["mix"] or 0) + float(found.numbers["rate"] or 0)
    assert parts == pytest.approx(float(bad_c.mean() - bad_b.mean()), abs=2e-6)
    assert found.effect == pytest.approx(float(bad_c.mean() - bad_b.mean()), abs=1e-9)


def test_total_variation_is_a_distance() -> None:
    a, b = np.array([5.0, 5.0, 0.0]), np.array([0.0, 0.0, 7.0])
    assert total_variation(a, b) == 1.0
    assert total_variation(a, 3 * a) == 0.0
    assert total_variation(a, np.array([8.0, 2.0, 0.0])) == pytest.approx(0.3)
    assert total_variation(a, np.zeros(3)) == 0.0


def test_a_moved_distribution_is_strong_and_the_seed_decides_p() -> None:
    found = variation(repeated(600, 300, 100), repeated(120, 120, 60), VALUES)
    assert found.effect == pytest.approx(0.2)
    assert found.grade is Grade.STRONG
    assert found.numbers["value"] == "v1"
    assert variation(repeated(600, 300, 100), repeated(120, 120, 60), VALUES) == found
    near = [variation(repeated(600, 300, 100), repeated(165, 105, 30), VALUES, seed=seed).p for seed in (1, 1, 2)]
    assert near[0] == near[1]
    assert near[0] != near[2]


def test_each_gate_of_variation() -> None:
    assert variation(repeated(500, 500), repeated(350, 650), VALUES).grade is Grade.STRONG  # .15 exactly
    assert variation(repeated(500, 500), repeated(351, 649), VALUES).grade is Grade.WEAK
    assert variation(repeated(500, 500), repeated(500, 499), VALUES).grade is Grade.NONE
    assert variation(repeated(500, 500), repeated(30, 69), VALUES).reason == "n=99 below 100"


def test_variation_is_fair_on_equal_distributions() -> None:
    rng = np.random.default_rng(1)
    p = [variation(rng.integers(0, 3, 400), rng.integers(0, 3, 200), VALUES, seed=i).p or 0.0 for i in range(200)]
    assert np.mean(np.array(p) <= 0.1) == pytest.approx(0.1, abs=0.06)
