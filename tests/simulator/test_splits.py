"""The splits share nothing that could be learnt by heart."""

from collections import Counter

import pytest

from bot.simulator.casts import CASTS, cast_world
from bot.simulator.causes.draft import JITTER
from bot.simulator.draws import Draws
from bot.simulator.observe.profile import POOLS
from bot.simulator.splits import SPLITS, _cause, _without_impact, causes, plan
from tests.simulator.worlds import planned


def names(split: str) -> dict[str, set[str]]:
    cast = CASTS[split]
    return {
        "routes": set(cast.routes.values()),
        "tools": set(cast.tools),
        "sources": set(cast.sources),
        "tenants": set(cast.tenants),
        "prompts": set(cast.prompts.values()),
        "models": {model for _, *models in cast.models for model in models},
        "prefixes": set(cast.product),
        "service": {cast.service},
    }


@pytest.mark.parametrize(("one", "other"), [("dev", "validation"), ("dev", "test"), ("validation", "test")])
def test_no_name_is_in_two_splits(one: str, other: str) -> None:
    for what, values in names(one).items():
        assert not values & names(other)[what], what


def test_severities_of_the_splits_do_not_overlap_with_those_of_test() -> None:
    for low, high in JITTER["test"]:
        for split in ("dev", "validation"):
            assert all(high <= other_low or low >= other_high for other_low, other_high in JITTER[split])


def test_each_split_has_semantic_conventions_of_its_own() -> None:
    otel = {split: {name for name in pool if name.startswith("otel")} for split, pool in POOLS.items()}
    assert not otel["dev"] & otel["test"]
    assert not otel["validation"] & otel["test"]
    assert not otel["dev"] & otel["validation"]


def test_the_seeds_are_frozen() -> None:
    assert SPLITS == {"dev": 1_000_003, "validation": 2_000_003, "test": 3_000_017}


def test_one_page_in_five_has_no_fault_and_every_cause_comes_up() -> None:
    drawn = Counter(_cause(Draws(SPLITS["test"]).stream(f"test.{number}.None"), number) for number in range(1_200))
    assert set(drawn) == set(causes())
    none = drawn["none.mix_shift"] + drawn["none.noise_or_seasonal"]
    assert 0.16 < none / 1_200 < 0.24
    assert max(drawn[name] for name in causes() if not name.startswith("none.")) <= 30


def test_a_profile_or_cause_can_be_asked_for() -> None:
    asked = plan("dev", 3, cause="tool.error", profile="sparse")
    assert asked.scenario.faults[0].cause == "tool.error"
    assert asked.scenario.profile == asked.profile.rich == "sparse"


def test_a_fault_that_nobody_could_see_is_labelled_so() -> None:
    scenario = _without_impact(planned("retrieval.error").scenario)
    assert scenario.verdict == "no_fault"
    assert not scenario.faults[0].impact


def test_a_world_keeps_its_promises() -> None:
    world = cast_world("test", 7)
    assert 60 <= len(world.people.tenants) <= 300
    assert len(world.people.chronic) == 2
    assert {route.prompt for route in world.routes} <= {prompt.name for prompt in world.prompts}
    assert all(world.model(route.model) and world.model(route.fallback) for route in world.routes)
