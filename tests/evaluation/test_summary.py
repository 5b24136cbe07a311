"""All together: tables, targets, confusion and the written report."""

import io
import json
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from bot.evaluation.confusion import groups, layers, mistakes, within_groups
from bot.evaluation.cuts import cut, size_of
from bot.evaluation.markdown import write
from bot.evaluation.measure import Measure, share
from bot.evaluation.row import Row
from bot.evaluation.sight import Sight
from bot.evaluation.summary import LADDER, About, Summary, document, summarise
from bot.evaluation.targets import TARGETS, Target, held
from bot.evaluation.views import tables
from bot.evaluation.words import FAMILIES, TITLES
from tests.evaluation.made import BREAK, EMPTY, LIMITED, TIMEOUT, calm, fault, group, nothing, row, said, silent, unfelt

MISMATCH = "prompt.model_mismatch"
ABOUT = About("tiny", "2026-03-02", None, "0.1", "abc", "def")


@pytest.fixture
def rows() -> list[Row]:
    made = [
        row(fault(TIMEOUT, profile="rich", severity="low"), said(TIMEOUT, 0.9, total=50)),
        row(fault(BREAK, profile="rich", severity="high"), group(BREAK, MISMATCH)),
        row(fault(BREAK, profile="sparse"), said(MISMATCH, 0.5)),
        row(fault(TIMEOUT, LIMITED, profile="typical"), said(LIMITED, 0.6, total=3_000)),
        row(fault(LIMITED, profile="sparse", slice={"tenant": "acme"}), said(EMPTY, 0.8, 0.9)),
        row(fault(LIMITED, profile="sparse"), silent()),
        row(calm(profile="rich"), nothing()),
        row(unfelt(BREAK), nothing()),
    ]
    return [
        replace(
            one, name=f"s{number}", others={LADDER: said(TIMEOUT, ranked=(TIMEOUT,))}, sight=Sight(day="2026-03-02"), digest=str(number)
        )
        for number, one in enumerate(made)
    ]


@pytest.fixture
def summary(rows: list[Row]) -> Summary:
    return summarise(rows, ABOUT, ("s3",))


def test_the_document_is_json_and_never_one_pooled_number(summary: Summary) -> None:
    found = json.loads(orjson.dumps(document(summary)))
    assert found["schema"] == "midwatch.eval/1"
    assert found["n"] == {"pages": 8, "faults": 6, "no_fault": 1, "no_impact": 1}
    assert found["scores"]["cause_at_1"]["hits"] == 3
    assert set(found["by"]) == {"profile", "layer", "cause", "severity", "scope", "requests", "faults", "shape"}
    assert list(found["by_profile"]) == ["rich", "typical", "sparse", "unknown"]
    assert found["systems"][LADDER]["cause_at_1"]["hits"] == 2
    assert found["against"][LADDER] == {"only_midwatch": 3, "only_other": 0, "p": 0.25}
    assert found["same_bytes"] == {"identical": 7, "of": 8}
    assert [one["name"] for one in found["scenarios"]] == [f"s{number}" for number in range(8)]
    assert found["mistakes"][0] == {"cause": LIMITED, "answered": "abstained", "n": 1}


def test_every_score_has_words_and_a_place(summary: Summary) -> None:
    assert set(summary.scores) == set(TITLES)
    assert sum(map(len, FAMILIES.values())) == len(TITLES)


def test_rows_are_cut_in_the_order_people_expect(rows: list[Row]) -> None:
    assert list(cut(rows, "profile")) == ["rich", "typical", "sparse", "unknown"]
    assert list(cut(rows, "severity")) == ["low", "high", "unknown", "no fault"]
    assert list(cut(rows, "faults")) == ["0", "1", "2"]
    assert {value: len(part) for value, part in cut(rows, "scope").items()} == {"slice": 1, "global": 5, "no fault": 2}
    assert [size_of(row(fault(TIMEOUT), said(TIMEOUT, total=n))) for n in (99, 100, 2_999, 3_000)] == [
        "0 to 99",
        "100 to 299",
        "1,000 to 2,999",
        "3,000 and more",
    ]


def test_confusion_over_layers_and_groups(rows: list[Row]) -> None:
    found = layers(rows)
    assert found.rows == ("model", "prompt", "retrieval", "no fault")
    counts = {true: dict(zip(found.columns, numbers, strict=True)) for true, numbers in zip(found.rows, found.counts, strict=True)}
    assert counts["model"] == dict.fromkeys(found.columns, 0) | {"model": 1, "retrieval": 1, "abstained": 1}
    assert counts["no fault"]["no fault"] == 2
    by_group = groups(rows)
    at = by_group.rows.index(f"{BREAK} / {MISMATCH}")
    assert dict(zip(by_group.columns, by_group.counts[at], strict=True))["the group"] == 1
    assert dict(zip(by_group.columns, by_group.counts[at], strict=True))["a neighbour"] == 1
    assert within_groups(rows) == (2, 1, 1)
    assert mistakes(rows) == [(LIMITED, "abstained", 1), (LIMITED, EMPTY, 1), (BREAK, MISMATCH, 1)]


def test_a_target_holds_surely_when_its_whole_interval_does() -> None:
    by = {one.score: one for one in TARGETS}
    assert by["layer_at_1"].at_least
    scores = {"no_fault_recognised": share(99, 100), "red_herring_blamed": share(0, 1_000), "two_faults_f1": Measure(0.5, 9, 0.4, 0.6)}
    found = {one.target.score: one for one in held(scores, {"rich": {"layer_at_1": share(95, 100)}})}
    assert (found["no_fault_recognised"].holds, found["no_fault_recognised"].certain) == (True, True)
    assert (found["red_herring_blamed"].holds, found["red_herring_blamed"].certain) == (True, True)
    assert (found["two_faults_f1"].holds, found["two_faults_f1"].certain) == (False, True)
    assert (found["ece_cause"].holds, found["ece_cause"].certain) == (None, False)
    rich = [one for one in held(scores, {"rich": {"layer_at_1": share(95, 100)}}) if one.target.score == "layer_at_1"]
    assert [(one.target.profile, one.holds, one.certain) for one in rich] == [("rich", True, False), ("typical", None, False)]


def test_a_limit_itself_is_within_the_target() -> None:
    floor, ceiling = Target("a", "a", 0.5, True), Target("b", "b", 0.5, False)
    for target in (floor, ceiling):
        from bot.evaluation.targets import _held

        assert _held(target, Measure(0.5, 10, 0.5, 0.5)).holds


def test_the_tables_fit_a_hundred_columns(summary: Summary) -> None:
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(tables(summary))
    text = console.export_text()
    assert max(map(len, text.splitlines())) <= 100
    for words in ("Targets", "right layer", "naive ladder", "McNemar", "By profile", "Ambiguity groups", "7 of 8 reports byte-identical"):
        assert words in text


def test_the_report_is_the_same_bytes_and_has_words_for_its_pictures(summary: Summary, tmp_path: Path) -> None:
    first, second = write(summary, tmp_path / "a"), write(summary, tmp_path / "b")
    files = sorted(path.name for path in first.parent.iterdir())
    assert files == ["tiny-groups.png", "tiny-layers.png", "tiny-reliability.png", "tiny.md"]
    for name in files:
        assert (first.parent / name).read_bytes() == (second.parent / name).read_bytes()
    text = first.read_text()
    assert "![Reliability diagram. cause: " in text
    assert "](tiny-layers.png)" in text
    assert "| right layer | rich | ≥ .90 | 1.00 | .34–1.00 | 2 |" in text
    assert str(tmp_path) not in text


def test_a_strangers_names_make_no_markdown_of_their_own(rows: list[Row], tmp_path: Path) -> None:
    evil = "x.<b>|![a](http://e)\n# no"
    hostile = replace(rows[0], truth=fault(evil, profile="<script>"))
    page = write(summarise([hostile, *rows[1:]], replace(ABOUT, corpus="../../up|here")), tmp_path)
    assert page.parent == tmp_path
    text = page.read_text()
    assert "\n# no" not in text
    assert not any("<script>" in line.replace("\\<script\\>", "") for line in text.splitlines())
    assert "![a](http" not in text
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(tables(summarise([replace(rows[0], truth=fault("x.[red]y[/nope]")), *rows[1:]], ABOUT)))
    assert "[red]y" in console.export_text()


def test_an_empty_matrix_still_is_a_picture(tmp_path: Path) -> None:
    page = write(summarise([row(calm(), nothing(), others=nothing())], replace(ABOUT, corpus="calm")), tmp_path)
    assert (tmp_path / "calm-groups.png").read_bytes().startswith(b"\x89PNG")
    assert "not measured" in page.read_text()


def test_a_triage_that_failed_is_silence_and_is_told(rows: list[Row], tmp_path: Path) -> None:
    broken = replace(rows[0], answer=replace(rows[0].answer, broken=(TIMEOUT,)))
    failed = [broken, *(replace(one, failed="KeyError: 'x'") if one.name == "s5" else one for one in rows[1:])]
    found = summarise(failed, ABOUT)
    assert document(found)["failed"] == [{"name": "s5", "why": "KeyError: 'x'"}]
    assert document(found)["broken"] == [TIMEOUT]
    assert "the check retrieval.timeout failed on 1 pages" in write(found, tmp_path).read_text()
    assert "no report on s5: KeyError: 'x'" in write(found, tmp_path).read_text()
