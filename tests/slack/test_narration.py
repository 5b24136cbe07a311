"""The narrated paragraph on the card: literal text below the verdict, and the card as it was without it."""

from bot.model.narration import Claim, Narration
from bot.slack import limits
from bot.slack.blocks import card as cards
from tests.slack import samples
from tests.slack.test_blocks import words

TOLD = Narration(claims=(Claim(text="Searches of kb-search time out", evidence=("F1",)),), model="a-model")
WITH = samples.FAULT.model_copy(update={"narration": TOLD})


def test_the_paragraph_stands_below_the_verdict_and_says_whose_it_is() -> None:
    shown = words(cards.card(samples.incident(report=WITH)))
    assert "In plain words  Searches of kb-search time out [F1]. Worded by a-model from Midwatch's findings; it decides nothing." in shown
    assert shown.index("Most likely Retrieval: timeout") < shown.index("In plain words") < shown.index("14.8 %")


def test_nothing_else_of_the_card_changes() -> None:
    told, plain = cards.card(samples.incident(report=WITH)), cards.card(samples.incident(report=samples.FAULT))
    assert told.text == plain.text

    def bare(blocks: tuple[dict[str, object], ...]) -> list[dict[str, object]]:
        named = [{**block, "block_id": str(block["block_id"]).partition(".")[0]} for block in blocks]
        return [block for block in named if block["block_id"] != "narration"]

    assert bare(told.blocks) == bare(plain.blocks)


def test_the_longest_paragraph_fits_and_goes_before_the_evidence_does() -> None:
    long = Narration(claims=tuple(Claim(text="x" * 150, evidence=("F1", "F2", "F3", "verdict")) for _ in range(6)), model="m" * 500)
    message = cards.card(samples.incident(report=samples.FAULT.model_copy(update={"narration": long})))
    assert limits.problems(message.blocks, message.text) == ()
    assert limits.SPARE.index("narration") < limits.SPARE.index("evidence")
