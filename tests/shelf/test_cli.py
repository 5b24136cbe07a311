"""`midwatch runbooks` as a script sees it."""

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.runbooks import app
from bot.errors import BadInput


@pytest.fixture(autouse=True)
def _words_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIDWATCH_EMBEDDER", "lexical")


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    folder.mkdir()
    for name, text in {"disk": "disk is full, free space", "mail": "mail queue grows", "dns": "name lookups fail", "cpu": "load"}.items():
        (folder / f"{name}.md").write_text(f"# {name} runbook\n\n{text}\n")
    (folder / "kept.md").write_text("---\ngroups: [security]\n---\n# breach runbook\n\nsigning key leaked, rotate\n")
    return folder


def run(*arguments: str | Path) -> tuple[str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def test_index_then_search(books: Path, tmp_path: Path) -> None:
    out, _ = run("index", books, "--to", tmp_path / "index", "--json")
    body = json.loads(out)
    assert (body["documents"], body["passages"], body["embedded"]) == (5, 5, 0)
    assert body["seconds"] >= 0

    out, _ = run("search", "disk full, no free space", "--index", tmp_path / "index", "-k", "2", "--json")
    found = json.loads(out)
    assert (found["match"], len(found["results"])) == (True, 2)
    assert set(found["results"][0]) == {"path", "title", "score"}
    assert (found["results"][0]["path"], found["results"][0]["title"]) == ("disk.md", "disk runbook")


def test_a_file_of_queries_gives_one_line_each_and_minds_groups(books: Path, tmp_path: Path) -> None:
    run("index", books, "--to", tmp_path / "index")
    queries = tmp_path / "queries.jsonl"
    rows = [
        {"id": "a", "query": "mail queue grows"},
        {"id": "b", "query": "lasagna for ten"},
        {"id": 3, "query": "signing key leaked, rotate"},
        {"id": "d", "query": "signing key leaked, rotate", "groups": ["security"]},
    ]
    queries.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    out, _ = run("search", "--queries", queries, "--index", tmp_path / "index", "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [(line["id"], line["match"]) for line in lines] == [("a", True), ("b", False), ("3", False), ("d", True)]
    assert all(result["path"] != "kept.md" for line in lines[:3] for result in line["results"])


def test_for_people_a_refusal_is_said_first(books: Path, tmp_path: Path) -> None:
    run("index", books, "--to", tmp_path / "index")
    assert run("search", "lasagna", "--index", tmp_path / "index")[0].startswith("No runbook matches.")
    assert "disk runbook" in run("search", "disk full, free space", "--index", tmp_path / "index")[0]


@pytest.mark.parametrize(
    ("text", "place"),
    [("{", "q.jsonl:1"), ('{"id": 1}', "q.jsonl:1"), ('{"query": "a"}\n{"query": "b", "groups": "x"}', "q.jsonl:2"), ("[]", "q.jsonl:1")],
)
def test_a_bad_line_is_named(books: Path, tmp_path: Path, text: str, place: str) -> None:
    run("index", books, "--to", tmp_path / "index")
    (tmp_path / "q.jsonl").write_text(text)
    with pytest.raises(BadInput) as raised:
        run("search", "--queries", tmp_path / "q.jsonl", "--index", tmp_path / "index")
    assert str(raised.value.place).endswith(place)


def test_no_index_no_folder_and_no_question_are_bad_input(books: Path, tmp_path: Path) -> None:
    for arguments in (("search", "x", "--index", tmp_path / "no"), ("index", tmp_path / "no", "--to", tmp_path / "i"), ("search",)):
        with pytest.raises(BadInput):
            run(*arguments)


def test_a_git_repository_is_indexed_beside_folders(books: Path, tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    (origin / "tls.md").write_text("# tls runbook\n\ncertificate expires tomorrow\n")
    git = ("git", "-C", str(origin), "-c", "user.name=t", "-c", "user.email=t@t.test", "-c", "commit.gpgsign=false")
    for arguments in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "text")):
        subprocess.run([*git, *arguments], check=True)
    out, _ = run("index", books, "--git", f"file://{origin}", "--to", tmp_path / "index", "--json")
    assert json.loads(out)["documents"] == 6
    out, _ = run("search", "certificate expires tomorrow", "--index", tmp_path / "index", "--json")
    assert json.loads(out)["results"][0]["path"] == "tls.md"
    with pytest.raises(BadInput, match="at least one"):
        run("index", "--to", tmp_path / "index")
