"""Answers in the many ways people write them, and one clear error where they cannot be read."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.drills.answered import expert
from bot.drills.marking.answer_reader import read_answers, understand
from bot.drills.marking.written import written
from bot.errors import BadInput
from bot.model.report import Verdict
from tests.drills.keys import key


def read(said: Any) -> Any:
    return understand(said, "a.yaml")


def test_a_cause_alone_says_verdict_and_layer() -> None:
    said = read({"cause": "retrieval.timeout"})
    assert (said.verdict, said.layer, said.causes) == (Verdict.FAULT, "retrieval", ("retrieval.timeout",))
    assert read({"cause": "none.mix_shift"}).verdict is Verdict.NO_FAULT
    assert read({"layer": "Retrieval layer"}).layer == "retrieval"
    assert read({"root_cause": "contract-break"}).causes == ("prompt.contract_break",)


@pytest.mark.parametrize("said", [{"verdict": "insufficient_data"}, {"layer": "unknown"}, {"cause": "cannot tell"}, {"verdict": "abstain"}])
def test_abstaining_in_many_words(said: dict[str, str]) -> None:
    assert read(said).verdict is Verdict.INSUFFICIENT


@pytest.mark.parametrize("said", [{"verdict": "no_fault"}, {"layer": "none"}, {"cause": "no fault"}])
def test_no_fault_in_many_words(said: dict[str, str]) -> None:
    assert read(said).verdict is Verdict.NO_FAULT


def test_groups_are_lists() -> None:
    both = ("model.silent_version_change", "prompt.contract_break")
    for said in ({"group": list(both)}, {"cause": list(both)}, {"causes": list(both)}):
        assert read(said).group
        assert set(read(said).causes) == set(both)


@pytest.mark.parametrize(("said", "value"), [(0.9, 0.9), (90, 0.9), ("90 %", 0.9), ("0.8", 0.8), (0.2, 0.5), (1, 0.99), ("100%", 0.99)])
def test_confidence_in_any_unit(said: object, value: float) -> None:
    assert read({"confidence": said}).confidence == value


def test_slices_and_actions_in_any_shape() -> None:
    assert read({"where": {"tenant": "acme-3"}}).slice == {"tenant": "acme-3"}
    assert read({"slice": {"where": {"tenant": "acme-3"}, "share_of_traffic": 0.1}}).slice == {"tenant": "acme-3"}
    assert read({"blast_radius": "all tenants"}).slice == {}
    assert read({"action": "wait"}).actions[0].text == "wait"
    one = read({"next": [{"action": "roll back", "verify": "rate below 1 %", "rollback": "forward"}]}).actions[0]
    assert (one.text, one.verify, one.rollback) == ("roll back", "rate below 1 %", "forward")
    assert read({"minutes": 4}).seconds == 240
    assert read({"answers": {"layer": "tool"}, "participant": "anna"}).layer == "tool"


def test_a_stray_key_is_a_note_and_a_misspelt_one_an_error() -> None:
    assert "weather" in read({"layer": "tool", "weather": "rain"}).notes[0]
    assert read({"layer": "tool", "participant": "anna"}).notes == ()
    with pytest.raises(BadInput, match=r"a.yaml: layr: unknown key; did you mean `layer`"):
        read({"layr": "tool"})


@pytest.mark.parametrize(
    ("said", "place"),
    [
        (["tool"], "must be a map"),
        ({"layer": "database"}, "layer"),
        ({"cause": "retrieval.timout"}, "did you mean retrieval.timeout"),
        ({"cause": ["tool.error", "nonsense"]}, r"cause\[1\]"),
        ({"verdict": "maybe"}, "verdict"),
        ({"confidence": "very"}, "confidence"),
        ({"confidence": 250}, "confidence"),
        ({"seconds": -1}, "seconds"),
        ({"seconds": "long"}, "seconds"),
        ({"hints": True}, "hints"),
        ({"seed": "one"}, "seed"),
        ({"actions": [7]}, r"actions\[0\]"),
        ({"actions": [{"verify": "x"}]}, r"actions\[0\]"),
        ({"slice": {"tenant": {"a": "b"}}}, "slice.tenant"),
        ({"evidence": [["a"]]}, r"evidence\[0\]"),
        ({"evidence": ["a"] * 101}, "evidence"),
        ({"layer": "tool", "LAYER": "model"}, "said twice"),
    ],
)
def test_what_cannot_be_read_is_named(said: Any, place: str) -> None:
    with pytest.raises(BadInput, match=place):
        read(said)


@pytest.mark.parametrize(
    ("text", "why"), [("", "is empty"), ("layer: [", "neither YAML nor JSON"), ("evidence: &a [*a]", "evidence[0]"), ("\x00", "neither")]
)
def test_files_that_are_no_answers(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(BadInput, match=r"a\.yaml") as error:
        read_answers(file)
    assert why in str(error.value)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(BadInput):
            read_answers(path)


def test_json_is_read_as_well(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps({"layer": "tool", "confidence": 0.7}))
    assert read_answers(file).layer == "tool"


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    answers = expert(key())
    file = tmp_path / "a.yaml"
    file.write_text(written(answers, 3))
    back = read_answers(file)
    assert back.seed == 3
    for name in ("verdict", "layer", "causes", "slice", "onset", "evidence", "confidence", "verify", "status", "runbook"):
        assert getattr(back, name) == getattr(answers, name), name
