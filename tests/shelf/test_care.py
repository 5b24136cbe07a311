"""`midwatch runbooks lint | check | vote` as a script sees them; golden marks and votes as values."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.runbooks import app
from bot.errors import BadInput
from bot.shelf.golden import Marks, drops
from bot.shelf.shelf import Shelf
from bot.shelf.trust import FILE, RunbookVote, add, trust, votes
from tests.shelf.test_search import NOBODY, TIMEOUT, library

ROOT = Path(__file__).parents[2] / "runbooks"


@pytest.fixture(autouse=True)
def _words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIDWATCH_EMBEDDER", "lexical")


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    books = tmp_path / "books"
    books.mkdir()
    for name, text in {"disk": "disk is full, free space", "mail": "mail queue grows", "dns": "name lookups fail", "cpu": "load"}.items():
        (books / f"{name}.md").write_text(f"# {name} runbook\n\n{text} on the host\n")
    run("index", books, "--to", tmp_path / "index")
    return tmp_path


def golden(folder: Path, *rows: tuple[str, list[str]]) -> Path:
    file = folder / "golden.jsonl"
    file.write_text("".join(json.dumps({"id": query, "query": query, "expected": expected}) + "\n" for query, expected in rows))
    return file


def test_marks_are_kept_and_a_drop_fails_with_what_dropped(shelf: Path) -> None:
    file = golden(shelf, ("disk is full, free space", ["disk"]), ("mail queue grows", ["mail.md"]), ("lasagna", []))
    with pytest.raises(BadInput, match="--write"):
        run("check", file, "--index", shelf / "index")
    kept = json.loads(run("check", file, "--index", shelf / "index", "--write", "--json"))
    assert kept == {"n": 2, "n_none": 1, "recall_1": 1, "recall_5": 1, "right_first": 1, "false_matches": 0, "not_first": []}
    run("check", file, "--index", shelf / "index")
    (shelf / "books" / "mail.md").write_text("# something else\n\nnothing of use\n")
    run("index", shelf / "books", "--to", shelf / "index")
    with pytest.raises(BadInput, match=r"right_first was 1\.000, is 0\.500") as raised:
        run("check", file, "--index", shelf / "index")
    assert raised.value.place == str(file)
    run("check", file, "--index", shelf / "index", "--allowed", "0.5")


def test_more_false_matches_are_a_drop_too() -> None:
    was = Marks(n=10, n_none=10, recall_1=1, recall_5=1, right_first=1, false_matches=0)
    assert drops(was, was.model_copy(update={"false_matches": 0.1}), 0.0)[0].mark == "false_matches"
    assert drops(was, was.model_copy(update={"false_matches": 0.1}), 0.1) == ()
    assert drops(was, was.model_copy(update={"recall_5": 0.9}), 0.05)[0].was == 1


@pytest.mark.parametrize(
    ("text", "place"),
    [("{", ":1"), ('{"id": 1}', ":1"), ('{"query": "a"}\n{"query": "b", "expected": "x"}', ":2"), ("", "golden.jsonl")],
)
def test_a_bad_golden_file_is_named(shelf: Path, text: str, place: str) -> None:
    (shelf / "golden.jsonl").write_text(text)
    with pytest.raises(BadInput) as raised:
        run("check", shelf / "golden.jsonl", "--index", shelf / "index")
    assert str(raised.value.place).endswith(place)


def test_the_project_s_own_runbooks_are_in_order_and_still_found(tmp_path: Path) -> None:
    assert json.loads(run("lint", ROOT, "--strict", "--today", "2026-11-22", "--json")) == []
    run("index", ROOT, "--to", tmp_path / "index")
    marks = json.loads(run("check", ROOT / "golden.jsonl", "--index", tmp_path / "index", "--json"))
    assert (marks["n"], marks["n_none"], marks["false_matches"]) == (51, 12, 0)


def test_lint_is_strict_only_where_asked(tmp_path: Path) -> None:
    body = "It may be `tool.no_such_cause`; run\n`midwatch heal` for that, and then see what happens next to it."
    (tmp_path / "a.md").write_text(f"# A\n\n{body}\n")
    found = json.loads(run("lint", tmp_path, "--json"))
    assert {one["rule"] for one in found} == {"gone", "never_reviewed", "no_owner"}
    assert "1 runbooks, 4 findings." in run("lint", tmp_path)
    with pytest.raises(BadInput, match="no_such_cause") as raised:
        run("lint", tmp_path, "--strict")
    assert raised.value.place == "a.md:3"
    with pytest.raises(BadInput, match="no date"):
        run("lint", tmp_path, "--today", "soon")


def test_votes_lower_trust_and_each_person_counts_once(shelf: Path) -> None:
    index = shelf / "index"
    assert run("vote", "disk", "wrong", "--index", index, "--user", "ana").strip() == "disk: trust 0.80"
    assert run("vote", "disk", "outdated", "--index", index, "--user", "ana").strip() == "disk: trust 0.80"
    assert run("vote", "disk", "wrong", "--index", index, "--user", "bo").strip() == "disk: trust 0.67"
    assert run("vote", "mail", "helped", "--index", index, "--user", "bo").strip() == "mail: trust 1.00"
    for arguments in (("nothing", "wrong"), ("disk", "bad")):
        with pytest.raises(BadInput):
            run("vote", *arguments, "--index", index)


def test_a_line_that_cannot_be_read_is_no_vote(tmp_path: Path) -> None:
    add(tmp_path, RunbookVote(runbook="disk", user="ana", verdict="wrong", at="2026-11-21T02:00:00Z", note="x" * 9999))
    with (tmp_path / FILE).open("a") as file:
        file.write('{"runbook": "disk", "us\n[]\n')
    (vote,) = votes(tmp_path)
    assert (vote.verdict, len(vote.note)) == ("wrong", 500)
    assert votes(tmp_path / "nowhere") == ()


async def test_a_runbook_voted_down_is_found_later_and_in_the_end_not_named() -> None:
    asked = "vector store timeouts, answers after its deadline"
    (before,) = await Shelf(library(TIMEOUT)).search(asked, 1, NOBODY)
    cast = tuple(RunbookVote(runbook=TIMEOUT.id, user=f"u{number}", verdict="wrong", at="") for number in range(2))
    (after,) = await Shelf(library(TIMEOUT), trust=trust(cast)).search(asked, 1, NOBODY)
    assert after.score == pytest.approx(before.score * 4 / 6, abs=1e-3)
    many = tuple(RunbookVote(runbook=TIMEOUT.id, user=f"u{number}", verdict="wrong", at="") for number in range(40))
    assert await Shelf(library(TIMEOUT), trust=trust(many)).search(asked, 1, NOBODY) == ()
