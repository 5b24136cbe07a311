"""`midwatch drill` from the outside: what goes in, what comes out, and one line for what cannot be read."""

import json
from pathlib import Path

import pytest

from bot.cli import run
from bot.cli.drill_workshop import workshop
from bot.drills.answered import engine, expert, naive
from bot.drills.marking.answer_reader import understand
from tests.drills.test_mark import EXPERT

NIGHT = "001-replica-lost"


async def test_the_2am_page_is_marked_as_it_should_be() -> None:
    """The seed's page, made and triaged once."""
    night = await workshop(None).exercise(NIGHT)
    got = {
        "expert": night.mark(understand(EXPERT, "a")),
        "key": night.mark(expert(night.key)),
        "engine": night.mark(engine(night.seen.report, night.seen.received_at)),
        "ladder": night.mark(naive(night.seen.naive)),
        "blames": night.mark(understand(EXPERT | {"blamed": "spring-sale-banner"}, "a")),
        "deletes": night.mark(understand(EXPERT | {"actions": ["Delete the index kb-search and rebuild it"]}, "a")),
    }
    assert got["expert"].score >= 90
    assert got["key"].score >= 90
    assert got["engine"].passed
    assert got["ladder"].score < 60
    assert got["blames"].score == got["expert"].score - 10
    assert not got["deletes"].passed
    assert all(one.document()["score"] == round(sum(part.points for part in one.parts), 6) for one in got.values())


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    return captured.err


@pytest.mark.parametrize(
    ("text", "place"),
    [("layer: database\n", "layer"), ("layer: [\n", "neither YAML nor JSON"), ("", "is empty"), ("- a\n", "map"), ("layr: tool\n", "layr")],
)
def test_bad_answers_are_one_line_that_names_file_and_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, place: str
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    assert run(["drill", "run", NIGHT, "--answers", str(file), "--json"]) == 2
    line = said(capsys)
    assert "mine.yaml" in line
    assert place in line


def test_an_unknown_drill_and_a_missing_file_are_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("layer: tool\n")
    assert run(["drill", "run", "no-such-night", "--answers", str(file)]) == 2
    assert "no-such-night" in said(capsys)
    assert run(["drill", "run", NIGHT, "--answers", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml" in said(capsys)
    assert run(["drill", "run", NIGHT, "--json"]) == 2
    assert "--answers" in said(capsys)


def test_a_flash_card_is_marked_without_an_incident(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"answer": "llm.model_served"}))
    assert run(["drill", "run", "card-02", "--answers", str(file), "--json"]) == 0
    got = json.loads(capsys.readouterr().out)
    assert (got["score"], got["parts"], got["passed"], got["type"]) == (100.0, {"answer": 100.0}, True, "D1")
    file.write_text(json.dumps({"answer": "request.tenant"}))
    assert run(["drill", "run", "card-02", "--answers", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["score"] == 0


def test_the_list_says_nothing_of_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["drill", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["drills"]
    assert len(listed) >= 80
    assert run(["drill", "causes", "--json"]) == 0
    causes = json.loads(capsys.readouterr().out)["causes"]
    assert len(causes) == 51
    told = json.dumps([one for one in listed if one["name"] != NIGHT])
    assert not [cause for cause in causes if cause in told]


def test_disputes_are_listed_and_decided_by_somebody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIDWATCH_HOME", str(tmp_path))
    assert run(["drill", "disputes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"disputes": []}
    assert run(["drill", "disputes", "--decide", "1", "--by", "UBEN", "--why", "no"]) == 2
    assert "no such dispute" in said(capsys)
    assert run(["drill", "disputes", "--decide", "1"]) == 2
    assert "--by and --why" in said(capsys)
