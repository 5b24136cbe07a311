"""A drill typed at a terminal."""

import io
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from bot.terminal.drill import QUESTIONS, answered, play
from tests.drills.shop import shop


def typed(*lines: str) -> Callable[[], str]:
    left = iter([f"{line}\n" for line in lines])
    return lambda: next(left, "")


async def played(home: Path, *lines: str) -> tuple[float | None, str]:
    out = io.StringIO()
    mark = await play(Console(file=out, width=100), shop(home), "lost-night", 1, typed(*lines))
    return (mark.score if mark else None), out.getvalue()


ANSWERS = (
    "retrieval", "retrieval.timeout", "source_id=kb-search", "22:04", "F1; F3", "", "", "Open the breaker on kb-search",
    "timeouts below 1 %", "Retrieval likely (90 %)", "search on-call", "90",
)  # fmt: skip


async def test_evidence_comes_when_it_is_asked_for_then_answers_mark_and_debrief(tmp_path: Path) -> None:
    assert len(ANSWERS) == len(QUESTIONS)
    score, said = await played(tmp_path, "retrieval", "nonsense", "answer", *ANSWERS)
    page, _, rest = said.partition("Ask for evidence")
    assert "DRILL" in page
    assert "nobody is paged" in page
    assert "kb-search" not in page
    assert "kb-search time out" in rest
    assert "There is no such evidence" in rest
    assert score == 100
    assert "100 of 100: passed" in rest
    assert "What an expert would have done" in rest


async def test_a_hint_costs_five_points_and_a_wrong_word_is_asked_again(tmp_path: Path) -> None:
    score, said = await played(tmp_path, "hint", "answer", "database", *ANSWERS)
    assert "must be one of model" in said
    assert "hints" in said
    assert score == 95


async def test_leaving_is_possible_at_any_time(tmp_path: Path) -> None:
    for number, lines in enumerate(((), ("quit",), ("retrieval",), ("answer", "retrieval"))):
        assert (await played(tmp_path / str(number), *lines))[0] is None


def test_lists_are_typed_with_commas_and_semicolons() -> None:
    assert answered("cause", "tool.error, tool.timeout\n") == {"cause": ["tool.error", "tool.timeout"]}
    assert answered("slice", "tenant=acme-3, region=eu") == {"slice": {"tenant": "acme-3", "region": "eu"}}
    assert answered("evidence", "a; b;") == {"evidence": ["a", "b"]}
    assert answered("status", " ") == {}
