"""A thousand generated drills: no name gives an answer away and no two are alike; how many does the engine's own answer solve?

Making and triaging one takes seconds, so only a sample is solved here; `python -m tests.bench.drills --solve N` solves more.
"""

import time

import pytest

from tests.bench.drills import LIBRARY, drawn, solve, summary
from tests.drills.leaks import leak, likeness

THOUSAND = 1_000
SAMPLE = 6

pytestmark = pytest.mark.bench


def test_a_thousand_drills_give_nothing_away_and_no_two_are_alike() -> None:
    began = time.perf_counter()
    made = [drawn(number) for number in range(THOUSAND)]
    leaks = [found for one in made if (found := leak(one)) is not None]
    unlike = len({likeness(one) for one in made})
    causes = len({one.scenario.faults[0].cause for one in made if one.scenario is not None})
    took = time.perf_counter() - began
    print(f"\n{THOUSAND} drills of {causes} causes drawn from {len(LIBRARY)} recipes in {took:.0f} s: {len(leaks)} leaks, {unlike} unlike")
    assert leaks == []
    assert unlike == THOUSAND


@pytest.mark.timeout(400)
def test_a_sample_is_solved_by_the_engines_own_answer() -> None:
    solutions = [solve(number * (THOUSAND // SAMPLE)) for number in range(SAMPLE)]
    print(f"\n{summary(solutions)}")
    assert sum(one.first for one in solutions) >= SAMPLE - 2
