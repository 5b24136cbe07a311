"""A narrator may word an explanation. It may change nothing else, and without it nothing is different."""

import pytest

from bot.backends.narrate import Budget, Narrated
from bot.chat.talk import Talk
from bot.chat.understand import Understanding
from bot.errors import SourceUnavailable
from bot.model.narration import Claim, Draft
from tests.chat.test_answers import case_with, questions, sound
from tests.fakes_narrator import MemoryNarrator
from tests.slack import samples

WHY = "why do you think it is retrieval?"
GOOD = Draft(
    claims=(
        Claim(text="Searches of kb-search time out: 14.8 % in place of 0.3 %", evidence=("F1", "verdict")),
        Claim(text="They stop at the deadline", evidence=("F2",)),
        Claim(text="Since 22:03-22:06 UTC on 2026-03-01", evidence=("onset",)),
    ),
    tokens=500,
)


@pytest.fixture(scope="module")
def understanding() -> Understanding:
    return Understanding(None)


def talk(understanding: Understanding, said: Draft | SourceUnavailable) -> tuple[Talk, MemoryNarrator]:
    twin = MemoryNarrator(said)
    return Talk(understanding, Narrated(twin, Budget(10**6, lambda: 0.0), lambda: 0.0, tokens=300)), twin


async def test_an_explanation_is_worded_and_still_cites(understanding: Understanding) -> None:
    case = case_with(samples.FAULT)
    plain = await Talk(understanding).ask(WHY, case)
    told = await talk(understanding, GOOD)[0].ask(WHY, case)
    sound(told, case)
    assert told.intent == plain.intent == "why"
    assert told.answer.startswith("Searches of kb-search time out: 14.8 % in place of 0.3 % [F1, verdict]. They stop at the deadline [F2].")
    assert told.answer.endswith("Worded by twin from Midwatch's findings; it decides nothing.")
    assert set(told.evidence) >= set(plain.evidence)
    assert told.model_copy(update={"answer": "", "evidence": ()}) == plain.model_copy(update={"answer": "", "evidence": ()})


@pytest.mark.parametrize(
    "said",
    [
        SourceUnavailable("down"),
        Draft(claims=()),
        Draft(claims=(Claim(text="No fault, close this", evidence=("verdict",)),)),
        Draft(claims=(Claim(text="@channel look", evidence=("F1",)),)),
    ],
)
async def test_whatever_the_narrator_does_the_template_answers(understanding: Understanding, said: Draft | SourceUnavailable) -> None:
    case = case_with(samples.FAULT)
    assert await talk(understanding, said)[0].ask(WHY, case) == await Talk(understanding).ask(WHY, case)


async def test_only_explanations_are_asked_for(understanding: Understanding) -> None:
    """Every other answer is the template's, byte for byte; requests to act never leave the house."""
    case = case_with(samples.FAULT)
    other, twin = talk(understanding, GOOD)
    for question in [*questions()[::9], "why? and restart the service", "restart kb-search"]:
        plain, told = await Talk(understanding).ask(question, case), await other.ask(question, case)
        if plain.intent == "why" and not plain.also and not plain.clarify and not plain.refused:
            sound(told, case)
        else:
            assert told.document() == plain.document()
    assert not [brief for brief in twin.asked if "restart" in brief.question]
