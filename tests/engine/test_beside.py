"""A bill makes no output unreadable: what costs more is no answer to a page about what answers say."""

from dataclasses import replace

import pytest

from bot.engine.beside import OF_ANSWERS, beside
from bot.engine.signals import BINARY, NUMERIC
from bot.model.evidence import Evidence, Interval, Windows
from bot.model.page import Page, Status

PAGE = Page(source="generic", dedup_key="k", title="t", status=Status.FIRING)
STILL = Evidence(PAGE, None, Windows(2.0, Interval(1.0, 2.0), Interval(0.0, 1.0)), None)


@pytest.mark.parametrize(
    ("cause", "signal", "moved", "said"),
    [
        ("cost.model_upsell", BINARY["parse_failed"][0], True, True),
        ("cost.model_upsell", NUMERIC["quality"][0], True, True),
        ("cost.model_upsell", BINARY["parse_failed"][0], False, False),  # the page's signal is still: whatever else moved may be it
        ("cost.model_upsell", NUMERIC["cost"][0], True, False),
        ("cost.retry_amplification", BINARY["failed"][0], True, False),
        ("cost.reasoning_growth", BINARY["cut_off"][0], True, False),  # reasoning eats the room for the answer
        ("prompt.model_mismatch", BINARY["parse_failed"][0], True, False),
    ],
)
def test_what_a_change_of_cost_can_move(cause: str, signal: str, moved: bool, said: bool) -> None:
    assert beside(replace(STILL, signal=signal, moved=moved), cause) is said


def test_the_signals_of_answers_are_signals() -> None:
    assert {words for words, _ in (*BINARY.values(), *NUMERIC.values())} > OF_ANSWERS
