"""truth.yaml as a stranger may write it, and where it may lie."""

from pathlib import Path

import pytest

from bot.errors import BadInput
from bot.evaluation.corpus import cases
from bot.evaluation.truth import read_truth
from bot.model.report import Verdict

GOOD = "verdict: fault\nlayer: retrieval\ncauses: [retrieval.timeout]\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "truth.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_optional_keys_are_optional(tmp_path: Path) -> None:
    found = read_truth(written(tmp_path, GOOD))
    assert (found.verdict, found.layer, found.causes) == (Verdict.FAULT, "retrieval", ("retrieval.timeout",))
    assert found.accept == (frozenset({"retrieval.timeout"}),)
    assert (found.slice, found.onset, found.red_herrings, found.profile, found.impact) == (None, None, (), "unknown", True)


def test_everything_that_can_be_told(tmp_path: Path) -> None:
    text = GOOD + (
        "accept: [[infra.network_region]]\nslice: {region: eu, shard: 2}\nonset: 2026-03-02T02:07:00Z\nseverity: low\nimpact: true\n"
        "red_herrings: [e1, {object: chat-main, kind: prompt, time: 2026-03-02T01:00:00Z}]\nprofile: sparse\nshape: ramp\nanything: else\n"
    )
    found = read_truth(written(tmp_path, text))
    assert found.accept == (frozenset({"retrieval.timeout", "infra.network_region"}),)
    assert found.right_layers == {"retrieval", "infra"}
    assert found.slice == {"region": "eu", "shard": "2"}
    assert found.onset == 1772417220.0
    assert found.red_herrings == ({"id": "e1"}, {"object": "chat-main", "kind": "prompt", "time": "2026-03-02T01:00:00Z"})
    assert (found.profile, found.severity, found.shape) == ("sparse", "low", "ramp")


@pytest.mark.parametrize("text", ["verdict: no_fault\n", "verdict: no_fault\nlayer:\ncauses: []\naccept: []\nslice: {}\n"])
def test_a_calm_page_needs_only_its_verdict(tmp_path: Path, text: str) -> None:
    found = read_truth(written(tmp_path, text))
    assert found.quiet
    assert found.slice is None
    assert found.right_layers == frozenset()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("verdict: broken\n", "verdict"),
        ("causes: [a.b]\n", "verdict"),
        ("verdict: [fault]\n", "verdict"),
        ("verdict: fault\n", "causes"),
        ("verdict: fault\ncauses: retrieval.timeout\n", "causes"),
        ("verdict: fault\ncauses: [7]\n", "causes[0]"),
        ("verdict: fault\ncauses: [timeout]\n", "causes[0]"),
        (GOOD + "accept: [[a.b], [c.d]]\n", "accept"),
        (GOOD + "accept: [a.b]\n", "accept[0]"),
        (GOOD + "slice: tenant\n", "slice"),
        (GOOD + "slice: {tenant: [a]}\n", "slice.tenant"),
        (GOOD + "onset: soon\n", "onset"),
        (GOOD + "onset: [1]\n", "onset"),
        (GOOD + "red_herrings: e1\n", "red_herrings"),
        (GOOD + "red_herrings: [[e1]]\n", "red_herrings[0]"),
        (GOOD + "impact: perhaps\n", "impact"),
        (GOOD + "profile: [rich]\n", "profile"),
    ],
)
def test_what_cannot_be_read_is_named_by_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(BadInput) as caught:
        read_truth(file)
    assert caught.value.place == f"{file}: {key}"


@pytest.mark.parametrize("text", ["verdict: [", "- fault\n", "", "verdict: \x00\n", "&a [*a]\n", "[" * 5000])
def test_what_is_no_map_is_refused(tmp_path: Path, text: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(BadInput) as caught:
        read_truth(file)
    assert caught.value.place == str(file)


def bundle(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "bundle.yaml").write_text("source: alertmanager\n")
    return folder


def test_truth_lies_in_the_bundle_or_beside_it(tmp_path: Path) -> None:
    written(bundle(tmp_path / "b"), GOOD)
    bundle(tmp_path / "a")
    (tmp_path / "a.truth.yaml").write_text(GOOD)
    bundle(tmp_path / "deep" / "c" / "bundle")
    written(tmp_path / "deep" / "c", GOOD)
    (tmp_path / "linked").symlink_to(tmp_path / "b")
    assert [case.name for case in cases(tmp_path)] == ["a", "b", "deep/c/bundle", "linked"]


def test_a_bundle_may_be_the_corpus(tmp_path: Path) -> None:
    written(bundle(tmp_path / "one"), GOOD)
    assert [case.name for case in cases(tmp_path / "one")] == ["one"]


def test_one_truth_beside_two_bundles_is_of_neither(tmp_path: Path) -> None:
    bundle(tmp_path / "a")
    bundle(tmp_path / "b")
    written(tmp_path, GOOD)
    with pytest.raises(BadInput, match=r"a: has no truth: neither truth.yaml in it nor a.truth.yaml beside it"):
        cases(tmp_path)


def test_a_folder_without_bundles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no bundle"):
        cases(tmp_path)
    with pytest.raises(BadInput, match="no such folder"):
        cases(tmp_path / "none")
