"""The library of drills: what it covers, and that no drill gives itself away."""

from pathlib import Path

import pytest

from bot.drills.competencies import competencies
from bot.drills.quiz import QUIZZES
from bot.drills.scenarios.draw import draw
from bot.drills.scenarios.recipe import Recipe, read_recipe, recipes
from bot.engine.groups import GROUPS
from bot.errors import BadInput
from bot.model.drill import Competency, DrillType
from bot.simulator.causes import CAUSES
from tests.drills.leaks import leak, likeness

LIBRARY = Path(__file__).parents[2] / "playbooks" / "drills"
ALL = recipes(LIBRARY)
DRAWN = [one for one in ALL if one.cause]
FEW = 120  # drills drawn here; tests/bench/drills.py draws a thousand


def test_every_cause_both_no_fault_verdicts_and_every_type_are_drilled() -> None:
    pages = {one.cause[0] for one in ALL if one.type is DrillType.PAGE and len(one.cause) == 1 and not one.hidden}
    assert pages == set(CAUSES)
    assert {one.type for one in ALL} == set(DrillType)
    assert sum(one.abstain for one in ALL) >= 2


def test_every_ambiguity_group_of_the_catalogue_is_drilled() -> None:
    drilled = [set(one.group or one.cause) for one in ALL if one.name.startswith("alike-")]
    catalogue = [
        {"model.silent_version_change", "prompt.contract_break"},
        {"prompt.model_mismatch", "prompt.contract_break"},
        {"model.output_corruption", "prompt.locale_regression"},
        {"model.truncated_output", "prompt.contract_break"},
        {"model.refusal_shift", "infra.guardrail_overblock"},
        {"retrieval.embedding_mismatch", "retrieval.ranking_regression"},
        {"model.ttft_regression", "cost.cache_collapse"},
        {"telemetry.judge_drift", "model.silent_version_change"},
        {"retrieval.stale_index"},
        {"prompt.safety_section_missing", "infra.abuse_injection"},
    ]
    assert all(one in drilled for one in catalogue)


def test_pairs_are_of_one_group_of_the_engine() -> None:
    for one in ALL:
        if one.type is DrillType.PAIRS:
            assert any(set(one.cause) <= set(group.members) for group in GROUPS), one.name


def test_every_competency_is_trained() -> None:
    trained = {ability for one in ALL for ability in (*one.competencies, *competencies(one.type, one.cause))}
    assert trained == set(Competency)


def test_no_drill_gives_its_answer_away_and_no_two_are_alike() -> None:
    drawn = [draw(DRAWN[n % len(DRAWN)], n) for n in range(FEW) if DRAWN[n % len(DRAWN)].type not in QUIZZES]
    assert [found for one in drawn if (found := leak(one)) is not None] == []
    assert len({likeness(one) for one in drawn}) == len(drawn)
    assert len({one.name for one in drawn}) == len(drawn)


def test_a_leak_would_be_seen() -> None:
    assert leak(draw(Recipe(name="retrieval-timeout", cause=("retrieval.timeout",)), 1)) is not None
    assert leak(draw(Recipe(name="night-01", title="The timeout night", cause=("retrieval.timeout",)), 1)) is not None


def test_the_same_seed_gives_the_same_drill_and_another_another() -> None:
    recipe = read_recipe(LIBRARY / "night-01.yaml")
    assert draw(recipe, 4) == draw(recipe, 4)
    assert likeness(draw(recipe, 4)) != likeness(draw(recipe, 5))


def test_what_is_not_collected_is_not_in_the_bundle(tmp_path: Path) -> None:
    recipe = Recipe(name="x", cause=("tool.error",), not_collected=("traces", "changes"), abstain=True, needs=("traces",))
    folder = draw(recipe, 3).write(tmp_path / "b")
    assert not (folder / "traces").exists()
    assert not (folder / "changes.jsonl").exists()
    assert "verdict: insufficient_data" in (folder / "truth.yaml").read_text()


def test_a_red_herring_is_there_where_one_is_asked_for() -> None:
    for seed in range(6):
        scenario = draw(Recipe(name="x", type=DrillType.RED_HERRING, cause=("tool.error",), herring=True), seed).scenario
        assert scenario is not None
        onset, own = scenario.faults[0].shape.onset, scenario.world.service
        assert [one for one in scenario.events if one.herring and one.service == own and onset - 1800 <= one.time <= onset]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cause: [", "not YAML"),
        ("- a", "must be a map"),
        ("type: D5", "needs a cause"),
        ("cause: tool.eror", "tool.eror"),
        ("cause: tool.error\nseverity: awful", "awful"),
        ("cause: tool.error\ncolour: red", "colour"),
        ("story: no-such", "no-such"),
        ("type: D1\ncard: {question: q, choices: [a, b], answer: c, why: w}", "not among the choices"),
    ],
)
def test_a_bad_recipe_is_refused_by_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(BadInput, match=r"mine\.yaml") as error:
        read_recipe(file)
    assert said in str(error.value)
