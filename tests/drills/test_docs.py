"""What docs/drills.md promises of its own examples."""

import re
from pathlib import Path

import yaml

from bot.drills.marking.answer_keys import ALIASES
from bot.drills.marking.answer_reader import understand
from bot.drills.marking.mark import PAGE, mark
from bot.drills.scenarios.recipe import Recipe
from tests.drills.keys import key

DOC = (Path(__file__).parents[2] / "docs" / "drills.md").read_text()
BLOCKS = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", DOC, re.S)]


def test_the_answers_shown_get_full_marks_and_blame_costs_ten() -> None:
    said = next(one for one in BLOCKS if "layer" in one)
    blamed = said.pop("blamed")
    assert mark(understand(said, "docs"), key()).score == 100
    assert mark(understand(said | {"blamed": blamed}, "docs"), key()).score == 90


def test_every_key_shown_is_read_and_every_part_is_listed() -> None:
    said = next(one for one in BLOCKS if "layer" in one)
    assert set(said) <= set(ALIASES)
    assert understand(said, "docs").notes == ()
    for part in (*PAGE, "time", "confidence", "irreversible", "no_fault_on_fault", "woke_too_early", "innocent_blamed", "hints"):
        assert f"| {part} |" in DOC, part


def test_every_key_of_a_recipe_is_shown() -> None:
    shown = next(one for one in BLOCKS if "severity" in one)
    unshown = {"name", "profile", "sliced", "competencies", "minutes", "told", "happened", "night"}
    assert set(shown) == set(Recipe.model_fields) - unshown
