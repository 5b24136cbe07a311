"""SECURITY.md and the docs beside it name tests, files and settings that are there."""

import re
from pathlib import Path

import pytest

from bot.settings import Settings

ROOT = Path(__file__).parents[1]
NOTES = ("SECURITY.md", "docs/pages.md", "docs/narrator.md")


@pytest.mark.parametrize("note", NOTES)
def test_every_setting_that_is_named_is_one(note: str) -> None:
    named = set(re.findall(r"MIDWATCH_([A-Z_]+)", (ROOT / note).read_text(encoding="utf-8")))
    assert named
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def test_every_threat_is_shown_by_tests_that_are_there() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line for line in text.partition("## Threats")[2].partition("## What is left")[0].splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 14
    for row in rows:
        shown = re.findall(r"`(tests/[\w/]+\.py)`", row)
        assert shown, row
        assert all((ROOT / file).is_file() for file in shown), row
