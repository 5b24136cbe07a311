"""A narrow signal that is calm says little while one of the causes it would show first was not looked for."""

import pytest

from bot.checks import load
from bot.engine.signals import BINARY, NUMERIC
from bot.engine.topics import FIRST_SEEN_IN, unchecked
from bot.model.finding import Examination
from bot.model.report import Outcome


def examined(outcome: Outcome) -> dict[str, Examination]:
    return {check.slug: Examination(cause=check.slug, outcome=outcome, claim="") for check in load()}


@pytest.mark.parametrize("signal", sorted(FIRST_SEEN_IN))
def test_its_own_causes_are_checks_and_tell_when_they_are_skipped(signal: str) -> None:
    assert signal in {**BINARY, **NUMERIC}
    assert unchecked(signal, examined(Outcome.SKIPPED)) == FIRST_SEEN_IN[signal]
    assert unchecked(signal, examined(Outcome.CLEAN)) == ()


@pytest.mark.parametrize("signal", ["failed", "degraded", "duration", "feedback"])
def test_a_broad_signal_is_everybodys(signal: str) -> None:
    assert unchecked(signal, examined(Outcome.SKIPPED)) == ()
