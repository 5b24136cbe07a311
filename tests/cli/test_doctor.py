"""`midwatch doctor`: proposals and coverage, for people and for programs; nothing is written."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import cli
from tests.telemetry.wire import body, span

Said = tuple[int, str, str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*argv: str) -> Said:
        code = cli.run(("doctor", *argv))
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "b"
    (folder / "traces").mkdir(parents=True)
    rows = [
        span({"openinference.span.kind": "RETRIEVER", "shop.docs_found": at, "shop.best_score": 0.5}, spanId=f"{at + 1:016x}")
        for at in range(8)
    ]
    (folder / "traces" / "a.jsonl").write_bytes(body(*rows) + b"\n")
    head = "source: generic\nreceived_at: 2026-03-02T02:07:00Z\nattributes:\n  shop.best_score: retrieval.scores.top\n"
    (folder / "bundle.yaml").write_text(head)
    return folder


def test_a_bundle_with_what_is_declared_already_left_out(said: Callable[..., Said], bundle: Path) -> None:
    before = (bundle / "bundle.yaml").read_bytes()
    code, out, _ = said(str(bundle))
    assert code == 0
    assert "attributes:\n  shop.docs_found: retrieval.n_returned\n" in out
    assert "best_score" not in out
    assert (bundle / "bundle.yaml").read_bytes() == before


def test_files_and_json(said: Callable[..., Said], bundle: Path) -> None:
    code, out, _ = said("--otlp", str(bundle / "traces" / "a.jsonl"), "--json")
    held = json.loads(out)
    assert (code, held["spans"]) == (0, 8)
    assert [(one["attribute"], one["to"], one["share"]) for one in held["proposals"]] == [
        ("shop.docs_found", "retrieval.n_returned", 1.0),
        ("shop.best_score", "retrieval.scores.top", 1.0),
    ]
    assert {"kind": "retrieval", "field": "top_k", "recorded": 0, "spans": 8, "share": 0.0} in held["coverage"]


def test_coverage_alone(said: Callable[..., Said], bundle: Path) -> None:
    code, out, _ = said(str(bundle), "--coverage")
    assert code == 0
    assert "8 of 8 (100%)" in next(line for line in out.splitlines() if "scores.top" in line)
    assert "attributes:" not in out
    assert "proposals" not in json.loads(said(str(bundle), "--coverage", "--json")[1])


def test_bad_input_is_one_line(said: Callable[..., Said], bundle: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    bad = tmp_path / "bad.jsonl"
    bad.write_text("{")
    for argv in (
        ["--coverage"],
        [str(bundle), "--otlp", str(bad)],
        [str(tmp_path / "none")],
        ["--otlp", str(empty)],
        ["--otlp", str(bad)],
        [str(tmp_path)],
    ):
        code, out, err = said(*argv)
        assert (code, out, err.count("\n")) == (2, "", 1), argv
