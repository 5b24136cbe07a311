"""One driver for all case files: `tests/lint/cases/<rule>.yaml` is about the rule of that name, and only about it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.lint import Meta, lint, load, read_meta

CASES = Path(__file__).parent / "cases"


def _cases() -> list[Any]:
    found = []
    for file in sorted(CASES.glob("*.yaml")):
        found += [pytest.param(file.stem, case, id=f"{file.stem}-{name}") for name, case in yaml.safe_load(file.read_text()).items()]
    return found


@pytest.mark.parametrize(("rule", "case"), _cases())
def test_a_case_ends_as_it_says(rule: str, case: dict[str, Any]) -> None:
    meta = read_meta(case.get("meta"), "meta")
    found = [one for one in lint(case["text"], case.get("was"), meta) if one.rule == rule]
    told = [(one.line, one.severity.value, one.claim) for one in found]
    if case["found"] == "none":
        assert [one for one in found if one.severity != "info"] == [], told
        return
    assert case["found"] in {one.severity.value for one in found}, told
    if "line" in case:
        assert case["line"] in {one.line for one in found}, told


@pytest.mark.parametrize("rule", [name for name, _ in load()])
def test_a_rule_has_a_loud_and_a_quiet_case(rule: str) -> None:
    cases = yaml.safe_load((CASES / f"{rule}.yaml").read_text())
    outcomes = [case["found"] for case in cases.values()]
    assert "none" in outcomes
    assert set(outcomes) - {"none"}


def test_no_case_file_is_about_nothing() -> None:
    assert {file.stem for file in CASES.glob("*.yaml")} == {name for name, _ in load()}


def test_one_template_gives_the_same_findings_every_time_by_line() -> None:
    text = "TODO: a\n\nAnswer {{question}, the the end.\nTODO: b\n"
    once = lint(text, None, Meta())
    assert once == lint(text, None, Meta())
    assert [one.line for one in once] == sorted(one.line for one in once)
    assert len({one.rule for one in once}) >= 3


def test_growth_and_shrinking_are_told_from_rewriting() -> None:
    """length_budget against the predecessor: the texts are too long for a case file."""
    before = "\n".join(f"{i}. Rule {i}: say what was found, and where." for i in range(1, 100))
    bloated = before + "\n" + "\n".join(f"Note {i}: " + "the catalogue is described at length " * 4 for i in range(80))
    assert any(one.rule == "length_budget" for one in lint(bloated, before))
    assert any(one.rule == "length_budget" for one in lint(before[:900], before))
    rewritten = "\n".join(f"Step {chr(97 + i)}: look it up, then answer with the source that says so." for i in range(20))
    assert not any(one.rule == "length_budget" for one in lint(rewritten, before))


@pytest.mark.parametrize(
    "text", ["", "\n", "{" * 5_000, "<a>" * 5_000, '"' * 5_000, "((((" * 2_000, "1. " * 3_000, "\x00\u202e", "`" * 9_999, "a " * 9_000]
)
def test_any_text_is_read(text: str) -> None:
    lint(text, text[::-1], Meta(required_sections=("Safety",), variables=("a",), tools=("b_c",), deprecated=("(",), max_tokens=1))
