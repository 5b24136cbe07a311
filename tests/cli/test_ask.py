"""`midwatch ask` and `midwatch chat` as commands: bad input in one line, nothing but the answer on stdout."""

import io
import json
import sys
from pathlib import Path

import pytest

from bot.cli import run


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page and nothing else: no traces were collected."""
    folder = tmp_path_factory.mktemp("bundle")
    (folder / "bundle.yaml").write_text("source: generic\nreceived_at: 2026-03-02T02:07:00Z\nservice: assistant\n")
    payload = {"summary": "12 % errors <!channel>", "source": "s", "severity": "error"}
    (folder / "page.json").write_text(json.dumps({"routing_key": "k", "event_action": "trigger", "dedup_key": "d", "payload": payload}))
    return folder


@pytest.fixture(autouse=True)
def lexical(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIDWATCH_EMBEDDER", "lexical")


def test_one_question_is_one_document(bundle: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["ask", str(bundle), "what can't you see?", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["intent"] == "not_checked"
    assert answer["evidence"]
    assert answer["refused"] is False
    assert list(answer)[:5] == ["intent", "slots", "answer", "evidence", "refused"]


def test_a_file_of_questions_is_a_line_each_with_its_id_and_threads_are_conversations(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    rows = [
        {"id": 1, "question": "restart the pods"},
        {"id": "b", "question": "how much does it cost", "thread": "t"},
        {"id": "c", "question": "and tenant acme?", "thread": "t"},
    ]
    file = tmp_path / "q.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    assert run(["ask", str(bundle), "--questions", str(file), "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["id"], row["intent"], row["refused"]) for row in told] == [
        ("1", "action_request", True),
        ("b", "cost", False),
        ("c", "cost", False),
    ]
    assert told[2]["slots"] == {"tenant": "acme"}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", ":1"),
        ('{"id": 1}', ":1"),
        ('{"question": "a"}\n[]', ":2"),
        ('{"question": 7}', ":1"),
        ('{"question": "a", "thread": 1}', ":1"),
    ],
)
def test_a_line_that_is_no_question_is_named(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, place: str):
    file = tmp_path / "q.jsonl"
    file.write_text(text)
    assert run(["ask", str(bundle), "--questions", str(file), "--json"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"q.jsonl{place}" in told.err
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize("words", [[], ["a question", "--questions", "x.jsonl"]])
def test_either_a_question_or_a_file_of_them(bundle: Path, capsys: pytest.CaptureFixture[str], words: list[str]):
    assert run(["ask", str(bundle), *words]) == 2
    assert "either QUESTION or --questions" in capsys.readouterr().err


def test_a_folder_that_is_no_bundle_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(["ask", str(tmp_path), "what's broken"]) == 2
    assert capsys.readouterr().err == "midwatch: bundle.yaml: missing\n"


def test_a_conversation_at_the_terminal(bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(sys, "stdin", io.StringIO("what's broken?\ndelete the index\n\nnever read\n"))
    assert run(["chat", str(bundle)]) == 0
    told = capsys.readouterr().out
    assert "Not enough data" in told
    assert "No: I only read, and never delete anything." in told
    assert "read as status" in told
