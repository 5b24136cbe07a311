"""What a case file says about an examination, checked."""

from __future__ import annotations

from typing import Any

from bot.model.finding import Examination


def ends_as_it_says(found: Examination, case: dict[str, Any]) -> None:
    """AssertionError that tells the clues, when the examination is not what the case says."""
    told = f"{found.outcome}: {found.claim} {[(c.name, c.measured.grade.value, c.measured.numbers) for c in found.clues]} {found.error}"
    assert found.outcome.value == case["outcome"], told
    if "where" in case:
        assert found.where == case["where"], told
    for name in case.get("missing", []):
        assert name in found.missing, told
    grades = {clue.name: clue.measured.grade.value for clue in found.clues}
    for name, grade in case.get("grades", {}).items():
        assert grades.get(name) == grade, told
    if "claim" in case:
        assert case["claim"] in found.claim, told
    if "cap" in case:
        assert found.cap == case["cap"], told
    if "affected" in case:
        assert found.affected is not None, told
        assert int(found.affected.sum()) == case["affected"], told
