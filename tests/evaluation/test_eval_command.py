"""`midwatch eval` on three small simulated bundles."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot import cli
from bot.simulator.splits import told
from tests.simulator.worlds import planned

Said = tuple[int, str, str]
SMALL = 150.0  # requests an hour: enough to be triaged, few enough for a test
CAUSES = ("model.rate_limited", "none.noise_or_seasonal", "retrieval.timeout")


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("corpus")
    for cause in CAUSES:
        found = planned(cause)
        world = replace(found.scenario.world, per_hour=SMALL)
        told(replace(found, scenario=replace(found.scenario, world=world))).write(home / cause)
    return home


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    monkeypatch.delenv("MIDWATCH_HOME", raising=False)

    def run(*argv: str) -> Said:
        code = cli.run(argv)
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


def test_the_corpus_is_scored_and_written_down(corpus: Path, said: Callable[..., Said], tmp_path: Path) -> None:
    report, weighed = tmp_path / "accuracy", tmp_path / "weighed.jsonl"
    words = ("--jobs", "1", "--json", "--report", str(report), "--clues", str(weighed), "--date", "2026-03-02", "--commit", "c0ffee")
    code, out, err = said("eval", str(corpus), *words)
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["n"]["pages"] == 3
    assert [one["name"] for one in found["scenarios"]] == list(CAUSES)
    assert all(len(one["digest"]) == 64 for one in found["scenarios"])
    assert (found["date"], found["commit"], found["seed"]) == ("2026-03-02", "c0ffee", None)
    assert {"naive ladder", "constant cause", "constant layer"} == set(found["systems"])
    assert "c0ffee" in (report / f"{corpus.name}.md").read_text()
    lines = [json.loads(line) for line in weighed.read_text().splitlines()]
    assert [line["scenario"] for line in lines] == list(CAUSES)
    assert len(lines[0]["causes"]) >= 45
    assert {"role", "signal", "grade"} <= set(next(one for one in lines[0]["causes"] if one["clues"])["clues"][0])
    for line, one in zip(lines, found["scenarios"], strict=True):
        assert line["answer"]["verdict"] == one["answered"]["verdict"]


def test_the_tables_are_for_people(corpus: Path, said: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(corpus / CAUSES[0])
    code, out, _ = said("eval", str(tmp_path), "--jobs", "1")
    assert code == 0
    assert "midwatch eval" in out
    assert "1 pages" in out
    assert max(map(len, out.splitlines())) <= 100


def test_two_processes_with_two_hash_seeds_give_the_same_bytes(corpus: Path, said: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(corpus / CAUSES[1])
    code, out, _ = said("eval", str(tmp_path), "--twice", "--json")
    assert code == 0
    assert json.loads(out)["same_bytes"] == {"identical": 1, "of": 1}


def test_a_bad_truth_is_one_line_that_names_file_and_key(corpus: Path, said: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to(corpus / CAUSES[2])
    bad = tmp_path / "two"
    bad.mkdir()
    (bad / "bundle.yaml").write_text("source: alertmanager\n")
    (bad / "truth.yaml").write_text("verdict: maybe\n")
    code, out, err = said("eval", str(tmp_path))
    assert (code, out) == (2, "")
    assert f"{bad / 'truth.yaml'}: verdict" in err
    assert err.count("\n") == 1


def test_a_bad_bundle_is_named_too(said: Callable[..., Said], tmp_path: Path) -> None:
    bad = tmp_path / "two"
    bad.mkdir()
    (bad / "bundle.yaml").write_text("source: alertmanager\n")
    (bad / "truth.yaml").write_text("verdict: no_fault\n")
    code, _, err = said("eval", str(tmp_path), "--jobs", "1")
    assert code == 2
    assert "two: bundle.yaml: received_at" in err


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("--split", "train"), "--split"),
        (("somewhere", "--split", "dev"), "--split"),
        (("somewhere", "--date", "yesterday"), "--date"),
        (("nowhere-at-all",), "nowhere-at-all"),
    ],
)
def test_what_cannot_be_meant_is_refused(said: Callable[..., Said], words: tuple[str, ...], place: str) -> None:
    code, _, err = said("eval", *words)
    assert code == 2
    assert place in err
